"""Each intrinsic function, and each that is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tenant_keys.review.errors import UnresolvedIntrinsic

Resolve = Callable[..., Any]
UNRESOLVED_KEY = "unresolved!111111111111!eu-west-1!app!Key"
KEY = {"Resources": {"Key": {"Type": "AWS::KMS::Key", "Properties": {}}}}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "AWS::AccountId"}, "111111111111"),
        ({"Ref": "AWS::Region"}, "eu-west-1"),
        ({"Ref": "AWS::Partition"}, "aws"),
        ({"Ref": "AWS::URLSuffix"}, "amazonaws.com"),
        ({"Ref": "AWS::StackName"}, "app"),
        ({"Ref": "AWS::NoValue"}, "absent"),
        (["a", {"Ref": "AWS::NoValue"}, "b"], ["a", "b"]),
        ({"a": {"b": {"Ref": "AWS::NoValue"}}}, {"a": {}}),
        ({"Ref": "Key"}, UNRESOLVED_KEY),
        ({"Fn::GetAtt": ["Key", "Arn"]}, f"arn:aws:kms:eu-west-1:111111111111:key/{UNRESOLVED_KEY}"),
        ({"Fn::GetAtt": "Key.Arn"}, f"arn:aws:kms:eu-west-1:111111111111:key/{UNRESOLVED_KEY}"),
        ({"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":iam::", 1]]}, "arn:aws:iam::1"),
        ({"Fn::Join": ["-", {"Fn::Split": [":", "a:b"]}]}, "a-b"),
        ({"Fn::Join": [",", []]}, ""),
        (
            {"Fn::Sub": "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:x"},
            "arn:aws:kms:eu-west-1:111111111111:x",
        ),
        ({"Fn::Sub": "${Key} ${Key.Arn}"}, f"{UNRESOLVED_KEY} arn:aws:kms:eu-west-1:111111111111:key/{UNRESOLVED_KEY}"),
        ({"Fn::Sub": "alias/tenant-${!aws:PrincipalTag/tenant_id}"}, "alias/tenant-${aws:PrincipalTag/tenant_id}"),
        ({"Fn::Sub": ["${Name}-${AWS::Region}", {"Name": {"Ref": "AWS::StackName"}}]}, "app-eu-west-1"),
        ({"Fn::Sub": ["${AWS::Region}", {}]}, "eu-west-1"),
        ({"Fn::Select": [1, ["a", "b"]]}, "b"),
        ({"Fn::Select": ["1", ["a", "b"]]}, "b"),
        ({"Fn::Select": [5, {"Fn::Split": [":", {"Fn::GetAtt": ["Key", "Arn"]}]}]}, f"key/{UNRESOLVED_KEY}"),
        ({"Fn::Split": [",", "a,b"]}, ["a", "b"]),
    ],
)
def test_it_resolves_to_what_aws_will_see(resolve: Resolve, value: object, expected: object) -> None:
    assert resolve(value, **KEY) == expected


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"Fn::If": ["Maybe", "a", "b"]}, "app Subject Properties.V.Fn::If: not resolved; allowed: Ref"),
        ({"Fn::FindInMap": ["M", "a", "b"]}, "Properties.V.Fn::FindInMap: not resolved"),
        ({"Fn::GetAZs": ""}, "Properties.V.Fn::GetAZs: not resolved"),
        ({"Fn::Transform": {"Name": "AWS::Include"}}, "Properties.V.Fn::Transform: not resolved"),
        ({"Fn::Base64": "x"}, "Properties.V.Fn::Base64: not resolved"),
        ([{"a": {"Fn::Cidr": []}}], r"Properties.V\[0\].a.Fn::Cidr: not resolved"),
        ({"Ref": "AWS::NotificationARNs"}, "Ref AWS::NotificationARNs: neither"),
        ({"Ref": "Nobody"}, "Ref Nobody: neither a resource nor"),
        ({"Ref": "Key", "More": 1}, "Ref has other keys beside it"),
        ({"Ref": ["Key"]}, "expected text"),
        ({"Fn::GetAtt": ["Key", "Size"]}, "Fn::GetAtt Key.Size: return value of AWS::KMS::Key not known"),
        ({"Fn::GetAtt": ["Nobody", "Arn"]}, "expected a resource of this template"),
        ({"Fn::GetAtt": "Key"}, "expected a resource of this template"),
        ({"Fn::Sub": "alias/tenant-${aws:PrincipalTag/tenant_id}"}, "Ref aws:PrincipalTag/tenant_id: neither"),
        ({"Fn::Sub": ["${A}", "B"]}, "expected an object of variables"),
        ({"Fn::Join": ["", "text"]}, "expected a list"),
        ({"Fn::Join": [""]}, "expected a list of two"),
        ({"Fn::Join": ["", [True]]}, "expected text"),
        ({"Fn::Select": [2, ["a", "b"]]}, "expected an index within a list"),
        ({"Fn::Select": [-1, ["a", "b"]]}, "expected an index within a list"),
        ({"Fn::Split": ["-", {"Ref": "Key"}]}, "part of it is known only to AWS"),
        ({"Fn::ImportValue": "nothing"}, "exported by no stack of the assembly in 111111111111 eu-west-1"),
        ("{{resolve:ssm:/x}}", "a dynamic reference is known only at deployment"),
    ],
)
def test_it_says_what_it_cannot_resolve(resolve: Resolve, value: object, problem: str) -> None:
    with pytest.raises(UnresolvedIntrinsic, match=problem):
        resolve(value, **KEY)


def test_an_error_names_stack_logical_id_and_path(resolve: Resolve) -> None:
    with pytest.raises(UnresolvedIntrinsic) as caught:
        resolve({"a": [{"Fn::If": []}]})
    assert (caught.value.stack, caught.value.logical_id, caught.value.path) == (
        "app",
        "Subject",
        "Properties.V.a[0].Fn::If",
    )


def test_a_circle_is_refused(resolve: Resolve) -> None:
    first = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": {"Ref": "Second"}}}
    second = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": {"Ref": "First"}}}
    with pytest.raises(UnresolvedIntrinsic, match="refers to itself"):
        resolve({"Ref": "First"}, Resources={"First": first, "Second": second})


def test_a_reference_to_a_conditional_resource_is_refused(resolve: Resolve) -> None:
    topic = {"Type": "AWS::SNS::Topic", "Condition": "Maybe"}
    with pytest.raises(UnresolvedIntrinsic, match="the resource may not exist"):
        resolve({"Ref": "Topic"}, Resources={"Topic": topic}, Conditions={"Maybe": {"Fn::Equals": ["a", "b"]}})


def test_an_attribute_of_a_custom_resource_is_refused(resolve: Resolve) -> None:
    custom = {"Type": "Custom::Thing", "Properties": {}}
    with pytest.raises(UnresolvedIntrinsic, match="return value of Custom::Thing not known"):
        resolve({"Fn::GetAtt": ["Custom", "Arn"]}, Resources={"Custom": custom})


def test_a_failure_that_is_put_up_with_leaves_nothing_behind(read: Callable[..., Any]) -> None:
    """What is left raw in one resource must not look like a circle in the next."""
    role = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": {"Fn::GetAZs": ""}}}
    parameter = {"Type": "AWS::SSM::Parameter", "Properties": {"Name": {"Ref": "Role"}}}
    with pytest.raises(UnresolvedIntrinsic, match=r"app Role Properties.RoleName.Fn::GetAZs: not resolved"):
        read(app={"Resources": {"First": parameter, "Second": parameter, "Role": role}})


def test_the_version_of_the_bootstrap_stack_is_known_only_at_deployment(resolve: Resolve) -> None:
    name = "BootstrapVersion"
    older = {"Fn::Contains": [["1", "2", "3", "4", "5"], {"Ref": name}]}
    version = {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/cdk-bootstrap/x/version"}
    rules = {"CheckBootstrapVersion": {"Assertions": [{"Assert": {"Fn::Not": [older]}}]}}
    with pytest.raises(UnresolvedIntrinsic, match="known only at deployment"):
        resolve({"Ref": name}, Parameters={name: version}, Rules=rules)


def _exporting(name: object, value: object) -> dict[str, Any]:
    return {**KEY, "Outputs": {"Out": {"Value": value, "Export": {"Name": name}}}}


def _importing(name: object) -> dict[str, Any]:
    return {"Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": {"V": {"Fn::ImportValue": name}}}}}


def test_an_import_is_what_another_stack_exports_wherever_it_stands(read: Callable[..., Any]) -> None:
    """The exporting stack may come later in the manifest, import in its turn, and name the export with an intrinsic."""
    stacks = read(
        user=_importing({"Fn::Sub": "middle-${AWS::Region}"}),
        middle=_exporting({"Fn::Join": ["-", ["middle", {"Ref": "AWS::Region"}]]}, {"Fn::ImportValue": "source"}),
        source=_exporting("source", {"Fn::GetAtt": ["Key", "Arn"]}),
    )
    expected = "arn:aws:kms:eu-west-1:111111111111:key/unresolved!111111111111!eu-west-1!source!Key"
    assert stacks["user"].resources["Role"].properties == {"V": expected}


def test_exports_that_import_each_other_are_refused(read: Callable[..., Any]) -> None:
    with pytest.raises(UnresolvedIntrinsic, match="the export imports itself"):
        read(
            user=_importing("a"),
            first=_exporting("a", {"Fn::ImportValue": "b"}),
            second=_exporting("b", {"Fn::ImportValue": "a"}),
        )


def test_an_export_name_that_exists_twice_is_refused(read: Callable[..., Any]) -> None:
    with pytest.raises(UnresolvedIntrinsic, match=r'second Outputs.Out Export.Name: got "a"'):
        read(user=_importing("a"), first=_exporting("a", "1"), second=_exporting("a", "2"))
