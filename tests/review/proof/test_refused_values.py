"""Values of properties that AWS refuses are not proved; decided by each service's API reference, page of the action."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tenant_keys.review.assembly import Resource
from tenant_keys.review.proof import prove
from tenant_keys.review.proof.inventory import Inventory
from tenant_keys.review.proof.key_records import KeyRecord, read_key
from tenant_keys.review.proof.refusals import check_refusals
from tenant_keys.review.proof.refused_values import refused_values
from tests.review.proof.test_declared_calls import ORDERS, Edit, key, own, trust
from tools.random_estates.small_estates import templates_of

Body = dict[str, Any]
ROLE = "tenant-acme.orders"
OTHER = "which holds other characters than AWS takes"
OWN, TRUST = own(ROLE), trust(ROLE)


def resource(kind: str, properties: Body) -> Resource:
    return Resource("s", "111111111111", "eu-west-1", "A", kind, properties, None, None)


def found(kind: str, **properties: Any) -> list[str]:
    return [what.removeprefix("s A: ") for what in refused_values(resource(kind, properties))]


def denying(condition: Body) -> Body:
    deny = {"Sid": "More", "Effect": "Deny", "Principal": "*", "Action": "kms:Sign", "Resource": "*"}
    return {**deny, "Condition": condition}


@pytest.mark.parametrize(
    ("kind", "name", "value", "problem"),
    [
        ("AWS::IAM::Role", "Description", "x" * 1_001, "has more than 1,000 characters"),
        ("AWS::IAM::Role", "Description", "\u20ac", f'is "\u20ac", {OTHER}'),
        ("AWS::IAM::Role", "Description", "\x7f", f'is "\\u007f", {OTHER}'),
        ("AWS::IAM::Role", "Description", ["x"], 'is ["x"], and not text'),
        ("AWS::IAM::Role", "RoleName", "x" * 65, "has more than 64 characters"),
        ("AWS::IAM::Role", "RoleName", "a b", f'is "a b", {OTHER}'),
        ("AWS::IAM::Role", "RoleName", "\u00e4", f'is "\u00e4", {OTHER}'),
        ("AWS::IAM::Role", "RoleName", "", "is empty"),
        ("AWS::IAM::Role", "Path", "/x", f'is "/x", {OTHER}'),
        ("AWS::IAM::Role", "Path", "x/", f'is "x/", {OTHER}'),
        ("AWS::IAM::Role", "Path", "/a b/", f'is "/a b/", {OTHER}'),
        ("AWS::IAM::Role", "Path", "/" + "a" * 511 + "/", "has more than 512 characters"),
        ("AWS::IAM::ManagedPolicy", "ManagedPolicyName", "x" * 129, "has more than 128 characters"),
        ("AWS::IAM::ManagedPolicy", "Description", "x" * 1_001, "has more than 1,000 characters"),
        ("AWS::IAM::ManagedPolicy", "Path", "x", f'is "x", {OTHER}'),
        ("AWS::IAM::Policy", "PolicyName", "a/b", f'is "a/b", {OTHER}'),
        ("AWS::IAM::RolePolicy", "PolicyName", "x" * 129, "has more than 128 characters"),
        ("AWS::IAM::InstanceProfile", "InstanceProfileName", "a b", f'is "a b", {OTHER}'),
        ("AWS::KMS::Key", "Description", "x" * 8_193, "has more than 8,192 characters"),
        ("AWS::KMS::ReplicaKey", "Description", {"a": "b"}, 'is {"a": "b"}, and not text'),
        ("AWS::KMS::Key", "MultiRegion", "yes", 'is "yes", and not false or true'),
        ("AWS::KMS::Key", "MultiRegion", 1, "is 1, and not false or true"),
        ("AWS::KMS::Key", "Enabled", "TRUE", 'is "TRUE", and not false or true'),
        ("AWS::KMS::Key", "BypassPolicyLockoutSafetyCheck", "no", 'is "no", and not false or true'),
        ("AWS::KMS::ReplicaKey", "Enabled", 0, "is 0, and not false or true"),
        (
            "AWS::SSM::Parameter",
            "Tier",
            "standard",
            'is "standard", and not Advanced or Intelligent-Tiering or Standard',
        ),
        ("AWS::SSM::Parameter", "Description", "x" * 1_025, "has more than 1,024 characters"),
        ("AWS::RolesAnywhere::Profile", "Name", "a.b", f'is "a.b", {OTHER}'),
        ("AWS::RolesAnywhere::TrustAnchor", "Name", "x" * 256, "has more than 255 characters"),
        ("AWS::SNS::Topic", "DisplayName", "x" * 101, "has more than 100 characters"),
        ("AWS::SNS::Topic", "TopicName", "a.b", f'is "a.b", {OTHER}'),
        ("AWS::SNS::Topic", "TopicName", "x" * 257, "has more than 256 characters"),
        ("AWS::Events::Rule", "Description", "x" * 513, "has more than 512 characters"),
        ("AWS::Events::Rule", "Name", "a b", f'is "a b", {OTHER}'),
        ("AWS::Events::Rule", "Name", "x" * 65, "has more than 64 characters"),
        ("AWS::CloudWatch::Alarm", "AlarmDescription", "x" * 1_025, "has more than 1,024 characters"),
        ("AWS::CloudWatch::Alarm", "AlarmName", "x" * 256, "has more than 255 characters"),
        ("AWS::Organizations::Policy", "Name", "x" * 129, "has more than 128 characters"),
        ("AWS::Organizations::Policy", "Description", "x" * 513, "has more than 512 characters"),
    ],
)
def test_a_value_that_aws_refuses_is_named(kind: str, name: str, value: object, problem: str) -> None:
    assert found(kind, **{name: value}) == [f"{name} {problem}"]


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("AWS::IAM::Role", "Description", "x" * 1_000),
        ("AWS::IAM::Role", "Description", "Rolle f\u00fcr acme, a;b\n"),
        ("AWS::IAM::Role", "Description", ""),
        ("AWS::IAM::Role", "Description", 5),
        ("AWS::IAM::Role", "RoleName", "x" * 64),
        ("AWS::IAM::Role", "RoleName", "a_b+=,.@-9"),
        ("AWS::IAM::Role", "Path", "/"),
        ("AWS::IAM::Role", "Path", "/" + "a" * 510 + "/"),
        ("AWS::KMS::Key", "Description", "\u20ac" * 8_192),
        ("AWS::KMS::Key", "MultiRegion", "true"),
        ("AWS::KMS::Key", "MultiRegion", False),
        ("AWS::SSM::Parameter", "Tier", "Advanced"),
        ("AWS::Lambda::Function", "Description", ["x"]),
        ("AWS::SNS::Topic", "TopicName", "a-b_c.fifo"),
        ("AWS::Events::Rule", "Name", "a.b-c_9"),
        ("AWS::Events::Rule", "Description", ""),
    ],
)
def test_a_value_that_aws_takes_is_no_finding(kind: str, name: str, value: object) -> None:
    assert found(kind, **{name: value}) == []


def pair(key: object, value: object = "v") -> dict[str, object]:
    return {"Key": key, "Value": value}


@pytest.mark.parametrize(
    ("tags", "problem"),
    [
        ([pair(f"k{at}") for at in range(51)], "Tags has more than 50 tags"),
        ([pair("a;b")], 'Tags: the key "a;b" holds other characters than AWS takes'),
        ([pair("a", "v!")], 'Tags: the value "v!" holds other characters than AWS takes'),
        ([pair("a", "x\ny")], 'Tags: the value "x\\ny" holds other characters than AWS takes'),
        ([pair("")], 'Tags: the key "" has not 1 to 128 characters'),
        ([pair(["a"])], 'Tags: the key ["a"] is no text'),
        ([pair("aws:a")], 'Tags: the key "aws:a" begins with aws:, which AWS keeps for itself'),
        ([pair("AWS:a")], 'Tags: the key "AWS:a" begins with aws:, which AWS keeps for itself'),
        ([{"Key": "a"}], 'Tags[0] is {"Key": "a"}, and not a Key with a Value'),
        ([{**pair("a"), "Foo": 1}], 'Tags[0] is {"Key": "a", "Value": "v", "Foo": 1}, and not a Key with a Value'),
        (["a"], 'Tags[0] is "a", and not a Key with a Value'),
    ],
)
def test_a_tag_that_aws_refuses_is_named(tags: list[Any], problem: str) -> None:
    for kind in ("AWS::IAM::Role", "AWS::KMS::Key", "AWS::IAM::OIDCProvider"):
        assert found(kind, Tags=tags) == [problem]


def test_a_tag_is_of_limited_length() -> None:
    assert found("AWS::KMS::Key", Tags=[pair("k" * 128, "v" * 256)]) == []
    (key_too_long,) = found("AWS::KMS::Key", Tags=[pair("k" * 129)])
    (value_too_long,) = found("AWS::KMS::Key", Tags=[pair("k", "v" * 257)])
    assert key_too_long.endswith(" has not 1 to 128 characters")
    assert value_too_long.endswith(" has not 0 to 256 characters")


def test_tags_that_aws_takes_are_no_finding() -> None:
    tags = [pair(f"k{at}") for at in range(48)] + [pair("a _.:/=+-@", ""), pair("Stra\u00dfe", 5)]
    assert found("AWS::IAM::Role", Tags=tags) == []
    assert found("AWS::SSM::Parameter", Tags={"a b": "c", "d": ""}) == []
    assert found("AWS::Lambda::Function", Tags=[pair("a;b")]) == []


def test_the_tags_of_a_parameter_are_an_object() -> None:
    assert found("AWS::SSM::Parameter", Tags={"aws:a": "b"}) == [
        'Tags: the key "aws:a" begins with aws:, which AWS keeps for itself'
    ]


@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        ({"PolicyDocument": {}}, "Policies[0] has no member PolicyName"),
        ({"PolicyName": "a"}, "Policies[0] has no member PolicyDocument"),
        ({"PolicyName": "a", "PolicyDocument": {}, "Foo": 1}, "Policies[0] has a member Foo"),
        ({"PolicyName": "a b", "PolicyDocument": {}}, f'PolicyName of Policies[0] is "a b", {OTHER}'),
        ({"PolicyName": "a" * 129, "PolicyDocument": {}}, "PolicyName of Policies[0] has more than 128 characters"),
    ],
)
def test_an_inline_policy_of_another_form_is_named(policy: dict[str, Any], problem: str) -> None:
    assert found("AWS::IAM::Role", Policies=[policy]) == [problem]


Where = Callable[..., Any]


@pytest.mark.parametrize("where", [OWN, TRUST, key])
@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"Action": "kms:Create Grant"}, 'has the action "kms:Create Grant", which is no service and operation'),
        ({"Action": ["kms:CreateGrant", "kms:\u20ac"]}, "holds characters beyond U+00FF, or control characters"),
        ({"Action": "kms:Encrypt", "Condition": {"StringEquals": {"aws:PrincipalTag/x": "\u20ac"}}}, "beyond U+00FF"),
        ({"Action": "kms:Encrypt", "Condition": {"StringEquals": {"aws:PrincipalTag/x": "\x01"}}}, "beyond U+00FF"),
    ],
)
def test_a_policy_of_other_characters_is_named(where: Where, changed: dict[str, Any], words: str) -> None:
    def edit(templates: Any) -> None:
        deny = {"Sid": "More", "Effect": "Deny", "Resource": "*", "Principal": "*", **changed}
        if where is OWN:
            del deny["Principal"]
        if where is TRUST:
            del deny["Resource"]
        where(templates).append(deny)

    assert_refused(edit, words)


def of_document(kind: str, name: str, stack: str, **members: object) -> Edit:
    return lambda templates: templates.properties(stack, name)[kind].update(members)


@pytest.mark.parametrize(
    "edit",
    [
        of_document("AssumeRolePolicyDocument", ROLE, "roles", Id=5),
        of_document("KeyPolicy", "Keyacme", "keys", Id=5),
    ],
)
def test_an_id_that_is_no_text_is_named(edit: Edit) -> None:
    assert_refused(edit, "has the Id 5, which is no text")


def assert_refused(edit: Edit, words: str) -> None:
    templates = templates_of(ORDERS)
    edit(templates)
    proof = prove(templates, ORDERS)
    assert proof.verdict == "not proved"
    assert any(words in one.what and one.what.endswith(": AWS refuses it") for one in proof.findings), proof.findings


def test_a_refused_value_of_an_estate_is_not_proved() -> None:
    def edit(templates: Any) -> None:
        templates.properties("keys", "Keyacme")["Description"] = "x" * 8_193

    assert_refused(edit, "keys Keyacme: Description has more than 8,192 characters")


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (
            {"ForAllValues:StringEquals": {"aws:RequestTag/x": "a"}},
            "keys Keyacme: the key policy has ForAllValues:StringEquals on aws:RequestTag/x",
        ),
        (
            {"ForAllValues:StringLikeIfExists": {"kms:EncryptionContext:tenant_id": "a"}},
            "has ForAllValues:StringLikeIfExists on kms:EncryptionContext:tenant_id",
        ),
    ],
)
def test_a_condition_that_kms_calls_overly_permissive_is_named(condition: Body, words: str) -> None:
    assert_refused(lambda templates: key(templates).append(denying(condition)), words)


@pytest.mark.parametrize(
    "condition",
    [
        {"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["a"]}},
        {"ForAnyValue:StringEquals": {"aws:RequestTag/x": "a"}},
        {"StringEquals": {"aws:RequestTag/x": "a"}},
    ],
)
def test_a_condition_that_kms_takes_is_not_refused(condition: Body) -> None:
    templates = templates_of(ORDERS)
    key(templates).append(denying(condition))
    assert [one.what for one in prove(templates, ORDERS).findings if "AWS refuses it" in one.what] == []


def test_iam_takes_for_all_values_on_a_tag_of_the_request() -> None:
    templates = templates_of(ORDERS)
    deny = denying({"ForAllValues:StringEquals": {"aws:RequestTag/x": "a"}})
    OWN(templates).append({name: one for name, one in deny.items() if name != "Principal"})
    assert [one.what for one in prove(templates, ORDERS).findings if "AWS refuses it" in one.what] == []


def test_a_replica_and_the_audit_key_take_no_overly_permissive_condition_either() -> None:
    policy = {"Version": "2012-10-17", "Statement": [denying({"ForAllValues:StringEquals": {"aws:RequestTag/x": "a"}})]}
    properties = {"KeyPolicy": policy, "PrimaryKeyArn": "arn:aws:kms:eu-west-1:111111111111:key/mrk-1"}
    replica = resource("AWS::KMS::ReplicaKey", properties)
    records: dict[str | None, list[KeyRecord]] = {"acme": [read_key(replica, "mrk-1", None, {})]}
    audit = [read_key(resource("AWS::KMS::Key", {"KeyPolicy": policy}), "1", None, {})]
    problem = "s A: the key policy has ForAllValues:StringEquals on aws:RequestTag/x: AWS refuses it"
    for inventory in (Inventory(keys=records), Inventory(audit_keys=audit)):
        assert [one.what for one in check_refusals(inventory, ORDERS)] == [problem]


def with_policy(name: str, logical_id: str, document: Body) -> Edit:
    properties = {"ManagedPolicyName": name, "PolicyDocument": document}
    return lambda templates: templates.add("roles", logical_id, "AWS::IAM::ManagedPolicy", properties)


def document_of(characters: int) -> Body:
    """A document of so many characters, as IAM counts them."""
    document = {"Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": ""}]}
    around = len('{"Statement":[{"Effect":"Deny","Action":"s3:*","Resource":""}]}')
    document["Statement"][0]["Resource"] = "arn:aws:s3:::" + "x" * (characters - around - 13)
    return document


def test_a_managed_policy_has_at_most_6_144_characters() -> None:
    role = "arn:aws:iam::111111111111:policy/a"
    assert_refused(with_policy("a", "More", document_of(6_145)), f"{role}: the policy has more than 6,144 characters")
    templates = templates_of(ORDERS)
    with_policy("a", "More", document_of(6_144))(templates)
    assert prove(templates, ORDERS).verdict == "proved"


def test_managed_policies_do_not_count_as_inline_ones() -> None:
    templates = templates_of(ORDERS)
    for at in ("a", "b"):
        with_policy(at, at, document_of(6_000))(templates)
        templates.properties("roles", at)["Roles"] = [ROLE]
    assert prove(templates, ORDERS).verdict == "proved"


def test_two_managed_policies_of_one_name_are_named() -> None:
    def edit(templates: Any) -> None:
        with_policy("a", "One", document_of(200))(templates)
        with_policy("a", "Two", document_of(201))(templates)

    assert_refused(edit, "roles Two: another managed policy of the templates is arn:aws:iam::111111111111:policy/a")
