"""A Sid may occur only once in a policy; IAM rejects a second one.

"The Sid value must be unique within a JSON policy":
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tenant_keys.review.rules.model import LintFinding, Policy
from tenant_keys.review.rules.report import finding


def check(policy: Policy) -> Iterator[LintFinding]:
    times = Counter(statement.sid for statement in policy.statements if statement.sid)
    reported = set()
    for statement in policy.statements:
        if statement.sid and times[statement.sid] > 1 and statement.sid not in reported:
            reported.add(statement.sid)
            yield finding(
                __name__,
                "error",
                policy,
                statement,
                what=f"Sid {statement.sid} occurs {times[statement.sid]} times",
                why="a Sid must be unique in its policy",
                fix="give each statement a Sid of its own",
            )
