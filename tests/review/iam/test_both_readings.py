"""Where AWS's documents leave a rule open, a policy is read both ways: so that more is allowed, and so that less is.

The proof asks the first for what must be refused and the second for what must go through (docs/iam-readings.md).
"""

from __future__ import annotations

from typing import Any

import pytest

from tenant_keys.review.iam import Policies, Policy, Principal, PrincipalKind, Request, authorize

ACCOUNT = "111111111111"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/i-1"
USER = f"arn:aws:iam::{ACCOUNT}:user/ann"
CALLERS = {
    "session": Principal(
        PrincipalKind.ROLE_SESSION, arn=SESSION, account=ACCOUNT, role_arn=ROLE, tags={"one": "1", "wild": "*"}
    ),
    "user": Principal(PrincipalKind.USER, arn=USER, account=ACCOUNT),
    "root": Principal(PrincipalKind.ROOT_USER, arn=f"arn:aws:iam::{ACCOUNT}:root", account=ACCOUNT),
    "federated": Principal(
        PrincipalKind.FEDERATED_USER, arn=f"arn:aws:sts::{ACCOUNT}:federated-user/bob", account=ACCOUNT
    ),
    "service": Principal(PrincipalKind.SERVICE, arn="s3.amazonaws.com"),
    "token": Principal(PrincipalKind.FEDERATED, arn="cognito-identity.amazonaws.com"),
    "nobody": Principal(PrincipalKind.ANONYMOUS),
}
NO = (False, False)
YES = (True, True)
OPEN = (True, False)
"""Allowed where doubt allows, refused where it does not."""


def both(caller: str, statements: list[dict[str, Any]], context: dict[str, Any] | None = None) -> tuple[bool, bool]:
    """Whether a key policy allows kms:Decrypt, read so that more is allowed and so that less is."""
    request = Request(CALLERS[caller], "kms:Decrypt", KEY, ACCOUNT, context or {})
    found = []
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    for in_doubt in (True, False):
        identity = Policy.parse({"Statement": everything}, name="identity", kind="identity")
        document = {"Version": "2012-10-17", "Statement": statements}
        policy = Policy.parse(document, name="key policy", kind="resource", grants_in_doubt=in_doubt)
        own = (identity,) if CALLERS[caller].in_account else ()
        found.append(authorize(request, Policies(identity=own, resource=policy)).allowed)
    return found[0], found[1]


