"""The constructs in a stack of another app: real L1 resources, whose attributes that app uses and its Aspects visit."""

from __future__ import annotations

import importlib.util
from typing import Any

import aws_cdk as cdk
import jsii
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk.assertions import Template
from constructs import IConstruct

from tests.policy.estates import ROOT, sample


def tenant_stack(app: cdk.App, tenant: str) -> Any:
    spec = importlib.util.spec_from_file_location("own_stack", ROOT / "examples/own_stack/app.py")
    assert spec
    assert spec.loader
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    return example.TenantStack(app, "theirs", tenant_id=tenant, estate=sample())


@jsii.implements(cdk.IAspect)
class Seen:
    """An Aspect of that app, which also bounds every role."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def visit(self, node: IConstruct) -> None:
        if isinstance(node, kms.CfnKey):
            self.keys.append(node.description or "")
        if isinstance(node, iam.CfnRole):
            node.permissions_boundary = "arn:aws:iam::111111111111:policy/Theirs"


@pytest.fixture(scope="module")
def resources_and_outputs() -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    app = cdk.App(tree_metadata=False, builtin_cloud_formation_validation=False)
    stack, seen = tenant_stack(app, "acme"), Seen()
    cdk.Aspects.of(app).add(seen)
    cdk.Tags.of(app).add("team", "theirs")
    template = Template.from_stack(stack).to_json()
    return template["Resources"], template["Outputs"], seen.keys


def test_the_key_and_the_role_are_resources_of_that_stack(resources_and_outputs: Any) -> None:
    resources, _, _ = resources_and_outputs
    assert {name: one["Type"] for name, one in resources.items()} == {
        "Keyacme": "AWS::KMS::Key",
        "Aliasacme": "AWS::KMS::Alias",
        "RoleacmeFororders": "AWS::IAM::Role",
        "MaterialExpires": "AWS::CloudWatch::Alarm",
    }
    (dimension,) = resources["MaterialExpires"]["Properties"]["Dimensions"]
    assert dimension == {"Name": "KeyId", "Value": {"Fn::GetAtt": ["Keyacme", "KeyId"]}}


def test_its_attributes_are_those_that_another_resource_needs(resources_and_outputs: Any) -> None:
    _, outputs, _ = resources_and_outputs
    assert {name: one["Value"] for name, one in outputs.items()} == {
        "KeyArn": {"Fn::GetAtt": ["Keyacme", "Arn"]},
        "AliasName": "alias/tenant-acme",
        "RoleArnorders": {"Fn::GetAtt": ["RoleacmeFororders", "Arn"]},
    }


def test_aspects_and_tags_of_that_app_reach_every_resource(resources_and_outputs: Any) -> None:
    resources, _, keys = resources_and_outputs
    assert keys == ["Tenant acme"]
    role = resources["RoleacmeFororders"]["Properties"]
    assert role["PermissionsBoundary"] == "arn:aws:iam::111111111111:policy/Theirs"
    for name in ("Keyacme", "RoleacmeFororders"):
        assert {"Key": "team", "Value": "theirs"} in resources[name]["Properties"]["Tags"]
