"""Whether an Allow on a key that a tenant holds stays within what the manifest declares, and what it lacks if not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from tenant_keys.manifest import Tenant
from tenant_keys.review.proof.promise import CONTEXT_KEY, TAG, Use
from tenant_keys.review.syntax import Condition, Statement

DESCRIBE: Final = "kms:describekey"
"""Beside the operations of a workload: it has no encryption context."""
_NOT_LITERAL: Final = re.compile(r"[*?$]")
_EXACT: Final = frozenset({"StringEquals", "StringLike", "ForAnyValue:StringEquals", "ForAnyValue:StringLike"})
"""Over a key of one value, any value is that value; of an absent key there is none, so none of these holds."""
_EXACT_IF_PRESENT: Final = frozenset(
    {"StringEqualsIfExists", "StringLikeIfExists", "ForAllValues:StringEquals", "ForAllValues:StringLike"}
)
"""These hold of an absent key as well (IAM guide, reference_policies_condition-single-vs-multi-valued-context-keys)."""
_SPELLED: Final = {CONTEXT_KEY: f"kms:EncryptionContext:{TAG}", f"aws:principaltag/{TAG}": f"aws:PrincipalTag/{TAG}"}
_UNDERSTOOD: Final = frozenset({"Sid", "Effect", "Action", "Resource", "Condition"})


def is_within(statement: Statement, tenant: Tenant, use: Use) -> bool:
    """Whether an Allow allows nothing but declared requests.

    All conditions of a statement must hold (IAM guide,
    reference_policies_condition-logic-multiple-context-keys-or-values),
    so none beside the declared ones widens it.
    """
    return _is_about(statement, tenant, use) and not _loose(statement, tenant, use)


def is_as_declared(statement: Statement, tenant: Tenant, use: Use) -> bool:
    """Whether an Allow has the declared conditions, word for word and no other."""
    declared = {("StringEquals", key, (tenant.id,)) for key in _pinned(statement, use)}
    return set(map(_plain, statement.conditions)) == declared


def not_held_to(statement: Statement, uses: Sequence[tuple[Tenant, Use]]) -> str:
    """The one thing that an Allow lacks to be declared: the condition on a key, in words; empty where it is another."""
    for tenant, use in uses:
        if _is_about(statement, tenant, use) and (loose := _loose(statement, tenant, use)):
            return f" where {' or '.join(_SPELLED[key] for key in loose)} is not {tenant.id}"
    return ""


def _is_about(statement: Statement, tenant: Tenant, use: Use) -> bool:
    """Whether actions and resources are declared, whatever the conditions."""
    if tenant.held is None or not statement.allows or statement.elements - _UNDERSTOOD:
        return False
    asked = {action.lower() for action in statement.actions}
    return set(statement.resources) <= set(tenant.held.arns) and asked <= {*use.actions, DESCRIBE}


def _pinned(statement: Statement, use: Use) -> list[str]:
    """The keys whose value is the tenant in every declared request."""
    describes = {action.lower() for action in statement.actions} == {DESCRIBE}
    return [*([] if describes else [CONTEXT_KEY]), *([f"aws:principaltag/{TAG}"] if use.shared else [])]


def _loose(statement: Statement, tenant: Tenant, use: Use) -> list[str]:
    return [key for key in _pinned(statement, use) if not _leaves(statement, key, tenant.id)]


def _leaves(statement: Statement, key: str, value: str) -> bool:
    """Whether a statement holds for no other value of a key: StringLike without wildcards is StringEquals."""
    on_key = [one for one in statement.conditions if one.key == key]
    present = any(one.spelled == "Null" and set(map(str.lower, one.values)) == {"false"} for one in on_key)
    operators = _EXACT | _EXACT_IF_PRESENT if present else _EXACT
    exact = [
        set(one.values) for one in on_key if one.spelled in operators and not any(map(_NOT_LITERAL.search, one.values))
    ]
    return exact != [] and set.intersection(*exact) <= {value}


def _plain(condition: Condition) -> tuple[str, str, tuple[str, ...]]:
    return condition.spelled, condition.key, condition.values
