"""ForAllValues or ForAnyValue on a single-valued key is at best noise: ForAllValues is true for an absent key.

KMS rejects ForAllValues on kms:EncryptionContext:… and aws:RequestTag/… with OverlyPermissiveCondition:
https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
The reference does not list keys of a web identity provider (idp.example.com:amr), so the rule ignores them.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenant_keys.review.iam.catalogue import is_multivalued
from tenant_keys.review.rules.model import LintFinding, Policy
from tenant_keys.review.rules.report import finding


def check(policy: Policy) -> Iterator[LintFinding]:
    for statement in policy.statements:
        for test in statement.conditions:
            if not test.operator.qualifier or is_multivalued(test.key) or "." in test.key.partition(":")[0]:
                continue
            yield finding(
                __name__,
                "error",
                policy,
                statement,
                what=f"{test.spelled} on {test.key}, which is single-valued",
                why="ForAllValues is true for an absent key, and KMS rejects it for some keys",
                fix=f"write {test.spelled.rpartition(':')[2]}",
            )
