"""An ARN or ARN pattern has six parts between colons; AWS does not define the meaning of a shorter one.

"Each of the six colon-delimited components of the ARN is checked separately":
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

from collections.abc import Iterator

from tenant_keys.review.rules.model import LintFinding, Policy
from tenant_keys.review.rules.report import finding
from tenant_keys.review.rules.text import VARIABLE
from tenant_keys.review.syntax import Statement

_COLONS = 5


def check(policy: Policy) -> Iterator[LintFinding]:
    for statement in policy.statements:
        for element, pattern in _patterns(statement):
            if VARIABLE.sub("", pattern).count(":") < _COLONS:
                yield finding(
                    __name__,
                    "error",
                    policy,
                    statement,
                    what=f"{element} has {pattern}, which has fewer than six parts",
                    why="each of the six parts of an ARN is compared separately, and some are missing",
                    fix="write all six, such as arn:aws:iam::111111111111:role/name, with * for any value of a part",
                )


def _patterns(statement: Statement) -> Iterator[tuple[str, str]]:
    for element, patterns in (("Resource", statement.resources), ("NotResource", statement.not_resources)):
        yield from ((element, pattern) for pattern in patterns if pattern != "*")
    for test in statement.conditions:
        if test.operator.name.startswith("Arn"):
            yield from ((f"{test.spelled} {test.key}", pattern) for pattern in test.values)
