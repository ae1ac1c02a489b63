"""Sections and attributes that CloudFormation refuses; decided by its guide, page of each section."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tenant_keys.review.errors import TemplateRefused

KEY = {"Type": "AWS::SNS::Topic", "Properties": {}}


def with_key(**attributes: object) -> dict[str, Any]:
    return {"Resources": {"Key": {**KEY, **attributes}}}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "another version": (
        {"AWSTemplateFormatVersion": "2010-09-10"},
        'AWSTemplateFormatVersion: got "2010-09-10"; the only version is 2010-09-09',
    ),
    "a description of a number": ({"Description": 5}, "Description: got 5; expected text"),
    "a description by a function": (
        {"Description": {"Ref": "AWS::Region"}},
        'Description: got {"Ref": "AWS::Region"}; expected text',
    ),
    "a long description": ({"Description": "\u00e4" * 513}, "Description: got 1,026 bytes; allowed: 1,024 bytes"),
    "metadata as a list": ({"Metadata": []}, "Metadata: got []; expected an object"),
    "mappings as text": ({"Mappings": "x"}, 'Mappings: got "x"; expected an object'),
    "a mapping of texts": ({"Mappings": {"A": {"b": "c"}}}, "Mappings.A: expected objects of texts or lists of texts"),
    "a mapping of objects": (
        {"Mappings": {"A": {"b": {"c": {"d": "e"}}}}},
        "Mappings.A: expected objects of texts or lists of texts",
    ),
    "a mapping of another name": (
        {"Mappings": {"a-b": {}}},
        'Mappings: got the name "a-b"; expected letters and digits',
    ),
    "too many mappings": ({"Mappings": {f"A{at}": {} for at in range(201)}}, "Mappings: got 201; allowed: 200"),
    "conditions as a list": ({"Conditions": []}, "Conditions: got []; expected an object"),
    **{
        f"a condition of {words}": (
            {"Conditions": {"A": condition}},
            f"Conditions.A: got {shown}; expected one of Condition, Fn::And, Fn::Equals, Fn::Not, Fn::Or",
        )
        for words, condition, shown in (
            ("text", "true", '"true"'),
            ("no function", {"Fn::Nope": []}, '{"Fn::Nope": []}'),
            ("two functions", {"Fn::Not": [], "Fn::Or": []}, '{"Fn::Not": [], "Fn::Or": []}'),
        )
    },
    "an output without a value": ({"Outputs": {"A": {}}}, "Outputs.A: got no Value; an output has one"),
    "an output of another member": (
        {"Outputs": {"A": {"Value": "x", "Foo": 1}}},
        "Outputs.A: got Foo; allowed: Condition, Description, Export, Value",
    ),
    "an output of another name": (
        {"Outputs": {"a b": {"Value": "x"}}},
        'Outputs: got the name "a b"; expected letters and digits',
    ),
    "an output described by a number": (
        {"Outputs": {"A": {"Value": "x", "Description": 5}}},
        "Outputs.A.Description: got 5; expected text",
    ),
    "an output exported by text": (
        {"Outputs": {"A": {"Value": "x", "Export": "y"}}},
        'Outputs.A.Export: got "y"; expected an object with Name',
    ),
    "an output under an unknown condition": (
        {"Outputs": {"A": {"Value": "x", "Condition": "B"}}},
        'Outputs.A.Condition: got "B", which the template does not hold',
    ),
    "too many outputs": (
        {"Outputs": {f"A{at}": {"Value": "x"} for at in range(201)}},
        "Outputs: got 201; allowed: 200",
    ),
    "an unknown deletion policy": (
        with_key(DeletionPolicy="Keep"),
        'Key DeletionPolicy: got "Keep"; allowed: Delete, Retain, RetainExceptOnCreate, Snapshot',
    ),
    "a deletion policy in lower case": (
        with_key(DeletionPolicy="retain"),
        'Key DeletionPolicy: got "retain"; allowed: Delete, Retain, RetainExceptOnCreate, Snapshot',
    ),
    "a list of deletion policies": (
        with_key(DeletionPolicy=["Retain"]),
        'Key DeletionPolicy: got ["Retain"]; allowed: Delete, Retain, RetainExceptOnCreate, Snapshot',
    ),
    "a policy of deletions for replacements": (
        with_key(UpdateReplacePolicy="RetainExceptOnCreate"),
        'Key UpdateReplacePolicy: got "RetainExceptOnCreate"; allowed: Delete, Retain, Snapshot',
    ),
    "metadata of a resource as text": (with_key(Metadata="x"), 'Key Metadata: got "x"; expected an object'),
    "a creation policy as text": (with_key(CreationPolicy="x"), 'Key CreationPolicy: got "x"; expected an object'),
    "too many resources": (
        {"Resources": {f"A{at}": KEY for at in range(501)}},
        "Resources: got 501; allowed: 500",
    ),
    "a creation policy of a topic": (
        with_key(CreationPolicy={}),
        "Key CreationPolicy: a resource of type AWS::SNS::Topic has none",
    ),
    "an update policy of a topic": (
        with_key(UpdatePolicy={"UseOnlineResharding": True}),
        "Key UpdatePolicy: a resource of type AWS::SNS::Topic has none",
    ),
    "an update policy as a list": (with_key(UpdatePolicy=[]), "Key UpdatePolicy: got []; expected an object"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_part_that_cloudformation_refuses_is_refused(read: Callable[..., Any], name: str) -> None:
    sections, problem = REFUSED[name]
    with pytest.raises(TemplateRefused) as refused:
        read(keys={"Resources": {"Key": KEY}, **sections})
    assert str(refused.value).endswith(f"keys.template.json {problem}: CloudFormation refuses it")


def test_a_template_with_every_section_is_read(read: Callable[..., Any]) -> None:
    stack = read(
        keys={
            "AWSTemplateFormatVersion": "2010-09-09",
            "Description": "x" * 1_024,
            "Metadata": {"a": ["b"]},
            "Mappings": {"A": {"b": {"c": "d", "e": ["f"]}}},
            "Conditions": {"B": {"Fn::Equals": ["a", "b"]}},
            "Outputs": {
                "A": {"Value": "x", "Condition": "B", "Description": "y", "Export": {"Name": "z"}},
                "B": {"Value": {"Ref": "AWS::Region"}, "Description": {"Fn::Join": ["", ["a"]]}},
            },
            "Resources": {
                "Key": {
                    **KEY,
                    "DeletionPolicy": "RetainExceptOnCreate",
                    "UpdateReplacePolicy": "Retain",
                    "Metadata": {},
                }
            },
        }
    )["keys"]
    assert stack.resources["Key"].deletion_policy == "RetainExceptOnCreate"


def test_a_template_of_the_most_resources_is_read(read: Callable[..., Any]) -> None:
    assert len(read(keys={"Resources": {f"A{at}": KEY for at in range(500)}})["keys"].resources) == 500


@pytest.mark.parametrize(
    ("kind", "attribute"), [("AWS::EC2::Instance", "CreationPolicy"), ("AWS::Lambda::Alias", "UpdatePolicy")]
)
def test_a_policy_of_creation_or_updates_is_read_where_a_type_has_one(
    read: Callable[..., Any], kind: str, attribute: str
) -> None:
    assert set(read(keys={"Resources": {"A": {"Type": kind, attribute: {}}}})["keys"].resources) == {"A"}


def test_a_template_has_at_most_a_million_bytes(read: Callable[..., Any]) -> None:
    around = len('{"Resources": {}, "Metadata": {"a": ""}}')
    assert set(read(keys={"Resources": {}, "Metadata": {"a": "x" * (1_000_000 - around)}})) == {"keys"}
    with pytest.raises(
        TemplateRefused, match=r"keys\.template\.json: got 1,000,001 bytes; CloudFormation accepts 1,000,000"
    ):
        read(keys={"Resources": {}, "Metadata": {"a": "x" * (1_000_001 - around)}})


def test_a_logical_id_has_at_most_255_characters(read: Callable[..., Any]) -> None:
    assert set(read(keys={"Resources": {"A" * 255: KEY}})["keys"].resources) == {"A" * 255}
    with pytest.raises(TemplateRefused, match="A: not a logical id of letters and digits, at most 255 of them"):
        read(keys={"Resources": {"A" * 256: KEY}})
