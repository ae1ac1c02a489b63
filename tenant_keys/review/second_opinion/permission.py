"""When a request is allowed: IAM's evaluation logic, for requests on keys and for sessions of roles.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html (the key policy must allow)

Session policies, permissions boundaries and policies of the organization only take away; left out, more is allowed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tenant_keys.review.second_opinion.principals import ROOT
from tenant_keys.review.second_opinion.request import OneAction
from tenant_keys.review.second_opinion.statements import Statement
from tenant_keys.review.second_opinion.terms import Formula, all_of, any_of, equal, negate

ACROSS_ACCOUNTS: Final = frozenset(
    f"kms:{name}"
    for name in (
        "creategrant",
        "decapsulate",
        "decrypt",
        "derivesharedsecret",
        "describekey",
        "encapsulate",
        "encrypt",
        "generatedatakey",
        "generatedatakeypair",
        "generatedatakeypairwithoutplaintext",
        "generatedatakeywithoutplaintext",
        "generatemac",
        "getkeyrotationstatus",
        "getpublickey",
        "listgrants",
        "reencryptfrom",
        "reencryptto",
        "retiregrant",
        "revokegrant",
        "sign",
        "synchronizemultiregionkey",
        "verify",
        "verifymac",
    )
)
"""What another account may be allowed: cryptographic operations and those named on KMS's page
key-policy-modifying-external-accounts. The permission of KMS's own service-linked role is among them, as no page says
otherwise."""


@dataclass(frozen=True, slots=True)
class Policies:
    """Those that bear on one request."""

    resource: tuple[Statement, ...]
    """Of the key policy or the trust policy."""
    identity: tuple[Statement, ...] | None
    """Of the principal's own policies; None where they may be any: then they allow everything."""


def allowed(request: OneAction, policies: Policies, *, crosses: bool, account: str) -> Formula:
    """Whether IAM allows the request. `account`: of the resource; `crosses`: the action may be used across accounts."""
    principal = request.principal
    own = policies.identity or ()
    denied = any_of(_applies(one, request) for one in (*policies.resource, *own) if not one.allow)
    if denied is True:
        return False
    directly, as_role, named = [], [], []
    for statement in policies.resource:
        if not statement.allow:
            continue
        naming = request.naming(statement)
        if naming.at_all is False:
            continue
        holds = all_of([statement.speaks_of(request.action), request.holds(statement)])
        directly.append(all_of([naming.directly, holds]))
        as_role.append(all_of([naming.as_role, holds]))
        named.append(all_of([naming.at_all, holds]))
    granted = any_of(named)
    if principal.in_account and granted is not False:
        within = equal(principal.account, account)
        by_itself = True if policies.identity is None else any_of(_applies(one, request) for one in own if one.allow)
        suffices = any_of([principal.kind == ROOT, by_itself, all_of([within, any_of([*directly, *as_role])])])
        granted = all_of([granted, any_of([within, crosses]), suffices])
    return all_of([granted, negate(denied)])


def denied(request: OneAction, statements: tuple[Statement, ...]) -> Formula:
    """Whether a Deny among the statements applies to the request."""
    return any_of(_applies(one, request) for one in statements if not one.allow)


def _applies(statement: Statement, request: OneAction) -> Formula:
    named = request.naming(statement).at_all
    if named is False:
        return False
    spoken = statement.speaks_of(request.action)
    if spoken is False:
        return False
    return all_of([named, spoken, request.holds(statement)])
