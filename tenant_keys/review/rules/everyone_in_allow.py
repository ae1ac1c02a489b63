"""Principal "*" in an Allow is every principal, and session policies and boundaries do not limit such an Allow.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

from collections.abc import Iterator

from tenant_keys.review.rules.model import LintFinding, Policy
from tenant_keys.review.rules.report import finding


def check(policy: Policy) -> Iterator[LintFinding]:
    for statement in policy.statements:
        if statement.allows and any(name == "*" for _, name in statement.principals):
            yield finding(
                __name__,
                "error",
                policy,
                statement,
                what='Principal "*" in an Allow',
                why="a condition may narrow it, but session policies and permissions boundaries do not limit it",
                fix="allow the account root with a condition on aws:PrincipalArn",
            )
