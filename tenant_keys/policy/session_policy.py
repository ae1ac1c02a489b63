"""The session policy that a workload passes when it assumes an access role: a safety net, since it writes it itself."""

from __future__ import annotations

from tenant_keys.policy import actions, names
from tenant_keys.policy.statement import Document, allow, document


def session_policy(tenant_id: str, central_account: str) -> Document:
    """Narrows any access role to one tenant's alias and encryption context, in every Region."""
    keys = names.keys_of_account(["*"], central_account)
    alias = {"kms:RequestAlias": names.alias_name(tenant_id)}
    context = {f"kms:EncryptionContext:{names.TENANT_TAG}": tenant_id}
    use = sorted(action for operation in actions.USE.values() for action in operation)
    return document(
        [
            allow("UseOwnTenantKey", use, {"StringEquals": alias | context}, Resource=keys),
            allow("DescribeOwnTenantKey", actions.DESCRIBE, {"StringEquals": alias}, Resource=keys),
        ]
    )
