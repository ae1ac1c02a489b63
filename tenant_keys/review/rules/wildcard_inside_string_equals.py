"""A wildcard in StringEquals or StringNotEquals matches only the character itself, not other text.

Only StringLike and the Arn operators support wildcards:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

from collections.abc import Iterator

from tenant_keys.review.rules.model import LintFinding, Policy
from tenant_keys.review.rules.report import finding
from tenant_keys.review.rules.text import has_wildcard


def check(policy: Policy) -> Iterator[LintFinding]:
    for statement in policy.statements:
        for test in statement.conditions:
            if not test.operator.name.startswith(("StringEquals", "StringNotEquals")):
                continue
            for value in filter(has_wildcard, test.values):
                yield finding(
                    __name__,
                    "error",
                    policy,
                    statement,
                    what=f"{test.spelled} {test.key} compares with {value}",
                    why="the wildcard is a literal character: an Allow matches nothing, a negated condition everything",
                    fix="write the full value, or use StringLike for a pattern",
                )
