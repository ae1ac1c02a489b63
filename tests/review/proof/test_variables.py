"""Policy variables and ids in policies, against what principals can have and callers can send."""

from __future__ import annotations

from typing import Any

import pytest

from tenant_keys.review.proof import Kind
from tenant_keys.review.second_opinion import second_opinion
from tests.review.proof.test_kinds import ROOT, Edit, adding, estate_of, kinds_of, proved, without
from tools.random_estates.small_estates import CENTRAL, Templates, templates_of

WHO = "kms:EncryptionContext:who"
KEY = f"arn:aws:kms:eu-west-1:{CENTRAL}:key/"
KEY_OF_GLOBEX = f"unresolved!{CENTRAL}!eu-west-1!keys!Keyglobex"


def trusting(condition: dict[str, Any], principal: Any = "*") -> Edit:
    """An Allow in the trust policy of acme's role."""

    def edit(templates: Templates) -> None:
        document = templates.properties("roles", "tenant-acme.orders")["AssumeRolePolicyDocument"]
        allow = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal, "Condition": condition}
        document["Statement"].append(allow)

    return edit


def reported(*edits: Edit) -> str:
    """What keeps the edited estate from being proved."""
    proof = proved(*edits)
    assert proof.verdict == "not proved"
    return proof.findings[0].what


@pytest.mark.parametrize(
    "variable", ["aws:username", "aws:PrincipalAccount", "kms:CallerAccount", "aws:PrincipalOrgID"]
)
@pytest.mark.parametrize(
    ("operator", "pattern"), [("StringLike", "9*"), ("StringNotLike", "*t*"), ("ArnLike", "arn:aws:iam:*:*:user/s*")]
)
def test_a_variable_and_patterns_on_one_key_have_no_classes(variable: str, operator: str, pattern: str) -> None:
    """The user `s` of the account fulfils StringEquals `${aws:username}` and StringLike `s*` at once."""
    condition = {"StringEquals": {WHO: f"${{{variable}}}"}, operator: {WHO: pattern}}
    said = reported(without(), adding(Principal="*", Condition=condition))
    assert said == f"${{{variable.lower()}}} is compared with a key that has patterns: no classes of both are derived"


@pytest.mark.parametrize("deny", [{"StringNotEquals": {WHO: "${aws:username}"}}, {"StringNotLike": {WHO: "s*"}}])
def test_patterns_of_a_deny_count_as_those_of_an_allow(deny: dict[str, Any]) -> None:
    spared, allow = next(iter(deny)), {"StringLike": {WHO: "s*"}, "StringEquals": {WHO: "${aws:username}"}}
    rest = {name: keys for name, keys in allow.items() if name.replace("String", "StringNot") != spared}
    added = adding(Principal=ROOT, Condition=rest), adding(Sid="D", Effect="Deny", Principal="*", Condition=deny)
    assert "${aws:username} is compared with a key that has patterns" in reported(without(), *added)


@pytest.mark.parametrize("variable", ["aws:username", "aws:PrincipalTag/t"])
@pytest.mark.parametrize(
    ("operator", "value"),
    [
        ("NumericLessThan", "5"),
        ("DateLessThan", "2030-01-01"),
        ("IpAddress", "10.0.0.0/8"),
        ("StringEqualsIgnoreCase", "a"),
    ],
)
def test_a_variable_beside_another_reading_of_its_key_has_no_classes(variable: str, operator: str, value: str) -> None:
    condition = {"StringEquals": {WHO: f"${{{variable}}}"}, operator: {WHO: value}}
    said = reported(without(), adding(Principal=ROOT, Condition=condition))
    assert f"{WHO.lower()} is compared with ${{{variable}}} and by {operator}: no classes are derived" in said


@pytest.mark.parametrize("variable", ["aws:PrincipalTag/t", "aws:username"])
@pytest.mark.parametrize(
    ("names", "one"),
    [("kms:EncryptionContextKeys", "kms:EncryptionContext:who"), ("aws:TagKeys", "aws:RequestTag/who")],
)
def test_a_variable_may_be_the_name_of_a_pair_that_a_condition_asks_for(variable: str, names: str, one: str) -> None:
    """The list has the names of all pairs (AWS KMS guide, conditions-kms), and a principal may have one as a tag."""
    listed = {"ForAllValues:StringLike": {names: f"${{{variable}}}"}, "Null": {one: "false"}}
    action = "kms:Decrypt" if names.startswith("kms") else "kms:TagResource"
    opened = adding(Principal=ROOT, Action=action, Condition=listed)
    assert proved(without(), opened).verdict == "refuted"


