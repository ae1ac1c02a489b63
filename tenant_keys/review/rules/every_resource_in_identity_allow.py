"""Resource "*" in an Allow of an identity policy reaches keys of other accounts: an alias does not imply an account.

The rule ignores operations without a resource, such as kms:ListAliases, which accept only "*".
https://docs.aws.amazon.com/kms/latest/developerguide/iam-policies-best-practices.html
"""

from __future__ import annotations

from collections.abc import Iterator

from tenant_keys.review.iam import catalogue
from tenant_keys.review.rules.model import LintFinding, Policy
from tenant_keys.review.rules.report import finding


def check(policy: Policy) -> Iterator[LintFinding]:
    if policy.kind != "identity":
        return
    for statement in policy.statements:
        if not statement.allows or "*" not in statement.resources:
            continue
        if statement.actions and all(_takes_no_resource(action) for action in statement.actions):
            continue
        yield finding(
            __name__,
            "error",
            policy,
            statement,
            what='Resource "*" in an Allow',
            why="it covers resources of every account that allows the access, whatever alias they have there",
            fix="name the keys, or arn:aws:kms:<region>:<account>:key/* of the key account",
        )


def _takes_no_resource(action: str) -> bool:
    service, _, name = action.partition(":")
    try:
        free = catalogue.actions_on(service.lower(), "")
    except LookupError:
        return False
    return name.lower() in {each.partition(":")[2].lower() for each in free}
