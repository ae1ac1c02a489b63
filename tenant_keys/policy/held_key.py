"""What a tenant that holds its key itself pastes into its key policy, so that our sessions may use the key.

Each Allow is to the key account's root with a condition on `aws:PrincipalArn`: a role that is deleted and made again
keeps its access, and the role need not exist when the policy is saved, as KMS demands of a principal by name (AWS KMS
API, PutKeyPolicy). Two Denies hold even where the tenant's policy allows our account more elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tenant_keys.manifest import Estate, Tenant, Workload
from tenant_keys.policy import actions, names
from tenant_keys.policy.statement import Condition, Statement, allow, anyone_but, deny, only, root_of

NONCE_CONTEXT: Final = "tenant_keys_registration"
"""Key of the encryption context that carries the nonce while control of a key is shown. Data never carries it."""
_NONCE: Final = f"kms:EncryptionContext:{NONCE_CONTEXT}"
_TENANT: Final = f"kms:EncryptionContext:{names.TENANT_TAG}"
_TAG: Final = f"aws:PrincipalTag/{names.TENANT_TAG}"


def owner_statements(tenant: Tenant, estate: Estate, nonce: str | None) -> list[Statement]:
    """The statements, for the policy of each of the tenant's keys; with a nonce, one that shows control of the key."""
    return [*_uses(tenant, estate, nonce), *_denies(tenant, estate)]


def _uses(tenant: Tenant, estate: Estate, nonce: str | None) -> Iterator[Statement]:
    principal = root_of(estate.central.account, estate.central.partition)
    within = {"aws:PrincipalOrgID": estate.organization} if estate.organization else {}
    for shared, kind in ((False, "Role"), (True, "SharedRole")):
        users = [one for one in tenant.workloads if (one.access != "tenant-role") is shared]
        own = {**within, **({_TAG: tenant.id} if shared else {})}
        for operation, of in actions.USE.items():
            if roles := [_role(tenant, one, estate) for one in users if operation in one.operations]:
                name = operation.title().replace("-", "")
                asked: Condition = {
                    **only(roles),
                    "StringEquals": {**own, _TENANT: tenant.id},
                    "Null": {_NONCE: "true"},
                }
                yield allow(f"TenantKeys{name}Through{kind}", of, asked, Principal=principal, Resource="*")
        if users:
            roles = [_role(tenant, one, estate) for one in users]
            described = {**only(roles), **({"StringEquals": own} if own else {})}
            yield allow(
                f"TenantKeysDescribeThrough{kind}", actions.DESCRIBE, described, Principal=principal, Resource="*"
            )
            if nonce is not None:
                proof = {**only(roles), "StringEquals": {**own, _TENANT: tenant.id, _NONCE: nonce}}
                of = ("kms:Decrypt", "kms:GenerateDataKey")
                yield allow(f"TenantKeysProveControlThrough{kind}", of, proof, Principal=principal, Resource="*")


def _denies(tenant: Tenant, estate: Estate) -> Iterator[Statement]:
    """No other principal of our account uses the key, and none passes it on."""
    principal = root_of(estate.central.account, estate.central.partition)
    roles = [_role(tenant, one, estate) for one in tenant.workloads]
    yield deny("TenantKeysNobodyElse", actions.CRYPTOGRAPHIC, anyone_but(roles), Principal=principal, Resource="*")
    yield deny("TenantKeysNoGrants", ("kms:CreateGrant",), Principal=principal, Resource="*")


def _role(tenant: Tenant, workload: Workload, estate: Estate) -> str:
    if workload.access == "tenant-role":
        return names.tenant_role_arn(tenant.id, workload, estate)
    return names.shared_role_arn(workload, estate)
