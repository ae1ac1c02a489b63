"""A Deny whose conditions contradict each other never denies anything.

The rule decides this exactly for keys with one value: if no exact value fulfils every condition of the statement, or if
a condition requires a value of a key that must be absent. It ignores all other conditions.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
"""

from __future__ import annotations

from collections.abc import Iterator

from tenant_keys.review.iam.catalogue import is_multivalued
from tenant_keys.review.rules.model import LintFinding, Policy
from tenant_keys.review.rules.report import finding
from tenant_keys.review.rules.text import has_variable, like
from tenant_keys.review.syntax import Condition, Statement

_EXACT = "StringEquals"
_POSITIVE = frozenset({_EXACT, "StringLike", "StringEqualsIgnoreCase", "ArnEquals", "ArnLike"})


def check(policy: Policy) -> Iterator[LintFinding]:
    for statement in policy.statements:
        if statement.allows:
            continue
        for key in _contradicted(statement):
            yield finding(
                __name__,
                "error",
                policy,
                statement,
                what=f"no request fulfils all conditions of the Deny on {key}",
                why="all conditions of a statement must be true, so this Deny never applies",
                fix="write one Deny for each condition",
            )


def _contradicted(statement: Statement) -> Iterator[str]:
    by_key: dict[str, list[Condition]] = {}
    for test in statement.conditions:
        by_key.setdefault(test.key, []).append(test)
    for key, tests in by_key.items():
        if len(tests) > 1 and not is_multivalued(key):
            plain = [test for test in tests if not (test.operator.qualifier or test.operator.if_exists)]
            if _needs_absent_and_present(plain) or _leaves_no_value(plain):
                yield key


def _needs_absent_and_present(tests: list[Condition]) -> bool:
    absent = any(test.operator.is_null and set(test.values) == {"true"} for test in tests)
    return absent and any(test.operator.name in _POSITIVE for test in tests)


def _leaves_no_value(tests: list[Condition]) -> bool:
    tests = [test for test in tests if not any(map(has_variable, test.values))]
    exact = [test for test in tests if test.operator.name == _EXACT]
    return bool(exact) and not any(all(_holds(test, value) for test in tests) for value in exact[0].values)


def _holds(test: Condition, value: str) -> bool:
    match test.operator.name:
        case "StringEquals":
            return value in test.values
        case "StringNotEquals":
            return value not in test.values
        case "StringLike":
            return any(like(pattern).fullmatch(value) for pattern in test.values)
        case "StringNotLike":
            return not any(like(pattern).fullmatch(value) for pattern in test.values)
    return True