def test_a_variable_alone_on_its_key_is_followed() -> None:
    opened = adding(Principal=ROOT, Condition={"StringEquals": {WHO: "${aws:username}"}})
    assert kinds_of(proved(without(), opened)) == {Kind.OUTSIDER}


@pytest.mark.parametrize(
    "key", ["sts:RoleSessionName", "sts:ExternalId", "sts:SourceIdentity", "aws:RequestTag/tenant_id"]
)
def test_a_session_that_is_named_after_its_user_by_a_pattern_has_no_classes(key: str) -> None:
    condition = {"StringEquals": {key: "${aws:username}"}, "StringLike": {key: "ac*"}}
    said = reported(trusting(condition, {"AWS": "arn:aws:iam::222222222222:root"}))
    assert said == "${aws:username} is compared with a key that has patterns: no classes of both are derived"


@pytest.mark.parametrize("value", [KEY_OF_GLOBEX, f"n-{KEY_OF_GLOBEX}", f"*{KEY_OF_GLOBEX}*"])
@pytest.mark.parametrize("key", ["aws:PrincipalTag/x", "aws:username", "aws:userid", "kms:EncryptionContext:tenant_id"])
def test_an_id_in_a_condition_of_a_key_policy_is_one_that_somebody_may_have(key: str, value: str) -> None:
    """A role's or a key's id is a legal name, tag and context, and known once the resource exists."""
    said = reported(without(), adding(Principal=ROOT, Condition={"StringLike": {key: value}}))
    assert f"{key.lower()} is compared with {value}, an id that AWS has yet to choose" in said


@pytest.mark.parametrize("key", ["sts:RoleSessionName", "sts:ExternalId", "aws:PrincipalTag/x", "aws:PrincipalArn"])
def test_an_id_in_a_condition_of_a_trust_policy_is_one_that_somebody_may_have(key: str) -> None:
    value = f"arn:aws:iam::{CENTRAL}:role/{KEY_OF_GLOBEX}" if key == "aws:PrincipalArn" else KEY_OF_GLOBEX
    said = reported(trusting({"StringEquals": {key: value}}))
    assert f"{key.lower()} is compared with {value}, an id that AWS has yet to choose" in said


@pytest.mark.parametrize(
    "resource",
    [
        f"{KEY}${{aws:PrincipalTag/x}}",
        f"{KEY}${{aws:username}}",
        f"{KEY}${{aws:PrincipalTag/x, 'none'}}",
        f"{KEY}${{aws:PrincipalTag/x}}*",
        f"{KEY}a${{aws:PrincipalTag/x}}",
        f"arn:aws:kms:eu-west-1:{CENTRAL}:${{aws:PrincipalTag/x}}",
    ],
)
@pytest.mark.parametrize("element", ["Resource", "NotResource"])
def test_a_variable_may_be_the_id_of_the_key(resource: str, element: str) -> None:
    """A principal can be tagged with the id of a key that exists (IAM guide, reference_policies_variables)."""

    def edit(templates: Templates) -> None:
        statements = templates.properties("keys", "Keyacme")["KeyPolicy"]["Statement"]
        allow = {"Sid": "A", "Effect": "Allow", "Principal": ROOT, "Action": "kms:Decrypt", element: resource}
        statements.append(allow)

    assert f"{resource} names a key by an id that AWS has yet to choose" in reported(without(), edit)


@pytest.mark.parametrize("key", ["aws:PrincipalTag/x", "aws:username", WHO])
def test_the_second_engine_does_not_understand_an_id_in_a_condition_either(key: str) -> None:
    estate = estate_of()
    templates = templates_of(estate).copy()
    for edit in (without(), adding(Principal=ROOT, Condition={"StringEquals": {key: KEY_OF_GLOBEX}})):
        edit(templates)
    (why,) = second_opinion(templates, estate).not_understood
    assert f"{key.lower()} is compared with an id that AWS has yet to choose" in why
