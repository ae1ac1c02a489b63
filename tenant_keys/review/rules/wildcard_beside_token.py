"""A wildcard beside a tenant's name or a policy variable also matches every tenant whose name continues from there.

`alias/tenant-a*` matches alias/tenant-acme. The rule accepts a pattern of wildcards alone, which only requires the key,
and a Deny that the wildcard makes wider. It reports a negated Deny, which the wildcard makes narrower.
https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tenant_keys.review.rules.model import LintFinding, Policy
from tenant_keys.review.rules.report import finding
from tenant_keys.review.rules.text import has_wildcard, is_presence_pattern
from tenant_keys.review.syntax import Statement

# Keys whose whole value says which tenant it is.
_CHOOSE_TENANT = (
    "aws:principaltag/",
    "aws:requesttag/",
    "kms:encryptioncontext:",
    "kms:requestalias",
    "kms:resourcealiases",
)
_BESIDE_VARIABLE = re.compile(r"\$\{[^}*?$]*\}[*?]|[*?]\$\{[^}*?$]*\}")
_BESIDE_NAME = re.compile(r"\btenant-[A-Za-z0-9-]*[*?]")


def check(policy: Policy) -> Iterator[LintFinding]:
    for statement in policy.statements:
        for element, pattern in _patterns(statement):
            yield finding(
                __name__,
                "error",
                policy,
                statement,
                what=f"{element} has the pattern {pattern}",
                why="the wildcard also matches present and future tenants whose names begin or end alike",
                fix="write the name in full, or end the pattern at a / or : that no name contains",
            )


def _patterns(statement: Statement) -> Iterator[tuple[str, str]]:
    for pattern in statement.resources if statement.allows else statement.not_resources:
        if _BESIDE_VARIABLE.search(pattern) or _BESIDE_NAME.search(pattern):
            yield "Resource" if statement.allows else "NotResource", pattern
    for test in statement.conditions:
        if not test.operator.name.endswith(("Like", "ArnEquals", "ArnNotEquals")):
            continue
        if not statement.allows and not test.operator.negated:
            continue
        chooses = test.key.startswith(_CHOOSE_TENANT)
        for pattern in test.values:
            if not has_wildcard(pattern) or is_presence_pattern(pattern):
                continue
            if chooses or _BESIDE_VARIABLE.search(pattern) or _BESIDE_NAME.search(pattern):
                yield f"{test.spelled} {test.key}", pattern
