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
from tenant_constructs.resource_batch import ResourceBatch, _Anchors, _with_anchors
from tenant_keys.policy.limits import PolicyTooLarge
from tenant_keys.policy.template_size import ADDED_BY_CDK


def stack() -> cdk.Stack:
    return cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "stack")


def key(description: str) -> dict[str, Any]:
    """The second statement is in every key, and so behind an anchor."""
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


def test_what_repeats_is_written_once_with_an_anchor() -> None:
    """Whole statements that repeat; of the others action, condition, principal and resource; and tags."""

    def statement(sid: str) -> dict[str, Any]:
        own = {"Sid": sid, "Effect": "Allow", "Principal": {"AWS": "1"}, "Action": ["kms:Sign"], "Resource": ["a"]}
        same = {"Sid": "Same", "Effect": "Deny", "Principal": "*", "Action": ["kms:Sign"], "Resource": "*"}
        return same if sid == "Same" else {**own, "Condition": {"Bool": {"a:b": "true"}}}

    def resource(name: str) -> dict[str, Any]:
        policy = {"Version": "v", "Statement": [statement(name), statement("Same")]}
        return {"Type": "K", "Properties": {"Description": name, "KeyPolicy": policy, "Tags": [{"Key": "a"}]}}

    role = {
        "Type": "R",
        "Properties": {
            "AssumeRolePolicyDocument": {"Statement": [statement("Trust")]},
            "Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": [statement("Same")]}}],
            "Tags": {"a": "b"},
        },
    }
    resources = {"K1": resource("1"), "K2": resource("2"), "R": role}
    text, size = _with_anchors(resources)
    own = '"Effect":"Allow","Principal":*s1,"Action":*s2,"Resource":*s3,"Condition":*s4}'
    assert text == (
        '{"Resources":{"K1":{"Type":"K","Properties":{"Description":"1","KeyPolicy":{"Version":"v","Statement":['
        '{"Sid":"1","Effect":"Allow","Principal":&s1 {"AWS":"1"},"Action":&s2 ["kms:Sign"],"Resource":&s3 ["a"],'
        '"Condition":&s4 {"Bool":{"a:b":"true"}}},'
        '&s5 {"Sid":"Same","Effect":"Deny","Principal":"*","Action":["kms:Sign"],"Resource":"*"}]},'
        '"Tags":[&s6 {"Key":"a"}]}},'
        '"K2":{"Type":"K","Properties":{"Description":"2","KeyPolicy":{"Version":"v","Statement":['
        f'{{"Sid":"2",{own},*s5]}},"Tags":[*s6]}}}},'
        f'"R":{{"Type":"R","Properties":{{"AssumeRolePolicyDocument":{{"Statement":[{{"Sid":"Trust",{own}]}},'
        '"Policies":[{"PolicyName":"p","PolicyDocument":{"Statement":[*s5]}}],"Tags":{"a":"b"}}}}}'
    )
    assert size == len(json.dumps({"Resources": resources}, separators=(",", ":")))


def test_an_anchor_has_at_most_ninety_nine_aliases() -> None:
    """The parser takes a hundredth for an attack."""
    anchors = _Anchors()
    told = [anchors.refer_to('{"a":1}') for _ in range(201)]
    assert told[0] == '&s1 {"a":1}'
    assert set(told[1:100]) == {"*s1"}
    assert told[100] == '&s2 {"a":1}'
    assert set(told[101:200]) == {"*s2"}
    assert told[200] == '&s3 {"a":1}'


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
