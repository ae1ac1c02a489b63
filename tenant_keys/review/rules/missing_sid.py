"""Every statement has a Sid, because each decision is reported with the Sid of the statement that made it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html
"""

from __future__ import annotations

from collections.abc import Iterator

from tenant_keys.review.rules.model import LintFinding, Policy
from tenant_keys.review.rules.report import finding


def check(policy: Policy) -> Iterator[LintFinding]:
    for statement in policy.statements:
        if statement.sid is None:
            yield finding(
                __name__,
                "warning",
                policy,
                statement,
                what="no Sid",
                why="no decision could be traced to the statement",
                fix="add a Sid that is a phrase, such as UseOwnTenantKey",
            )
