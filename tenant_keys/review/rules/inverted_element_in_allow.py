"""NotAction or NotResource in an Allow also allows every action and resource that AWS adds later.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notaction.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notresource.html
"""

from __future__ import annotations

from collections.abc import Iterator

from tenant_keys.review.rules.model import LintFinding, Policy
from tenant_keys.review.rules.report import finding


def check(policy: Policy) -> Iterator[LintFinding]:
    for statement in policy.statements:
        if not statement.allows:
            continue
        for element, values in (("NotAction", statement.not_actions), ("NotResource", statement.not_resources)):
            if values:
                yield finding(
                    __name__,
                    "error",
                    policy,
                    statement,
                    what=f"{element} in an Allow",
                    why="it grants everything that is not listed, new operations and resources included",
                    fix=f"list the intended values in {element.removeprefix('Not')}",
                )
