"""A batch makes real L1 resources of a document: none lost, none changed, each seen by aspects."""

from __future__ import annotations

import json
from contextlib import nullcontext
from typing import Any

import aws_cdk as cdk
import jsii
import pytest
from aws_cdk import aws_kms as kms
from aws_cdk.assertions import Template
from constructs import IConstruct

from tenant_constructs.logical_id import logical_id
from tenant_constructs.resource_batch import ResourceBatch
from tenant_keys.policy.limits import PolicyTooLarge
from tenant_keys.policy.template_size import ADDED_BY_CDK


def stack() -> cdk.Stack:
    return cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "stack")


def key(description: str) -> dict[str, Any]:
    """The second statement stands in every key, and so behind an anchor."""
    everyones = {"Sid": "Same", "Effect": "Deny", "Principal": "*", "Action": "kms:CreateGrant", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [{**everyones, "Sid": f"Own{description}"}, everyones]}
    return {"Type": "AWS::KMS::Key", "Properties": {"Description": description, "KeyPolicy": policy}}


def test_what_goes_in_comes_out() -> None:
    """More than a hundred repetitions: the parser takes a hundred aliases of one anchor for an attack."""
    into = stack()
    resources: dict[str, Any] = {f"Key{number}": key(f"{number}: # {{}} *s1 &s1 'a' \"b\"") for number in range(230)}
    resources["Alias"] = {
        "Type": "AWS::KMS::Alias",
        "Properties": {"AliasName": "alias/a", "TargetKeyId": {"Ref": "Key0"}},
        "DeletionPolicy": "RetainExceptOnCreate",
    }
    statement = {"Sid": "Run", "Effect": "Allow", "Action": ["sts:AssumeRole"], "Resource": ["arn:aws:iam::1:role/a"]}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    resources["Policy"] = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}
    resources["Role"] = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": document,
            "Policies": [{"PolicyName": "a", "PolicyDocument": document}],
            "Tags": [{"Key": "a", "Value": "b"}],
        },
    }
    resources["Parameter"] = {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Type": "String", "Value": "{}", "Tags": {"a": "b"}},
    }
    with ResourceBatch(into, "Batch") as batch:
        for name, resource in resources.items():
            batch.add(name, resource)
    assert Template.from_stack(into).to_json()["Resources"] == resources


def test_the_size_is_that_of_the_template_without_anchors(monkeypatch: pytest.MonkeyPatch) -> None:
    resources = {f"Key{number}": key(f"{number}") for number in range(230)}
    size = len(json.dumps({"Resources": resources}, separators=(",", ":"))) + ADDED_BY_CDK
    for limit, fits in ((size, True), (size - 1, False)):
        monkeypatch.setattr("tenant_constructs.resource_batch.TEMPLATE_BYTES", limit)
        with nullcontext() if fits else pytest.raises(PolicyTooLarge), ResourceBatch(stack(), "Batch") as batch:
            for name, resource in resources.items():
                batch.add(name, resource)


def test_a_logical_id_is_given_once() -> None:
    batch = ResourceBatch(stack(), "Batch")
    batch.add("Keyacme", key("1"))
    with pytest.raises(ValueError, match="stack: two resources with logical id Keyacme"):
        batch.add("Keyacme", key("2"))


def test_a_batch_that_fails_leaves_nothing_behind() -> None:
    into = stack()
    with pytest.raises(RuntimeError, match="planted"), ResourceBatch(into, "Batch") as batch:
        batch.add("Keyacme", key("1"))
        raise RuntimeError("planted")
    assert into.node.children == []


def test_an_aspect_sees_every_resource_as_what_it_is() -> None:
    """cdk-nag is blind to generic resources."""
    seen = []

    @jsii.implements(cdk.IAspect)
    class Look:
        def visit(self, node: IConstruct) -> None:
            if isinstance(node, kms.CfnKey):
                seen.append(node.description)

    into = stack()
    with ResourceBatch(into, "Batch") as batch:
        batch.add("Key1", key("one"))
        batch.add("Key2", key("two"))
    cdk.Aspects.of(into).add(Look())
    Template.from_stack(into)
    assert seen == ["one", "two"]


@pytest.mark.parametrize(
    ("kind", "identifier", "workload", "expected"),
    [
        ("Key", "acme", "", "Keyacme"),
        ("Key", "acme-corp", "", "KeyacmeXcorp"),
        ("Role", "acme-corp", "order-desk", "RoleacmeXcorpFororderXdesk"),
        ("Role", "a", "b", "RoleaForb"),
    ],
)
def test_logical_ids_are_these(kind: str, identifier: str, workload: str, expected: str) -> None:
    """Changing one would lose a key."""
    assert logical_id(kind, identifier, workload) == expected
