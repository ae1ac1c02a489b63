"""NotPrincipal names those who are left out, and gets sessions and roles made again wrong; conditions do not.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
"""

from __future__ import annotations

from collections.abc import Iterator

from tenant_keys.review.rules.model import LintFinding, Policy
from tenant_keys.review.rules.report import finding


def check(policy: Policy) -> Iterator[LintFinding]:
    for statement in policy.statements:
        if statement.not_principals:
            yield finding(
                __name__,
                "error",
                policy,
                statement,
                what="NotPrincipal",
                why="an Allow reaches everyone else, the anonymous too; a Deny needs role, session and account listed",
                fix='write a Deny with Principal "*" and ArnNotEquals aws:PrincipalArn',
            )
