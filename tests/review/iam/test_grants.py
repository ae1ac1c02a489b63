"""Whom a grant allows what: each operation, each grantee and each pair of the encryption context by hand."""

from __future__ import annotations

import pytest

from tenant_keys.review.iam import Grant, Principal, PrincipalKind, Request

ACCOUNT, OTHER = "111111111111", "222222222222"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ARN = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/i-1"
SESSION = Principal(PrincipalKind.ROLE_SESSION, arn=ARN, account=ACCOUNT, role_arn=ROLE)
USER = Principal(PrincipalKind.USER, arn=f"arn:aws:iam::{ACCOUNT}:user/ann", account=ACCOUNT)
SERVICE = Principal(PrincipalKind.SERVICE, arn="s3.amazonaws.com", account=ACCOUNT)
CONSTRAINED = (
    *("Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "GenerateDataKeyPair"),
    *("GenerateDataKeyPairWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo"),
)
"""Operations with an encryption context (AWS KMS API reference, API_GrantConstraints)."""
UNCONSTRAINED = ("DescribeKey", "CreateGrant", "RetireGrant", "GetPublicKey", "Sign", "Verify", "GenerateMac")


def request(operation: str, context: dict[str, str] | None = None, principal: Principal = SESSION) -> Request:
    given = {f"kms:EncryptionContext:{key}": value for key, value in (context or {}).items()}
    return Request(principal, f"kms:{operation}", KEY, ACCOUNT, given)


@pytest.mark.parametrize("operation", CONSTRAINED)
def test_a_constraint_holds_for_every_operation_with_an_encryption_context(operation: str) -> None:
    for grant in (
        Grant(ROLE, (operation,), encryption_context_equals={"tenant": "acme"}),
        Grant(ROLE, (operation,), encryption_context_subset={"tenant": "acme"}),
    ):
        assert grant.allows(request(operation, {"tenant": "acme"}))
        assert not grant.allows(request(operation, {"tenant": "globex"}))
        assert not grant.allows(request(operation))


@pytest.mark.parametrize("operation", UNCONSTRAINED)
def test_a_constraint_does_not_limit_an_operation_without_an_encryption_context(operation: str) -> None:
    assert Grant(ROLE, (operation,), encryption_context_equals={"tenant": "acme"}).allows(request(operation))


CONTEXTS = {
    "the same": ({"tenant": "acme"}, True, True),
    "a key in other letters": ({"TENANT": "acme"}, True, True),
    "a value in other letters": ({"tenant": "Acme"}, False, False),
    "one more": ({"tenant": "acme", "file": "a"}, False, True),
    "another key": ({"file": "acme"}, False, False),
    "none": ({}, False, False),
}


@pytest.mark.parametrize(("given", "equals", "subset"), CONTEXTS.values(), ids=CONTEXTS)
def test_equals_wants_the_whole_context_and_subset_a_part_of_it(
    given: dict[str, str], equals: bool, subset: bool
) -> None:
    wanted = {"Tenant": "acme"}
    asked = request("Decrypt", given)
    assert Grant(ROLE, ("Decrypt",), encryption_context_equals=wanted).allows(asked) is equals
    assert Grant(ROLE, ("Decrypt",), encryption_context_subset=wanted).allows(asked) is subset
    both = Grant(ROLE, ("Decrypt",), encryption_context_equals=wanted, encryption_context_subset={"x": "y"})
    assert not both.allows(asked)


def test_two_pairs_of_a_constraint_are_both_wanted() -> None:
    wanted = {"tenant": "acme", "file": "a"}
    for constraint in (
        Grant(ROLE, ("Decrypt",), encryption_context_equals=wanted),
        Grant(ROLE, ("Decrypt",), encryption_context_subset=wanted),
    ):
        assert constraint.allows(request("Decrypt", {"tenant": "acme", "file": "a"}))
        assert not constraint.allows(request("Decrypt", {"tenant": "acme", "file": "b"}))
        assert not constraint.allows(request("Decrypt", {"tenant": "acme"}))


GRANTEES = {
    "the session": (ARN, {"session"}),
    "the role": (ROLE, {"session"}),
    "the user": (f"arn:aws:iam::{ACCOUNT}:user/ann", {"user"}),
    "the account": (ROOT, {"session", "user"}),
    "another account": (f"arn:aws:iam::{OTHER}:root", set()),
    "another role": (f"{ROLE}2", set()),
    "a role whose name ends like the account": (f"arn:aws:iam::{ACCOUNT}:role/root", set()),
    "a part of an ARN": (f"arn:aws:iam:{ACCOUNT}:root", set()),
    "the service": ("s3.amazonaws.com", {"service"}),
}


@pytest.mark.parametrize(("grantee", "allowed"), GRANTEES.values(), ids=GRANTEES)
def test_a_grant_is_for_its_grantee_alone(grantee: str, allowed: set[str]) -> None:
    principals = {"session": SESSION, "user": USER, "service": SERVICE}
    grant = Grant(grantee, ("Decrypt",))
    assert {
        name for name, principal in principals.items() if grant.allows(request("Decrypt", principal=principal))
    } == allowed


def test_a_grant_allows_its_operations_of_kms_alone() -> None:
    grant = Grant(ROLE, ("Decrypt", "DescribeKey"))
    assert grant.allows(request("Decrypt"))
    assert grant.allows(request("describekey"))
    assert not grant.allows(request("Encrypt"))
    assert not grant.allows(Request(SESSION, "sts:Decrypt", KEY, ACCOUNT))
