"""Without Version 2012-10-17 a policy variable is plain text: `${aws:PrincipalTag/…}` means a tenant of that name.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
"""

from __future__ import annotations

from collections.abc import Iterator

from tenant_keys.review.rules.model import LintFinding, Policy
from tenant_keys.review.rules.report import finding


def check(policy: Policy) -> Iterator[LintFinding]:
    if policy.version != "2012-10-17":
        yield finding(
            __name__,
            "error",
            policy,
            None,
            what="no Version" if policy.version is None else f"Version {policy.version}",
            why="policy variables are then plain text",
            fix='add "Version": "2012-10-17"',
        )
