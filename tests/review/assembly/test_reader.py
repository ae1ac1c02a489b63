"""What the reader makes of an assembly on disk, and which assemblies it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, CfnOutput, CfnResource, Environment, Fn, Stack, Stage

from tenant_keys.review.assembly import Assembly, Resource
from tenant_keys.review.errors import (
    AssemblyInconsistent,
    AssemblyNotFound,
    AssemblyTooNew,
    AssemblyUnreadable,
    DuplicateStack,
    EmptyAssembly,
    EnvironmentUnknown,
    ReviewError,
    TemplateRefused,
    UnresolvedIntrinsic,
)

from .conftest import artifact, write_assembly, write_manifest

EQUAL = {"Fn::Equals": ["a", "b"]}
KEY = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": []}}}


def test_a_resource_carries_all_that_the_review_asks_of_it(read: Callable[..., Any]) -> None:
    key = {
        **KEY,
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Delete",
        "DependsOn": ["Role", "Other"],
        "Metadata": {"aws:cdk:path": "app/Key/Resource"},
    }
    stack = read(keys={"Resources": {"Key": key, "Role": KEY, "Other": KEY}})["keys"]
    assert stack.resources["Key"] == Resource(
        stack="keys",
        account="111111111111",
        region="eu-west-1",
        logical_id="Key",
        type="AWS::KMS::Key",
        properties={"KeyPolicy": {"Statement": []}},
        deletion_policy="Retain",
        update_replace_policy="Delete",
        depends_on=frozenset({"Role", "Other"}),
    )
    assert (stack.account, stack.region, stack.termination_protection) == ("111111111111", "eu-west-1", False)


def test_a_single_dependency_may_be_text(read: Callable[..., Any]) -> None:
    stack = read(keys={"Resources": {"Key": {**KEY, "DependsOn": "Role"}, "Role": KEY}})["keys"]
    assert stack.resources["Key"].depends_on == {"Role"}


def test_what_a_resource_refers_to_is_created_before_it(read: Callable[..., Any]) -> None:
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "records"}}
    policy = {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": {}}}
    stack = read(trail={"Resources": {"Bucket": bucket, "Policy": policy}})["trail"]
    assert stack.resources["Policy"].depends_on == {"Bucket"}
    assert stack.resources["Bucket"].depends_on == set()


def test_stacks_come_in_the_order_of_the_manifest_with_their_own_names(tmp_path: Path) -> None:
    write_assembly(tmp_path, {"b": {"Resources": {"Key": KEY}}, "a": {"Resources": {}}})
    write_manifest(
        tmp_path,
        {
            "tree": {"type": "cdk:tree", "properties": {"file": "tree.json"}},
            "b": artifact("b.template.json", stackName="Named", terminationProtection=True),
            "a": artifact("a.template.json", "aws://222222222222/us-gov-west-1"),
        },
    )
    stacks = list(Assembly.open(str(tmp_path)).stacks())
    assert [(stack.name, stack.account, stack.region, stack.termination_protection) for stack in stacks] == [
        ("Named", "111111111111", "eu-west-1", True),
        ("a", "222222222222", "us-gov-west-1", False),
    ]


def test_templates_are_read_one_at_a_time(tmp_path: Path) -> None:
    write_assembly(tmp_path, {"first": {"Resources": {}}, "second": {"Resources": {}}})
    (tmp_path / "second.template.json").write_text("not read yet")
    stacks = Assembly.open(tmp_path).stacks()
    assert next(stacks).name == "first"
    with pytest.raises(AssemblyUnreadable, match=r"second\.template\.json: not JSON in UTF-8"):
        next(stacks)


def test_an_assembly_of_the_real_cdk_with_a_stage_and_an_export_is_resolved(tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path), analytics_reporting=False, builtin_cloud_formation_validation=False)
    env = Environment(account="111111111111", region="eu-west-1")
    stage = Stage(app, "Prod", env=env)
    keys, roles = Stack(stage, "Keys"), Stack(stage, "Roles")
    key = CfnResource(keys, "Key", type="AWS::KMS::Key", properties={"KeyPolicy": {}})
    CfnOutput(keys, "Out", value=key.get_att("Arn").to_string(), export_name="key-arn")
    CfnResource(
        roles,
        "Role",
        type="AWS::IAM::Role",
        properties={"RoleName": Fn.join("-", ["r", roles.region]), "Description": Fn.import_value("key-arn")},
    )
    app.synth()
    role = {stack.name: stack for stack in Assembly.open(tmp_path).stacks()}["Prod-Roles"].resources["Role"]
    assert role.properties == {
        "RoleName": "r-eu-west-1",
        "Description": "arn:aws:kms:eu-west-1:111111111111:key/unresolved!111111111111!eu-west-1!Prod-Keys!Key",
    }


@pytest.mark.parametrize(
    ("environment", "got"),
    [("aws://unknown-account/unknown-region", "unknown-account"), ("aws://111111111111/unknown-region", "unknown-reg")],
)
def test_a_stack_that_does_not_know_its_account_is_refused(tmp_path: Path, environment: str, got: str) -> None:
    write_assembly(tmp_path, {"keys": {"Resources": {}}}, environment)
    with pytest.raises(EnvironmentUnknown, match=f"artifacts.keys.environment: got .*{got}.*give the stack an env"):
        Assembly.open(tmp_path)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AssemblyNotFound, match="no such directory"):
        Assembly.open(tmp_path / "nowhere")


def test_a_missing_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AssemblyNotFound, match=r"manifest\.json: no such file"):
        Assembly.open(tmp_path)


def test_a_missing_template_is_refused(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"keys": artifact("keys.template.json")})
    with pytest.raises(
        AssemblyNotFound, match=r"keys\.template\.json: cannot be read .No such file or directory., but the manifest"
    ):
        list(Assembly.open(tmp_path).stacks())


@pytest.mark.parametrize("text", ["", "[]", "{", "{}", '{"version": 55}', '{"version": "55.0.0", "artifacts": []}'])
def test_a_bad_manifest_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(AssemblyUnreadable, match=r"manifest\.json"):
        Assembly.open(tmp_path)


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    write_manifest(tmp_path, {}, version="56.0.0")
    with pytest.raises(AssemblyTooNew, match=r"got 56\.0\.0; known up to 55\.x"):
        Assembly.open(tmp_path)


def test_an_older_schema_is_read(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"keys": artifact("keys.template.json")}, version="48.0.0")
    assert len(Assembly.open(tmp_path).artifacts) == 1


def test_an_assembly_without_stacks_is_refused(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"tree": {"type": "cdk:tree"}})
    with pytest.raises(EmptyAssembly, match="0 stacks"):
        Assembly.open(tmp_path)


def test_two_stacks_of_one_name_in_one_place_are_refused(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"a": artifact("a.json", stackName="same"), "b": artifact("b.json", stackName="same")})
    with pytest.raises(DuplicateStack, match="two stacks same in 111111111111 eu-west-1"):
        Assembly.open(tmp_path)


def test_a_folder_in_place_of_a_template_is_refused(tmp_path: Path) -> None:
    write_assembly(tmp_path, {"keys": {}})
    (tmp_path / "keys.template.json").unlink()
    (tmp_path / "keys.template.json").mkdir()
    with pytest.raises(AssemblyNotFound, match=r"keys\.template\.json: cannot be read"):
        list(Assembly.open(tmp_path).stacks())


@pytest.mark.parametrize(
    "properties", [None, [], {"templateFile": 5}, {"templateFile": "a.json", "stackName": ["x"]}], ids=str
)
def test_an_artifact_of_another_form_is_refused(tmp_path: Path, properties: object) -> None:
    write_manifest(tmp_path, {"keys": {**artifact("keys.template.json"), "properties": properties}})
    with pytest.raises(AssemblyUnreadable, match=r"artifacts\.keys\.properties"):
        Assembly.open(tmp_path)


def test_stacks_that_depend_on_each_other_in_a_circle_are_refused(tmp_path: Path) -> None:
    needs = {"a": "b", "b": "c", "c": "a", "d": "a"}
    stacks = {name: {**artifact(f"{name}.json"), "dependencies": [other]} for name, other in needs.items()}
    write_manifest(tmp_path, stacks)
    with pytest.raises(AssemblyInconsistent) as refused:
        Assembly.open(tmp_path)
    circle = "artifacts: a depends on b depends on c depends on a: the CDK CLI finds no order to deploy them in"
    assert f"{tmp_path}/manifest.json {circle}" in str(refused.value)


def test_a_stack_that_depends_on_itself_is_refused(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"a": {**artifact("a.json"), "dependencies": ["a"]}})
    with pytest.raises(AssemblyInconsistent, match=r"manifest\.json artifacts: a depends on a: the CDK CLI"):
        Assembly.open(tmp_path)


@pytest.mark.parametrize("name", ["n" * 129, "1st", "-a", "a_b", "a.b", "a b", "é", 'a"'])
def test_a_name_that_cloudformation_gives_no_stack_is_refused(tmp_path: Path, name: str) -> None:
    write_manifest(tmp_path, {"keys": artifact("keys.json", stackName=name)})
    with pytest.raises(AssemblyInconsistent) as refused:
        Assembly.open(tmp_path)
    where = f"{tmp_path}/manifest.json artifacts.keys.properties.stackName: got "
    got = json.dumps(name, ensure_ascii=False)
    assert str(refused.value).startswith(f"{where}{got}, of length {len(name)}; CloudFormation allows 1 to 128")


def test_the_longest_name_of_a_stack_is_taken(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"keys": artifact("keys.json", stackName="n" * 128)})
    assert [one.name for one in Assembly.open(tmp_path).artifacts] == ["n" * 128]


def test_an_assembly_that_holds_itself_is_refused(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"again": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "."}}})
    with pytest.raises(AssemblyUnreadable, match="the assembly holds itself"):
        Assembly.open(tmp_path)


@pytest.mark.parametrize(
    "template",
    [
        {"Transform": "AWS::Serverless-2016-10-31", "Resources": {}},
        {"Globals": {}, "Resources": {}},
        {"Hooks": {"Shift": {"Type": "AWS::CodeDeploy::BlueGreen", "Properties": {}}}, "Resources": {}},
        {"Resources": {"Fn::Transform": {"Name": "AWS::Include"}}},
        {"Resources": {"Fn::Transform": {"Name": "AWS::Include", "Type": "AWS::CDK::Metadata"}}},
        {"Resources": {"Key": {**KEY, "Fn::Transform": {"Name": "AWS::Include"}}}},
        {"Resources": {"Fn::ForEach::Keys": ["K", ["a"], {}]}},
        {"Resources": {"Nested": {"Type": "AWS::CloudFormation::Stack", "Properties": {}}}},
        {"Resources": {"Set": {"Type": "AWS::CloudFormation::StackSet", "Properties": {}}}},
        {"Resources": {"Access": {"Type": "AWS::SSO::PermissionSet", "Properties": {}}}},
    ],
)
def test_what_creates_resources_unseen_is_refused(read: Callable[..., Any], template: dict[str, Any]) -> None:
    with pytest.raises(
        TemplateRefused, match=r"; (declare (them in it|the resource itself|each resource)|give it both)\Z"
    ):
        read(keys=template)


def test_a_text_that_could_pass_for_an_unresolved_id_is_refused(read: Callable[..., Any]) -> None:
    role = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "unresolved!111111111111!eu-west-1!keys!Key"}}
    with pytest.raises(TemplateRefused, match="got the text unresolved!"):
        read(keys={"Resources": {"Role": role}})


def test_an_unresolved_id_that_is_spelled_with_escapes_is_refused_too(tmp_path: Path) -> None:
    write_assembly(tmp_path, {"keys": {}})
    (tmp_path / "keys.template.json").write_text(
        r'{"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": {"V": "unresolved\u0021111111111111"}}}}'
    )
    with pytest.raises(TemplateRefused, match="got the text unresolved!"):
        list(Assembly.open(tmp_path).stacks())


def test_a_conditional_resource_is_refused_where_policies_are_read(read: Callable[..., Any]) -> None:
    with pytest.raises(UnresolvedIntrinsic, match="keys Key Condition: got Maybe; the resource may not exist"):
        read(keys={"Resources": {"Key": {**KEY, "Condition": "Maybe"}}, "Conditions": {"Maybe": EQUAL}})


def test_values_that_the_review_does_not_read_may_stay_raw_and_are_listed(read: Callable[..., Any]) -> None:
    custom = {"Type": "Custom::Thing", "Properties": {"V": {"Fn::GetAZs": ""}}}
    metadata = {"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": "x"}, "Condition": "CDKMetadataAvailable"}
    trail = {"Type": "AWS::Config::ConfigRule", "Properties": {"Account": {"Ref": "AWS::AccountId"}}}
    resources = {"Custom": custom, "CDKMetadata": metadata, "Trail": trail, "Key": KEY}
    stack = read(a={"Resources": resources, "Conditions": {"CDKMetadataAvailable": EQUAL}})["a"]
    assert stack.raw == ("Custom", "CDKMetadata")
    assert stack.resources["Custom"].properties == {"V": {"Fn::GetAZs": ""}}
    assert stack.resources["Trail"].properties == {"Account": "111111111111"}


def test_outputs_and_metadata_are_as_cloudformation_works_them_out(read: Callable[..., Any]) -> None:
    written = {"Fn::Join": ["", ["a", {"Fn::Sub": ["b${x}", {"x": "c"}]}]]}
    outputs = {"Known": {"Value": written}, "Open": {"Value": {"Fn::GetAZs": ""}, "Description": written}}
    key = {**KEY, "Metadata": {"of": written}}
    stack = read(a={"Resources": {"Key": key}, "Outputs": outputs})["a"]
    assert stack.beside["Outputs"] == {"Known": {"Value": "abc"}, "Open": outputs["Open"]}
    assert stack.beside["Metadata of Key"] == {"of": "abc"}


def test_a_key_that_is_spelled_with_escapes_is_resolved_too(tmp_path: Path) -> None:
    write_assembly(tmp_path, {"keys": {}})
    (tmp_path / "keys.template.json").write_text(
        r'{"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": {"V": {"\u0052ef": "AWS::Region"}}}}}'
    )
    (stack,) = Assembly.open(tmp_path).stacks()
    assert stack.resources["R"].properties == {"V": "eu-west-1"}


@pytest.mark.parametrize("innocent", ['say "Ref"', "Ref", "Fn::Join", 'x"Fn::'])
def test_texts_that_look_like_intrinsics_hide_none(read: Callable[..., Any], innocent: str) -> None:
    """The count of signs in the file may be too high, never too low."""
    key = {**KEY, "Properties": {"Description": innocent, "KeyPolicy": {"Sid": {"Ref": "AWS::Region"}}}}
    role = {"Type": "AWS::IAM::Role", "Properties": {"Tags": [innocent]}}
    stack = read(keys={"Description": innocent, "Resources": {"Role": role, "Key": key, "Last": KEY}})["keys"]
    assert stack.resources["Key"].properties == {"Description": innocent, "KeyPolicy": {"Sid": "eu-west-1"}}
    assert stack.resources["Role"].properties == {"Tags": [innocent]}


def test_signs_in_other_sections_hide_none(read: Callable[..., Any]) -> None:
    older = ["1", "2", "3", "4", "5"]
    assertion = {"Assert": {"Fn::Not": [{"Fn::Contains": [older, {"Ref": "BootstrapVersion"}]}]}}
    rules = {"CheckBootstrapVersion": {"Assertions": [assertion]}}
    version = {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/cdk-bootstrap/hnb659fds/version"}
    asked = {"Rules": rules, "Parameters": {"BootstrapVersion": version}}
    key = {**KEY, "Metadata": {"x": {"Ref": "AWS::Region"}}, "Properties": {"V": {"Ref": "AWS::Region"}}}
    stack = read(keys={**asked, "Resources": {"Key": key, "Other": KEY}})["keys"]
    assert stack.resources["Key"].properties == {"V": "eu-west-1"}


def test_every_error_is_a_review_error_and_says_when_it_is_raised() -> None:
    todo = [ReviewError]
    while todo:
        error = todo.pop()
        todo += error.__subclasses__()
        assert (error.__doc__ or "").startswith("Raised when "), error


def test_the_manifest_stays_small_in_memory(tmp_path: Path) -> None:
    """Ten thousand artifacts are announced, none is read."""
    write_manifest(tmp_path, {f"s{number}": artifact("none.json") for number in range(10_000)})
    assert len(Assembly.open(tmp_path).artifacts) == 10_000
    assert json.loads((tmp_path / "manifest.json").read_text())["version"] == "55.0.0"
