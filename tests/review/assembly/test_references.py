"""References to nothing are refused; decided by the CloudFormation guide, page of each function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tenant_keys.review.errors import TemplateRefused, UnresolvedIntrinsic

KEY = {"Type": "AWS::KMS::Key", "Properties": {}}
TOPIC = {"Type": "AWS::Other::Thing", "Properties": {}}
EQUAL = {"Fn::Equals": ["a", "b"]}


def output(value: object) -> dict[str, Any]:
    return {"Outputs": {"A": {"Value": value}}}


def other(value: object) -> dict[str, Any]:
    return {"Resources": {"Key": KEY, "Other": {**TOPIC, "Properties": {"P": value}}}}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "an output that refers to nothing": (
        output({"Ref": "Nope"}),
        ": Outputs.A refers to Nope, which the template does not hold",
    ),
    "an output within a function": (
        output({"Fn::Join": ["", ["a", {"Fn::GetAtt": ["Nope", "Arn"]}]]}),
        ": Outputs.A refers to Nope, which the template does not hold",
    ),
    "an output that substitutes nothing": (
        output({"Fn::Sub": "a${Nope}b"}),
        ": Outputs.A refers to Nope, which the template does not hold",
    ),
    "an output that substitutes an attribute of nothing": (
        output({"Fn::Sub": ["${V}${Nope.Arn}", {"V": "x"}]}),
        ": Outputs.A refers to Nope, which the template does not hold",
    ),
    "an output of a variable that refers to nothing": (
        output({"Fn::Sub": ["${V}", {"V": {"Ref": "Nope"}}]}),
        ": Outputs.A refers to Nope, which the template does not hold",
    ),
    "an attribute that a key lacks": (
        output({"Fn::GetAtt": ["Key", "Alias"]}),
        ": Outputs.A refers to Key.Alias, an attribute that AWS::KMS::Key does not have",
    ),
    "an attribute that a key lacks, as text": (
        output({"Fn::GetAtt": "Key.Alias"}),
        ": Outputs.A refers to Key.Alias, an attribute that AWS::KMS::Key does not have",
    ),
    "an attribute of a pseudo parameter": (
        output({"Fn::GetAtt": ["AWS::Region", "Arn"]}),
        ": Outputs.A refers to AWS::Region, which the template does not hold",
    ),
    "a condition on nothing": (
        {"Conditions": {"B": {"Fn::Equals": [{"Ref": "Nope"}, "a"]}}},
        ": Conditions.B refers to Nope, which is no parameter",
    ),
    "a condition on a resource": (
        {"Conditions": {"B": {"Fn::Equals": [{"Ref": "Key"}, "a"]}}},
        ": Conditions.B refers to Key, which is no parameter",
    ),
    "a condition on another that is not there": (
        {"Conditions": {"B": {"Fn::Not": [{"Condition": "C"}]}}},
        ": Conditions.B refers to the condition C, which the template does not hold",
    ),
    "a resource under a condition that is not there": (
        {"Resources": {"Other": {**TOPIC, "Condition": "B"}}},
        ': Other Condition: got "B", which the template does not hold',
    ),
    "a resource under no condition": (
        {"Resources": {"Other": {**TOPIC, "Condition": ["B"]}}, "Conditions": {"B": EQUAL}},
        ': Other Condition: got ["B"], which the template does not hold',
    ),
    "a resource of another type that refers to nothing": (
        other({"Fn::If": ["B", {"Ref": "Nope"}, "x"]}),
        " Other: refers to Nope, which the template does not hold",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_reference_to_nothing_is_refused(read: Callable[..., Any], name: str) -> None:
    template, problem = REFUSED[name]
    with pytest.raises(TemplateRefused) as refused:
        read(keys={"Resources": {"Key": KEY}, **template})
    assert str(refused.value).endswith(f"keys.template.json{problem}")


@pytest.mark.parametrize(
    "template",
    [
        output({"Ref": "AWS::Region"}),
        output({"Fn::Sub": "${AWS::Region}${Key}${Key.Arn}${!Nope}"}),
        output({"Fn::Sub": ["${V}", {"V": "x"}]}),
        output({"Fn::GetAtt": ["Key", "KeyId"]}),
        {
            "Conditions": {
                "B": EQUAL,
                "C": {"Fn::And": [{"Condition": "B"}, {"Fn::Equals": [{"Ref": "AWS::Region"}, "a"]}]},
            }
        },
        {"Conditions": {"B": EQUAL}, "Resources": {"Other": {**TOPIC, "Condition": "B"}}},
        other({"Fn::If": ["B", {"Ref": "Key"}, {"Ref": "AWS::NoValue"}]}),
        other({"Fn::Sub": ["${V}${Unknown}", {"V": "x", "Unknown": {"Fn::If": ["B", "a", "b"]}}]}),
        {"Resources": {"Other": TOPIC}, **output({"Fn::GetAtt": ["Other", "Whatever"]})},
    ],
)
def test_a_reference_that_leads_somewhere_is_read(read: Callable[..., Any], template: dict[str, Any]) -> None:
    assert set(read(keys={"Resources": {"Key": KEY}, **template})) == {"keys"}


def test_an_output_of_what_no_stack_exports_is_refused(read: Callable[..., Any]) -> None:
    with pytest.raises(UnresolvedIntrinsic, match=r"keys Fn::ImportValue Nope: exported by no stack of the assembly"):
        read(keys={"Resources": {}, **output({"Fn::ImportValue": "Nope"})})
    exporting = {"Resources": {}, "Outputs": {"B": {"Value": "x", "Export": {"Name": "Shared"}}}}
    stacks = read(keys={"Resources": {}, **output({"Fn::ImportValue": "Shared"})}, roles=exporting)
    assert stacks["keys"].beside["Outputs"] == {"A": {"Value": "x"}}


def exporting(*names: object, **more: object) -> dict[str, Any]:
    outputs = {f"A{at}": {"Value": "x", "Export": {"Name": name}, **more} for at, name in enumerate(names)}
    return {"Resources": {}, "Outputs": outputs}


def test_a_second_export_of_one_name_is_refused(read: Callable[..., Any]) -> None:
    problem = r'roles\.template\.json Outputs\.A0: exports "one", which keys Outputs\.A0 exports already: '
    with pytest.raises(TemplateRefused, match=problem + "CloudFormation refuses it"):
        read(keys=exporting("one"), roles=exporting({"Fn::Join": ["", ["o", "ne"]]}))
    with pytest.raises(TemplateRefused, match=r'Outputs\.A1: exports "one", which keys Outputs\.A0 exports already'):
        read(keys=exporting("one", "one"))


def test_exports_of_several_names_or_under_conditions_are_read(read: Callable[..., Any]) -> None:
    assert len(read(keys=exporting("one", "two"), roles=exporting("three"))) == 2
    conditional = {**exporting("one", "one", Condition="B"), "Conditions": {"B": EQUAL}}
    assert set(read(keys=conditional)) == {"keys"}