def statement(effect: str, **elements: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": "kms:Decrypt", "Resource": "*", **elements}


ANYBODY = statement("Allow", Principal="*")


@pytest.mark.parametrize(
    ("caller", "spared", "allowed"),
    [
        ("session", {"AWS": ACCOUNT}, OPEN),
        ("session", {"AWS": ROLE}, OPEN),
        ("session", {"AWS": [ACCOUNT, ROLE]}, OPEN),
        ("session", {"AWS": [ACCOUNT, SESSION]}, OPEN),
        ("session", {"AWS": [ROLE, SESSION]}, OPEN),
        ("session", {"AWS": [ACCOUNT, ROLE, SESSION]}, YES),
        ("session", {"AWS": "222222222222"}, NO),
        ("session", {"AWS": "*"}, YES),
        ("session", "*", YES),
        ("user", {"AWS": ACCOUNT}, OPEN),
        ("user", {"AWS": USER}, OPEN),
        ("user", {"AWS": [ACCOUNT, USER]}, YES),
        ("root", {"AWS": ACCOUNT}, YES),
        ("root", {"AWS": "222222222222"}, NO),
        ("service", {"Service": "s3.amazonaws.com"}, YES),
        ("service", {"Service": "ec2.amazonaws.com"}, NO),
        ("service", {"AWS": "*"}, OPEN),
        ("service", "*", YES),
        ("nobody", "*", YES),
        ("nobody", {"AWS": "*"}, YES),
        ("nobody", {"AWS": ACCOUNT}, NO),
    ],
)
def test_whom_not_principal_spares(caller: str, spared: object, allowed: tuple[bool, bool]) -> None:
    assert both(caller, [ANYBODY, statement("Deny", NotPrincipal=spared)]) == allowed


@pytest.mark.parametrize(
    ("caller", "denied", "allowed"),
    [
        ("session", {"AWS": ACCOUNT}, OPEN),
        ("session", {"AWS": ROLE}, NO),
        ("session", {"AWS": SESSION}, NO),
        ("user", {"AWS": ACCOUNT}, OPEN),
        ("root", {"AWS": ACCOUNT}, NO),
        ("federated", {"AWS": USER}, OPEN),
        ("federated", {"AWS": "arn:aws:iam::222222222222:user/ann"}, YES),
        ("federated", {"AWS": ROLE}, YES),
        ("service", {"AWS": "*"}, OPEN),
        ("token", {"AWS": "*"}, OPEN),
        ("nobody", {"AWS": "*"}, NO),
        ("service", "*", NO),
    ],
)
def test_whom_a_deny_names(caller: str, denied: object, allowed: tuple[bool, bool]) -> None:
    assert both(caller, [ANYBODY, statement("Deny", Principal=denied)]) == allowed


@pytest.mark.parametrize(
    ("caller", "named", "allowed"),
    [
        ("session", {"AWS": ACCOUNT}, YES),
        ("session", {"AWS": "*"}, YES),
        ("service", {"AWS": "*"}, OPEN),
        ("service", {"AWS": ["*", ACCOUNT]}, OPEN),
        ("token", {"AWS": "*"}, OPEN),
        ("nobody", {"AWS": "*"}, YES),
        ("nobody", {"AWS": ACCOUNT}, NO),
        ("service", {"Service": "s3.amazonaws.com"}, YES),
        ("service", {"Service": "ec2.amazonaws.com"}, NO),
    ],
)
def test_whom_an_allow_names(caller: str, named: object, allowed: tuple[bool, bool]) -> None:
    assert both(caller, [statement("Allow", Principal=named)]) == allowed


SEVERAL = "kms:ResourceAliases"


@pytest.mark.parametrize(
    ("operator", "value", "allowed"),
    [
        ("ForAnyValue:StringEquals", None, NO),
        ("ForAnyValue:StringEquals", ("x",), NO),
        ("ForAnyValue:StringEquals", ("x", "a"), YES),
        ("ForAnyValue:StringEqualsIfExists", None, OPEN),
        ("ForAnyValue:StringNotEquals", None, OPEN),
        ("ForAnyValue:StringNotEquals", ("",), OPEN),
        ("ForAnyValue:StringNotEquals", ("a",), NO),
        ("ForAnyValue:StringNotEquals", ("a", "x"), YES),
        ("ForAllValues:StringEquals", None, YES),
        ("ForAllValues:StringEquals", ("",), OPEN),
        ("ForAllValues:StringEquals", ("a", ""), NO),
        ("ForAllValues:StringEquals", ("a", "b"), YES),
        ("ForAllValues:StringEquals", ("a", "x"), NO),
        ("ForAllValues:StringNotEquals", ("x", "y"), YES),
        ("ForAllValues:StringNotEquals", ("x", "a"), NO),
    ],
)
def test_what_a_set_of_values_fulfils_in_an_allow(operator: str, value: Any, allowed: tuple[bool, bool]) -> None:
    one = statement("Allow", Principal="*", Condition={operator: {SEVERAL: ["a", "b"]}})
    assert both("session", [one], {} if value is None else {SEVERAL: value}) == allowed


@pytest.mark.parametrize(
    ("operator", "value", "allowed"),
    [
        ("ForAnyValue:StringEquals", None, YES),
        ("ForAnyValue:StringEqualsIfExists", None, OPEN),
        ("ForAnyValue:StringNotEquals", None, OPEN),
        ("ForAnyValue:StringNotEquals", ("",), OPEN),
        ("ForAnyValue:StringNotEquals", ("x",), NO),
        ("ForAllValues:StringEquals", None, NO),
        ("ForAllValues:StringEquals", ("",), OPEN),
        ("ForAllValues:StringEquals", ("x",), YES),
        ("ForAllValues:StringEquals", ("a",), NO),
    ],
)
def test_what_a_set_of_values_fulfils_in_a_deny(operator: str, value: Any, allowed: tuple[bool, bool]) -> None:
    one = statement("Deny", Principal="*", Condition={operator: {SEVERAL: ["a", "b"]}})
    assert both("session", [ANYBODY, one], {} if value is None else {SEVERAL: value}) == allowed


@pytest.mark.parametrize(
    ("effect", "element", "pattern", "allowed"),
    [
        ("Allow", "Resource", KEY, YES),
        ("Allow", "Resource", f"arn:aws:kms:*:{ACCOUNT}:key/*", YES),
        ("Allow", "Resource", "arn:aws:kms:eu-west-1:*:1", NO),
        ("Allow", "Resource", "arn:*:key/1:*:*:*", NO),
        ("Allow", "Resource", "arn:aws:kms:eu-west-1:111111111111:key/${aws:PrincipalTag/none}", NO),
        ("Allow", "Resource", "arn:aws:kms:eu-west-1:111111111111:key/${aws:PrincipalTag/one}", YES),
        ("Allow", "Resource", "arn:aws:kms:eu-west-1:111111111111:key/${aws:PrincipalTag/wild}", NO),
        ("Allow", "NotResource", KEY, NO),
        ("Allow", "NotResource", "arn:aws:kms:eu-west-1:111111111111:key/2", YES),
        ("Allow", "NotResource", "arn:aws:kms:eu-west-1:111111111111:key/${aws:PrincipalTag/none}", OPEN),
        ("Deny", "Resource", KEY, NO),
        ("Deny", "Resource", "arn:aws:kms:eu-west-1:111111111111:key/2", YES),
        ("Deny", "Resource", "arn:aws:kms:eu-west-1:111111111111:key/${aws:PrincipalTag/one}", NO),
        ("Deny", "Resource", "arn:aws:kms:eu-west-1:111111111111:key/${aws:PrincipalTag/wild}", YES),
        ("Deny", "NotResource", KEY, YES),
        ("Deny", "NotResource", "arn:aws:kms:eu-west-1:111111111111:key/2", NO),
        ("Deny", "NotResource", "arn:aws:kms:eu-west-1:111111111111:key/${aws:PrincipalTag/none}", OPEN),
    ],
)
def test_what_a_resource_covers(effect: str, element: str, pattern: str, allowed: tuple[bool, bool]) -> None:
    one = {"Effect": effect, "Action": "kms:Decrypt", "Principal": "*", element: pattern}
    assert both("session", [one] if effect == "Allow" else [ANYBODY, one]) == allowed
