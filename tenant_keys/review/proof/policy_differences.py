"""A policy compared with the declared one by what it means, and described statement by statement."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final

from tenant_keys.aws_facts.regions import partition_of
from tenant_keys.review.errors import MalformedPolicy
from tenant_keys.review.iam.wildcards import glob, has_wildcard
from tenant_keys.review.meaning import Clause, Meaning, meaning, within
from tenant_keys.review.syntax import parse_document

_Condition = tuple[str, str, frozenset[str]]
_MOST: Final = 4
"""Statements, or names of one kind, in a message."""
_ARN_KEYS: Final = frozenset({"aws:principalarn", "aws:sourcearn"})
"""Their values are ARNs (IAM guide, reference_policies_condition-keys)."""
_BY_TEXT: Final = {"StringEquals": "ArnLike", "StringLike": "ArnLike"} | {
    "StringNotEquals": "ArnNotLike",
    "StringNotLike": "ArnNotLike",
}
_DECIDING: Final = _ARN_KEYS | {
    *("aws:principalaccount", "aws:principalorgid", "aws:principaltype", "aws:securetransport", "aws:sourceaccount"),
}
"""Keys of which one request or another has any value: a condition on them stops some requests and not others."""
_UNDERSTOOD: Final = frozenset({"ArnLike", "ArnNotLike", "Bool", "StringEquals", "StringNotEquals"})
_NAME: Final = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9*?_:/-]+")
"""An action or a condition key; their case decides nothing."""


class Said(Enum):
    """What a policy says, compared with the declared one."""

    SAME = "the same"
    WIDER = "more"
    OTHERWISE = "less, or what is not understood"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a policy says, compared with the declared one."""

    said: Said
    how: str = ""
    """The statements that differ, each with what differs in it."""

    @property
    def sentence(self) -> str:
        """To follow the name of the policy."""
        what = "lets more through than is declared" if self.said is Said.WIDER else "differs from what is declared"
        return f"{what}: {self.how}"


def compare_policies(got: Iterable[Any], declared: Any, region: str, *, idle_denies: bool = False) -> Comparison:
    """What several policies of one principal or resource say together.

    Args:
        got: the policies; any value at all.
        declared: the one policy that they should mean.
        region: decides the partition of account ids.
        idle_denies: whether a Deny of actions that nothing allows changes nothing, as in a key policy.
    """
    documents, partition = list(got), partition_of(region)
    try:
        deployed = [one for document in documents for one in _statements(document, partition)]
        wanted = list(_statements(declared, partition))
    except MalformedPolicy as problem:
        return Comparison(Said.OTHERWISE, str(problem).lstrip(".: "))
    every, all_wanted = _union(deployed), _union(wanted)
    allowed = {clause.action for clause in all_wanted if clause.effect == "Allow"} if idle_denies else None
    idle = {clause for clause in every if _idle(clause, allowed)}
    if every - idle == all_wanted:
        return Comparison(Said.SAME)
    said = Said.WIDER if _lets_more_through(every, all_wanted) else Said.OTHERWISE
    shown = [replace(one, clauses=one.clauses - idle) for one in deployed]
    differences = list(_differences(shown, wanted))
    more = [f"{len(differences) - _MOST} more"] if len(differences) > _MOST else []
    return Comparison(said, _respelled("; ".join([*differences[:_MOST], *more]), [*documents, declared]))


@dataclass(frozen=True, slots=True)
class _Stated:
    """A statement and what it means."""

    label: str
    clauses: Meaning

    def parts(self, clauses: Meaning) -> dict[str, set[Any]]:
        """By element, what the clauses have there."""
        return {
            "Principal": {" ".join(one.principal) for one in clauses if one.principal[0]},
            "Action": {one.action for one in clauses},
            "Resource": {one.resource for one in clauses},
            "Condition": {condition for one in clauses for condition in one.conditions},
        }


def _statements(document: Any, partition: str) -> Iterator[_Stated]:
    tree = parse_document(document, "")
    meaning([document], "", partition)  # raises for elements that are not known
    raw = json.loads(document) if isinstance(document, str) else document
    listed = raw["Statement"] if isinstance(raw["Statement"], list | tuple) else [raw["Statement"]]
    for statement, one in zip(tree.statements, listed, strict=True):
        alone = {**raw, "Statement": [one]}
        yield _Stated(statement.label, frozenset(map(_by_arn, meaning([alone], "", partition))))


def _by_arn(clause: Clause) -> Clause:
    """Text operators on ARNs without wildcards decide as the operators of ARNs do.

    Without its key a negated condition holds with IfExists or not (IAM guide,
    reference_policies_elements_condition_operators).
    """
    return replace(clause, conditions=frozenset(map(_plain, clause.conditions)))


def _plain(condition: _Condition) -> _Condition:
    name, key, values = condition
    base = name.removesuffix("IfExists")
    if "Not" in base and ":" not in name:
        name = base
    as_text = key in _ARN_KEYS and all(one.count(":") >= 5 and not has_wildcard(one) for one in values)
    if base not in _BY_TEXT or not as_text or "${" in "".join(values):
        return name, key, values
    return _BY_TEXT[base] + name[len(base) :], key, values


def _union(statements: Iterable[_Stated]) -> Meaning:
    return frozenset(clause for one in statements for clause in one.clauses)


def _idle(clause: Clause, allowed: set[str] | None) -> bool:
    """Whether a clause denies nothing that is allowed. An Allow by a pattern is never the same as its actions of today.

    It allows what the service adds under that name, too (IAM guide, reference_policies_elements_action).
    """
    if allowed is None or clause.effect != "Deny" or not clause.action or " " in clause.action:
        return False
    return not any(map(glob(((clause.action, False),)), allowed))


