"""ForAllValues or ForAnyValue on a key with one value is at best noise: ForAllValues holds where the key is absent.

KMS rejects ForAllValues on kms:EncryptionContext:… and aws:RequestTag/… with OverlyPermissiveCondition:
https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
Keys of a web identity provider (idp.example.com:amr) are in no catalogue and are left alone.
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
                what=f"{test.spelled} on {test.key}, which has one value",
                why="ForAllValues holds where the key is absent, and KMS rejects it for some keys",
                fix=f"write {test.spelled.rpartition(':')[2]}",
            )
