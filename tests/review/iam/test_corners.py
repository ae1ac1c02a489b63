"""Corners of the evaluator, each with both outcomes."""

from __future__ import annotations

import pytest

from tenant_keys.review.iam import Policies, Policy, Principal, PrincipalKind, Request, UnsupportedPolicy, authorize

ACCOUNT = "111111111111"
USER = Principal(PrincipalKind.USER, arn=f"arn:aws:iam::{ACCOUNT}:user/ann", account=ACCOUNT, tags={"t": "red"})
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"


def _holds(condition: dict[str, object], context: dict[str, str], principal: Principal = USER) -> bool:
    allow = {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*", "Condition": condition}
    policy = Policy.parse({"Version": "2012-10-17", "Statement": allow}, name="p", kind="resource")
    request = Request(principal, "kms:Decrypt", KEY, ACCOUNT, context)
    return authorize(request, Policies(resource=policy)).allowed


@pytest.mark.parametrize("default", ["'o'clock'", "'''", "'a' 'b'"])
def test_a_quote_inside_a_default_is_refused(default: str) -> None:
    with pytest.raises(UnsupportedPolicy, match="quote"):
        _holds({"StringEquals": {"test:key": f"${{aws:PrincipalTag/none, {default}}}"}}, {"test:key": "x"})


@pytest.mark.parametrize(("spared", "expected"), [("*", True), ({"AWS": "*"}, True), ({"AWS": USER.arn}, True)])
def test_a_deny_with_not_principal_spares_whom_it_names(spared: object, expected: bool) -> None:
    statements = [
        {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"},
        {"Effect": "Deny", "NotPrincipal": spared, "Action": "kms:*", "Resource": "*"},
    ]
    policy = Policy.parse({"Version": "2012-10-17", "Statement": statements}, name="p", kind="resource")
    assert authorize(Request(USER, "kms:Decrypt", KEY, ACCOUNT), Policies(resource=policy)).allowed is expected
    other = Principal(PrincipalKind.USER, arn=f"arn:aws:iam::{ACCOUNT}:user/bob", account=ACCOUNT)
    named = isinstance(spared, dict) and spared != {"AWS": "*"}
    assert authorize(Request(other, "kms:Decrypt", KEY, ACCOUNT), Policies(resource=policy)).allowed is not named


OTHER_KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/2"


@pytest.mark.parametrize(
    ("element", "resources", "allowed"),
    [
        ("Resource", "*", True),
        ("Resource", [OTHER_KEY, "*"], True),
        ("Resource", OTHER_KEY, False),
        ("NotResource", "*", False),
        ("NotResource", [OTHER_KEY, "*"], False),
        ("NotResource", OTHER_KEY, True),
    ],
)
def test_a_star_among_resources_is_every_resource(element: str, resources: object, allowed: bool) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "kms:*", element: resources}
    policy = Policy.parse({"Version": "2012-10-17", "Statement": statement}, name="p", kind="resource")
    assert authorize(Request(USER, "kms:Decrypt", KEY, ACCOUNT), Policies(resource=policy)).allowed is allowed


def test_a_value_that_no_condition_can_judge_is_reported_with_its_statement() -> None:
    """Only a request shows that the key has several values: the policy is in order."""
    fine = {"Sid": "Fine", "Effect": "Allow", "Principal": "*", "Action": "kms:ListKeys", "Resource": "*"}
    condition = {"StringEquals": {"test:key": "a"}}
    second = {**fine, "Sid": "Second", "Action": "kms:Decrypt", "Condition": condition}
    policy = Policy.parse({"Version": "2012-10-17", "Statement": [fine, second]}, name="key policy", kind="resource")
    with pytest.raises(UnsupportedPolicy) as caught:
        authorize(Request(USER, "kms:Decrypt", KEY, ACCOUNT, {"test:key": ("a", "b")}), Policies(resource=policy))
    assert str(caught.value) == (
        'key policy.Statement[1]: got "Second"; test:key: several values of a key need ForAnyValue or ForAllValues'
    )


@pytest.mark.parametrize(("value", "fits"), [("arn:aws:s3:::b/red:1", True), ("arn:aws:s3:::b/red:", False)])
def test_the_value_of_a_variable_may_hold_colons_in_the_last_part_of_an_arn(value: str, fits: bool) -> None:
    tagged = Principal(PrincipalKind.USER, arn=str(USER.arn), account=ACCOUNT, tags={"t": "red:"})
    assert (
        _holds({"ArnLike": {"test:arn": "arn:aws:s3:::b/${aws:PrincipalTag/t}?"}}, {"test:arn": value}, tagged) is fits
    )


def test_a_condition_key_outside_ascii_is_refused() -> None:
    with pytest.raises(UnsupportedPolicy, match="a condition key in ASCII"):
        _holds({"StringEquals": {"aws:PrincipalTag/\u00c4": "x"}}, {})