def _lets_more_through(deployed: Meaning, declared: Meaning) -> bool:
    """Whether the policy may allow more, or certainly denies less: that a condition stops less has to be understood."""
    for clause in deployed:
        if clause.effect == "Allow" and not any(within(clause, other) for other in declared):
            return True
    for clause in declared:
        if clause.effect == "Deny" and not any(within(clause, other) for other in deployed):
            near = [one for one in deployed if within(clause, _unconditional(one))]
            if all(any(_spares(one, clause.conditions) for one in other.conditions) for other in near):
                return True
    return False


def _unconditional(clause: Clause) -> Clause:
    return replace(clause, conditions=frozenset(), substitutes="${" in clause.resource)


def _spares(condition: _Condition, declared: frozenset[_Condition]) -> bool:
    """Whether a condition of a Deny certainly spares a request that the declared Deny stops."""
    name, key, values = condition[0].removesuffix("IfExists"), condition[1], condition[2]
    if name not in _UNDERSTOOD or "${" in "".join(values):
        return False
    same = [one for one in declared if one[1] == key]
    if not same:
        return key in _DECIDING and not any(set(one) <= set("*?:") for one in values)
    if len(same) > 1 or same[0][0].removesuffix("IfExists") != name:
        return False
    first, second = (values, same[0][2]) if "Not" in name else (same[0][2], values)
    tests = [glob(((one, False),)) for one in second]
    return any(not any(test(one) for test in tests) for one in first)


def _differences(deployed: list[_Stated], declared: list[_Stated]) -> Iterator[str]:
    """Each statement that differs. One that shares most with it is taken for its counterpart."""
    everything, wanted = _union(deployed), _union(declared)
    extra = [(one, one.clauses - wanted) for one in deployed]
    lacking = [(one, one.clauses - everything) for one in declared]
    left = [pair for pair in lacking if pair[1]]
    for one, more in extra:
        if not more:
            continue
        near = max(left, key=lambda pair: _shared(one, pair[0]), default=None)
        if near is not None and _shared(one, near[0]) > 1:
            left.remove(near)
        else:
            near = next((pair for pair in lacking if pair[0].clauses & one.clauses), None)
        if near is None:
            yield f"{one.label} is not declared: {_described(more)}"
        else:
            yield f"{one.label}: {_by_part(one, more, *near)}"
    for one, less in left:
        kept = next((other for other in deployed if other.clauses & one.clauses), None)
        if kept is None:
            yield f"declared and missing: {_described(less)}"
        else:
            yield f"{kept.label}: {_by_part(kept, frozenset(), one, less)}"


def _shared(one: _Stated, other: _Stated) -> int:
    """How many elements of two statements have something in common."""
    if {clause.effect for clause in one.clauses} != {clause.effect for clause in other.clauses}:
        return 0
    first, second = one.parts(one.clauses), other.parts(other.clauses)
    tests = [(glob(((a, False),)), glob(((b, False),)), a, b) for a in first["Action"] for b in second["Action"]]
    actions = any(test(b) or other(a) for test, other, a, b in tests)
    return 2 * actions + sum(bool(first[name] & second[name]) for name in ("Principal", "Resource", "Condition"))


def _by_part(one: _Stated, more: Meaning, declared: _Stated, less: Meaning) -> str:
    has, lacks = one.parts(more), declared.parts(less)
    there, wanted = one.parts(one.clauses), declared.parts(declared.clauses)
    found: list[str] = []
    for name in there:
        gained, lost = has[name] - wanted[name], lacks[name] - there[name]
        if name == "Condition":
            found += _by_value(gained, lost)
            continue
        found += [f"{name} has also {_listed(gained)}"] if gained else []
        found += [f"{name} lacks {_listed(lost)}"] if lost else []
    return ", ".join(found) or f"declared is {_described(less or declared.clauses)}"


def _by_value(gained: set[_Condition], lost: set[_Condition]) -> Iterator[str]:
    before = {one[:2]: one[2] for one in lost}
    for name, key, values in sorted(gained, key=lambda one: one[:2]):
        old = before.pop((name, key), None)
        if old is None:
            yield f"Condition has also {_condition((name, key, values))}"
            continue
        more, less = values - old, old - values
        found = [f"has also {_listed(more)}"] if more else []
        yield f"{name} {key} {' and '.join([*found, *([f'lacks {_listed(less)}'] if less else [])])}"
    for (name, key), values in sorted(before.items()):
        yield f"Condition lacks {_condition((name, key, values))}"


def _condition(condition: _Condition) -> str:
    name, key, values = condition
    return f"{name} {key} {_listed(values)}"


def _described(clauses: Meaning) -> str:
    parts = _Stated("", clauses).parts(clauses)
    effect = " and ".join(sorted({one.effect for one in clauses}))
    whom = f" to {_listed(parts['Principal'])}" if parts["Principal"] else ""
    conditions = sorted(map(_condition, parts["Condition"]))
    where = "" if parts["Resource"] <= {"", "*"} else f" on {_listed(parts['Resource'])}"
    return f"{effect} {_listed(parts['Action'])}{whom}{where}{' if ' + ' and '.join(conditions) if conditions else ''}"


def _listed(names: Iterable[str]) -> str:
    several = sorted("everyone" if name == "* *" else name for name in names)
    rest = [f"{len(several) - _MOST} more"] if len(several) > _MOST else []
    return ", ".join([*several[:_MOST], *rest])


def _respelled(text: str, documents: Iterable[Any]) -> str:
    """Actions and condition keys as the documents spell them."""
    names: Mapping[str, str] = {
        name.lower(): name
        for document in documents
        for name in _NAME.findall(json.dumps(document, default=str))
        if not name.startswith("arn:")
    }
    return _NAME.sub(lambda found: names.get(found[0].lower(), found[0]), text)
