"""The types of a statement and a document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from tenant_keys.aws_facts.identity_center import is_pattern

Statement: TypeAlias = dict[str, Any]
Document: TypeAlias = dict[str, Any]
Condition: TypeAlias = Mapping[str, Mapping[str, str | list[str]]]

EVERYONE = "*"
"""Only ever the principal of a Deny. `{"AWS": "*"}` might leave out the principals of services."""


def root_of(account: str, partition: str) -> dict[str, str]:
    """The account as principal: it delegates to the account's IAM policies, and session policies still limit.

    Source: AWS KMS guide, key-policy-default; IAM guide, reference_policies_elements_principal.
    """
    return {"AWS": f"arn:{partition}:iam::{account}:root"}


def allow(sid: str, actions: Iterable[str], condition: Condition | None = None, **elements: object) -> Statement:
    """An Allow; `elements` are Principal or Resource."""
    return _statement(sid, "Allow", actions, condition, elements)


def deny(sid: str, actions: Iterable[str], condition: Condition | None = None, **elements: object) -> Statement:
    """A Deny; without a condition it holds for every request."""
    return _statement(sid, "Deny", actions, condition, elements)


def document(statements: Iterable[Statement]) -> Document:
    """A policy document. Without this Version, policy variables would be literal text (IAM guide)."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def only(roles: Iterable[str]) -> Condition:
    """Holds for sessions of exactly these roles, whether or not they exist yet; of a permission set, for its roles.

    `aws:PrincipalArn` of a session is the ARN of its role (IAM guide, reference_policies_condition-keys).
    """
    named = list(roles)
    return {"ArnLike" if any(map(is_pattern, named)) else "ArnEquals": {"aws:PrincipalArn": named}}


def anyone_but(roles: Iterable[str]) -> Condition:
    """Holds for every caller but sessions of these roles, services without a principal ARN included."""
    named = list(roles)
    return {"ArnNotLike" if any(map(is_pattern, named)) else "ArnNotEquals": {"aws:PrincipalArn": named}}


def _statement(
    sid: str, effect: str, actions: Iterable[str], condition: Condition | None, elements: Mapping[str, object]
) -> Statement:
    statement: Statement = {"Sid": sid, "Effect": effect, **elements, "Action": list(actions)}
    if condition:
        statement["Condition"] = {operator: dict(keys) for operator, keys in condition.items()}
    return statement
