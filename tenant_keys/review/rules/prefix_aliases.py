"""A pattern of aliases matches at most one alias of the estate, so that an Allow for one key covers no other key.

The rule applies to kms:RequestAlias and kms:ResourceAliases in an Allow. It compares a pattern with the aliases of all
stacks and those in conditions. Of other patterns it compares the part before the first wildcard.
https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import islice

from tenant_keys.review.rules.model import LintFinding, Policy
from tenant_keys.review.rules.report import finding
from tenant_keys.review.rules.text import VARIABLE, has_wildcard, like
from tenant_keys.review.syntax import Statement

_KEYS = ("kms:requestalias", "kms:resourcealiases")


class PrefixAliases:
    """Gathers aliases and patterns while the policies go by, and compares them at the end."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._patterns: dict[str, tuple[Policy, Statement]] = {}

    def add_alias(self, name: str) -> None:
        """Take note of an alias of the estate."""
        self._names.add(name)

    def add_policy(self, policy: Policy) -> None:
        """Take note of the aliases and patterns in a policy."""
        for statement in policy.statements:
            for test in statement.conditions:
                if test.key in _KEYS:
                    self._add_values(policy, statement, test.values)

    def _add_values(self, policy: Policy, statement: Statement, values: Iterable[str]) -> None:
        for value in values:
            if not has_wildcard(value):
                if "${" not in value:
                    self._names.add(value)
            elif statement.allows:
                self._patterns.setdefault(value, (policy, statement))

    def findings(self) -> Iterator[LintFinding]:
        """Yield a finding for each pattern that matches too much, at the first statement that has it."""
        names = sorted(self._names)
        beginnings = {pattern: _beginning(pattern) for pattern in self._patterns}
        for pattern, (policy, statement) in self._patterns.items():
            others = [f"{other}*" for item, other in beginnings.items() if item != pattern and _covers(pattern, other)]
            matched = [*islice(_matches(pattern, names), 2), *others][:2]
            if len(matched) > 1 or others:
                yield finding(
                    __name__,
                    "error",
                    policy,
                    statement,
                    what=f"{pattern} matches {' and '.join(matched)}",
                    why="a pattern for one alias also gives access to the key of the other",
                    fix="write each alias in full, with StringEquals",
                )


def _expression(pattern: str) -> str:
    return VARIABLE.sub("*", pattern)


def _beginning(pattern: str) -> str:
    return _expression(pattern).replace("?", "*").partition("*")[0]


def _covers(pattern: str, name: str) -> bool:
    return like(_expression(pattern)).fullmatch(name) is not None


def _matches(pattern: str, names: list[str]) -> Iterator[str]:
    beginning = _beginning(pattern)
    for index in range(bisect_left(names, beginning), len(names)):
        if not names[index].startswith(beginning):
            return
        if _covers(pattern, names[index]):
            yield names[index]
