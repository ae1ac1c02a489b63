"""A Deny by kms:TrailingDaysWithoutKeyUsage may delay the deletion of a key, but never prevent disabling it.

Both actions carry the key, and AWS's example denies both. A key in use could then not be disabled, and revoking a
customer would have to wait for the days in the Deny.
https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
"""

from __future__ import annotations

from collections.abc import Iterator

from tenant_keys.review.iam.elements import action_tests
from tenant_keys.review.rules.model import LintFinding, Policy
from tenant_keys.review.rules.report import finding
from tenant_keys.review.syntax import Statement

_KEY = "kms:trailingdayswithoutkeyusage"
_DISABLE = "kms:disablekey"


def check(policy: Policy) -> Iterator[LintFinding]:
    for statement in policy.statements:
        if statement.allows or not any(test.key == _KEY for test in statement.conditions):
            continue
        if _speaks_of_disabling(statement):
            yield finding(
                __name__,
                "error",
                policy,
                statement,
                what=f"the Deny prevents kms:DisableKey by {_KEY}",
                why="a key in use could not be disabled, so revoking a customer would have to wait",
                fix="deny only kms:ScheduleKeyDeletion by this condition key",
            )


def _speaks_of_disabling(statement: Statement) -> bool:
    tests = action_tests(statement.actions or statement.not_actions, "Action")
    return any(test(_DISABLE) for test in tests) is bool(statement.actions)
