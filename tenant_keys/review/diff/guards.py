"""Guards that are gone. A redundant one grants nothing when it goes, and would otherwise pass unseen.

Guards are compared by what they say of each action, not by how it is written: a Sid renamed, a statement split or
moved, an action list turned into a pattern are no change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tenant_keys.review.iam.elements import action_tests, strings
from tenant_keys.review.proof.key_access import key_actions
from tenant_keys.review.proof.world import KeyCase, RoleCase

_Condition = tuple[str, str, tuple[str, ...]]
Guard = tuple[str, str, frozenset[_Condition]]
"""Effect, action in lower case, conditions: all of a Deny's together, each of an Allow's alone."""


def lost_guards(before: KeyCase | RoleCase, after: KeyCase | RoleCase) -> list[str]:
    """Guards of the old documents that the new ones lack, as `Sid` or `Sid: operator key`."""
    left = {guard for raw in _documents(after) for guard, _ in _guards(raw)}
    gone = {name for raw in _documents(before) for guard, name in _guards(raw) if guard not in left}
    return sorted(gone)


def _documents(case: KeyCase | RoleCase) -> list[Mapping[str, Any]]:
    if isinstance(case, KeyCase):
        return [case.document.raw]
    return [case.trust.raw, *(document.raw for document in case.identity)]


def _guards(document: Mapping[str, Any]) -> Iterator[tuple[Guard, str]]:
    several = document["Statement"]
    for statement in several if isinstance(several, list) else [several]:
        sid, effect = str(statement.get("Sid", "a statement")), statement["Effect"]
        conditions = list(_conditions(statement.get("Condition", {})))
        for action in _actions(statement):
            if effect == "Deny":
                yield (effect, action, frozenset(conditions)), sid
            else:
                for one in conditions:
                    yield (effect, action, frozenset({one})), f"{sid}: {one[0]} {one[1]}"


def _conditions(condition: Mapping[str, Mapping[str, object]]) -> Iterator[_Condition]:
    for operator, keys in condition.items():
        for key, values in keys.items():
            several = values if isinstance(values, list) else [values]
            yield operator, key.lower(), tuple(sorted(map(str, several)))


def _actions(statement: Mapping[str, Any]) -> list[str]:
    element = "Action" if "Action" in statement else "NotAction"
    patterns = strings(statement[element], element)
    tests = action_tests(patterns, element)
    names = {action.lower() for action in key_actions()} | {p.lower() for p in patterns if not p.startswith("kms:")}
    return [name for name in sorted(names) if any(test(name) for test in tests) is (element == "Action")]
