"""kms:ResourceAliases and aws:ResourceTag do not belong in key policies: KMS evaluates them in identity policies only.

https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-resource-aliases
https://docs.aws.amazon.com/kms/latest/developerguide/abac.html
"""

from __future__ import annotations

from collections.abc import Iterator

from tenant_keys.review.rules.model import LintFinding, Policy
from tenant_keys.review.rules.report import finding


def check(policy: Policy) -> Iterator[LintFinding]:
    if policy.kind != "key":
        return
    for statement in policy.statements:
        for test in statement.conditions:
            if test.key == "kms:resourcealiases" or test.key.startswith("aws:resourcetag/"):
                yield finding(
                    __name__,
                    "error",
                    policy,
                    statement,
                    what=f"{test.key} in a key policy",
                    why="the key is valid in identity policies only",
                    fix="use kms:RequestAlias here, or put the condition into the identity policy",
                )
