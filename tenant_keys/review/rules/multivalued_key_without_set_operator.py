"""A multivalued key needs ForAnyValue or ForAllValues; without a set operator the compared value is undefined.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from __future__ import annotations

from collections.abc import Iterator

from tenant_keys.review.iam.catalogue import is_multivalued
from tenant_keys.review.rules.model import LintFinding, Policy
from tenant_keys.review.rules.report import finding


def check(policy: Policy) -> Iterator[LintFinding]:
    for statement in policy.statements:
        for test in statement.conditions:
            if test.operator.qualifier or test.operator.is_null or not is_multivalued(test.key):
                continue
            yield finding(
                __name__,
                "error",
                policy,
                statement,
                what=f"{test.spelled} on {test.key}, which is multivalued",
                why="AWS does not define which of the values the operator compares",
                fix=f"write ForAnyValue:{test.spelled} if one value is enough, else ForAllValues: and a Null condition",
            )
