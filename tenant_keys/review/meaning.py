"""Policies compared by what they mean: order, lists of one, spelling and Sids decide nothing.

A statement holds for a request if one of its principals, one of its actions and one of its resources match and every
condition does (IAM guide, reference_policies_evaluation-logic). So it says the same as one statement for each
combination of them, and a policy is the set of these.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from tenant_keys.review.errors import MalformedPolicy
from tenant_keys.review.syntax import Condition, Document, Statement, parse_document

_STATEMENT: Final = frozenset(
    {
        *("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"),
    }
)
_DOCUMENT: Final = frozenset({"Version", "Id", "Statement"})
_ACCOUNT: Final = re.compile(r"\d{12}", re.ASCII)
_SAME: Final[Mapping[str, str]] = {"ArnEquals": "ArnLike", "ArnNotEquals": "ArnNotLike"}
"""Operators that behave identically (IAM guide, reference_policies_elements_condition_operators)."""
_POSITIVE: Final = frozenset({"ArnLike", "StringEquals", "StringLike"})
"""Operators that hold for one of their values: with fewer of them, for less."""
_WILD: Final = re.compile(r"[*?]")
UNIQUE_ID: Final = re.compile(r"(?:AROA|AIDA)[A-Z0-9]{12,}", re.ASCII)
"""What is in a policy for a role or user that was deleted (IAM guide, reference_identifiers, unique identifiers)."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One combination of a statement's principals, actions and resources."""

    effect: str
    principal: tuple[str, str]
    action: str
    resource: str
    conditions: frozenset[tuple[str, str, frozenset[str]]]
    substitutes: bool
    """Whether `${` begins a variable in it."""


Meaning = frozenset[Clause]


def meaning(documents: Iterable[Mapping[str, Any] | str], where: str, partition: str) -> Meaning:
    """What several policies of one principal or resource say together.

    Raises:
        MalformedPolicy: one has not the form of a policy, or has an element that is not known.
    """
    return frozenset(clause for document in documents for clause in _clauses(document, where, partition))


def _clauses(raw: Mapping[str, Any] | str, where: str, partition: str) -> Iterable[Clause]:
    document = parse_document(raw, where)
    if unknown := document.members - _DOCUMENT:
        raise MalformedPolicy(where, sorted(unknown), "Version, Id and Statement")
    for statement in document.statements:
        if unknown := statement.elements - _STATEMENT:
            raise MalformedPolicy(f"{where} {statement.label}", sorted(unknown), ", ".join(sorted(_STATEMENT)))
        yield from _combinations(statement, document, partition)


def _combinations(statement: Statement, document: Document, partition: str) -> Iterable[Clause]:
    conditions = frozenset(_condition(one) for one in statement.conditions)
    substitutes = document.substitutes and any("${" in value for value in statement.values())
    effect = "Allow" if statement.allows else "Deny"
    for principal in _principals(statement, partition):
        for action in _names(statement.actions, statement.not_actions, str.lower):
            for resource in _names(statement.resources, statement.not_resources, str):
                yield Clause(effect, principal, action, resource, conditions, substitutes)


def _names(names: tuple[str, ...], inverted: tuple[str, ...], spelled: Any) -> Iterable[str]:
    """Each name; an inverted list is one thing."""
    if inverted:
        return ["not " + ", ".join(sorted({spelled(name) for name in inverted}))]
    return [spelled(name) for name in names] or [""]


def _principals(statement: Statement, partition: str) -> Iterable[tuple[str, str]]:
    if statement.not_principals:
        inverted = sorted({" ".join(_principal(one, partition)) for one in statement.not_principals})
        return [("not", ", ".join(inverted))]
    return [_principal(one, partition) for one in statement.principals] or [("", "")]


def _principal(principal: tuple[str, str], partition: str) -> tuple[str, str]:
    """`"*"` and `{"AWS": "*"}` are equivalent, an account id and its root ARN too (IAM guide, elements_principal)."""
    kind, name = principal
    if kind == "AWS" and name == "*":
        return "*", "*"
    if kind == "AWS" and _ACCOUNT.fullmatch(name):
        return kind, f"arn:{partition}:iam::{name}:root"
    return principal


@lru_cache(maxsize=4096)
def _condition(condition: Condition) -> tuple[str, str, frozenset[str]]:
    operator = condition.operator
    name = _SAME.get(operator.name, operator.name)
    spelled = f"{operator.qualifier}:{name}" if operator.qualifier else name
    values = condition.values
    if name in ("Bool", "Null"):
        values = tuple(value.lower() for value in values)
    return spelled + ("IfExists" if operator.if_exists else ""), condition.key, frozenset(values)


