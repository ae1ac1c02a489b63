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
