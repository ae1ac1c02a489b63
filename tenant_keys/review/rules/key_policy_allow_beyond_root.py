"""A key policy allows only the account root; any other principal would need no identity policy of the account.

The root delegates to IAM, where identity and session policies still limit. A role in `Principal` is bound to its unique
id, and the statement stops working when the role is re-created. Session policies do not limit a session or "*".
https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tenant_keys.manifest.stack_names import is_audit_stack
from tenant_keys.review.rules.model import LintFinding, Policy
from tenant_keys.review.rules.report import finding

_PUBLISHERS = frozenset({"cloudwatch.amazonaws.com", "events.amazonaws.com"})
"""They publish on an encrypted topic in their own names (SNS guide, sns-key-management)."""
_ACCOUNT = re.compile(r"([0-9]{12})|arn:[a-z-]+:iam::([0-9]{12}):root")


def check(policy: Policy) -> Iterator[LintFinding]:
    if policy.kind != "key":
        return
    for statement in policy.statements:
        if not statement.allows:
            continue
        for kind, name in statement.principals:
            if kind == "AWS" and _is_root(name, policy.place.account):
                continue
            if kind == "Service" and name in _PUBLISHERS and _encrypts_a_topic(policy):
                continue
            yield finding(
                __name__,
                "error",
                policy,
                statement,
                what=f"the key policy allows {kind} {name}",
                why="this principal may use the key without an identity policy of the key's account",
                fix=f"allow arn:aws:iam::{policy.place.account}:root with a condition on aws:PrincipalArn",
            )


def _encrypts_a_topic(policy: Policy) -> bool:
    """Whether it is the key of an audit topic, at which no alias points; the proof compares its whole policy."""
    return policy.place.logical_id == "AuditKey" and is_audit_stack(policy.place.stack)


def _is_root(name: str, account: str) -> bool:
    match = _ACCOUNT.fullmatch(name)
    return match is not None and account in match.groups()
