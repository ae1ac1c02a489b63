"""NotPrincipal lists exempt principals and treats sessions and re-created roles wrongly; conditions do not.

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
                why="an Allow covers all others, also anonymous ones; a Deny must list role, session and account",
                fix='write a Deny with Principal "*" and ArnNotEquals aws:PrincipalArn',
            )
