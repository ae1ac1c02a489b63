"""The words of a refusal. Source: IAM guide, troubleshoot_access-denied; AWS KMS guide, policy-evaluation."""

from __future__ import annotations

from tenant_keys.review.iam import Decision

HIDDEN = (
    "because the resource does not exist in this Region, no resource-based policies allow access, "
    "or a resource-based policy explicitly denies access"
)


def denial_message(
    who: str, action: str, resource: str, decision: Decision | None, *, hidden: bool, known: bool
) -> str:
    """What the caller reads.

    `hidden`: the resource is another account's, and AWS does not tell which policy refused. `known`: the caller named
    the key; else the ciphertext did, and AWS does not repeat the key's ARN.
    """
    start = f"User: {who} is not authorized to perform: {action}"
    if not known:
        return f"{start} on the resource associated with this ciphertext {HIDDEN}"
    if hidden:
        return f"{start} on resource: {resource} {HIDDEN}"
    if decision is None:
        return f"{start} on resource: {resource}"
    return decision.reason