def wider(deployed: Meaning, expected: Meaning) -> bool:
    """Whether the policy may let more through: an Allow or the lack of a Deny that nothing expected makes up for.

    Where it is not wider it may still be narrower.
    """
    return not all(
        any(within(clause, other) for other in (expected if clause.effect == "Allow" else deployed))
        for clause in (
            {one for one in deployed if one.effect == "Allow"} | {one for one in expected if one.effect == "Deny"}
        )
    )


def within(clause: Clause, other: Clause) -> bool:
    """Whether whatever the clause holds for, the other holds for too; False where that is not known."""
    if clause == other:
        return True
    return (
        clause.effect == other.effect
        and not (clause.substitutes or other.substitutes)
        and (other.principal in (clause.principal, ("*", "*")))
        and (clause.action == other.action or _matched(other.action, clause.action))
        and (other.resource in (clause.resource, "*"))
        and all(any(_implies(one, wanted) for one in clause.conditions) for wanted in other.conditions)
    )


def _matched(pattern: str, action: str) -> bool:
    if pattern == "*":
        return True
    if pattern.startswith("not ") or action.startswith("not ") or _WILD.search(action):
        return False
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), action) is not None


def _implies(condition: tuple[str, str, frozenset[str]], wanted: tuple[str, str, frozenset[str]]) -> bool:
    """Whether a condition that holds makes the wanted one hold: fewer values, or one that takes an absent key too."""
    name, key, values = condition
    if key != wanted[1]:
        return False
    if name == wanted[0] or f"{name}IfExists" == wanted[0]:
        return values == wanted[2] or (name in _POSITIVE and values <= wanted[2])
    if not ({name, wanted[0]} <= _POSITIVE and values <= wanted[2] and all(map(_is_arn, values))):
        return False
    return wanted[0] != "StringEquals" or not any(_WILD.search(value) for value in values)


def _is_arn(value: str) -> bool:
    """Whether a pattern says the same as text and as ARN: with wildcards in its last part alone, which takes any text.

    Each of the six parts of an ARN is compared by itself (IAM guide, reference_policies_elements_condition_operators).
    """
    parts = value.split(":", 5)
    return len(parts) == 6 and parts[0] == "arn" and not any(map(_WILD.search, parts[:5]))


@dataclass(frozen=True, slots=True)
class Difference:
    """What one policy says and the other does not, as sentences."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    replaced_by_id: tuple[tuple[str, str], ...] = ()
    """Principals of which the expected policy has the ARN and the deployed one the unique id."""


def difference(expected: Meaning, deployed: Meaning) -> Difference | None:
    """None where both mean the same."""
    if expected == deployed:
        return None
    added, removed = deployed - expected, expected - deployed
    return Difference(_shown(added), _shown(removed), _replaced(added, removed))


def _replaced(added: Meaning, removed: Meaning) -> tuple[tuple[str, str], ...]:
    """Where that is the whole difference: deleted principals, whose unique ids AWS shows in place of their ARNs."""
    by_rest: defaultdict[Hashable, list[str]] = defaultdict(list)
    for clause in removed:
        by_rest[_rest(clause), clause.action].append(clause.principal[1])
    pairs = set()
    for clause in added:
        before = by_rest[_rest(clause), clause.action]
        if not UNIQUE_ID.fullmatch(clause.principal[1]) or len(before) != 1:
            return ()
        pairs.add((before[0], clause.principal[1]))
    return tuple(sorted(pairs)) if len(added) == len(removed) else ()


def _rest(clause: Clause) -> Hashable:
    return clause.effect, clause.principal[0], clause.resource, clause.conditions


def _shown(clauses: Meaning) -> tuple[str, ...]:
    """Clauses that differ by their action alone, in one sentence."""
    alike: defaultdict[Hashable, list[Clause]] = defaultdict(list)
    for clause in clauses:
        alike[_rest(clause), clause.principal].append(clause)
    return tuple(sorted(_sentence(several) for several in alike.values()))


def _sentence(several: list[Clause]) -> str:
    one = several[0]
    actions = ", ".join(sorted({clause.action for clause in several}))
    whom = {"": "", "*": " to everyone"}.get(one.principal[0], f" to {' '.join(one.principal)}")
    where = "" if one.resource in ("", "*") else f" on {one.resource}"
    conditions = sorted(f"{key} {name} {', '.join(sorted(values))}" for name, key, values in one.conditions)
    return f"{one.effect} {actions}{whom}{where}{' if ' + ' and '.join(conditions) if conditions else ''}"
