"""The policy of a tenant's key: the strong side, which no mistake in IAM can widen.

Every Allow is to the account root with a condition on `aws:PrincipalArn`: the role need not exist yet, a role that was
deleted and made again keeps its access, and its identity and session policies still limit. Conditions within one
statement are ANDed, so every safeguard is a Deny of its own with one negated condition.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenant_keys.manifest import Central, Estate, Tenant, Workload
from tenant_keys.manifest.model import Operation
from tenant_keys.policy import actions, names
from tenant_keys.policy.statement import (
    EVERYONE,
    Condition,
    Document,
    Statement,
    allow,
    anyone_but,
    deny,
    document,
    only,
    root_of,
)

PRINCIPAL_TAG = f"aws:PrincipalTag/{names.TENANT_TAG}"
CONTEXT = f"kms:EncryptionContext:{names.TENANT_TAG}"
UNUSED_DAYS = "kms:TrailingDaysWithoutKeyUsage"
"""Whole days since the last successful cryptographic operation; of a key that was never used, since its creation or the
start of tracking, whichever is later. Of ScheduleKeyDeletion and DisableKey alone, for each Region's key by itself (AWS
KMS guide, conditions-kms and monitoring-keys-determining-usage)."""


def key_policy(tenant: Tenant, estate: Estate) -> Document:
    """The policy of the tenant's key and of each of its replicas: key policies are not synchronised by KMS."""
    return document(
        [
            *_administration(tenant, estate),
            *_use(tenant, estate),
            *_safeguards(tenant, estate),
        ]
    )


def _allow_root(central: Central, sid: str, of: tuple[str, ...], condition: Condition) -> Statement:
    # In a key policy "*" means this key and no other (AWS KMS guide, key-policy-overview).
    return allow(sid, of, condition, Principal=root_of(central.account, central.partition), Resource="*")


def _deny_everyone(sid: str, of: tuple[str, ...], condition: Condition | None = None) -> Statement:
    return deny(sid, of, condition, Principal=EVERYONE, Resource="*")


def _administration(tenant: Tenant, estate: Estate) -> Iterator[Statement]:
    """For each list of actions an Allow to its roles and a Deny to all others."""
    central = estate.central
    deployers, break_glass = central.deployers, (central.break_glass,)
    managers = (*central.administrators, *break_glass)
    importers = (tenant.import_role,) if tenant.import_role else ()
    # A custodian is a customer: its role reads the materials of its own key, and no policy or grant of it.
    custodians = importers if tenant.custodian else ()
    readers = _distinct(*deployers, *managers, *central.readers, *(() if custodians else importers))
    rotators = importers or central.administrators
    users = (*_tenant_roles(tenant, estate), *_shared_roles(tenant, estate))
    for name, of, roles in (
        ("Deploy", actions.DEPLOY, deployers),
        ("Stop", actions.STOP, _distinct(*deployers, *managers)),
        ("ScheduleDeletion", actions.SCHEDULE_DELETION, break_glass),
        ("CancelDeletion", actions.CANCEL_DELETION, managers),
        ("Rotate", actions.ROTATE, rotators),
    ):
        yield _allow_root(central, name, of, only(roles))
        yield _deny_everyone(f"Deny{name}ByAnyoneElse", of, anyone_but(roles))
    if tenant.unused_days_before_deletion:
        # For break-glass too. Never on DisableKey, which carries the key as well: revocation is immediate. The value
        # is rounded down (AWS KMS guide, conditions-kms); with IfExists the Deny holds also where KMS sends none.
        unused = {"NumericLessThanIfExists": {UNUSED_DAYS: str(tenant.unused_days_before_deletion)}}
        yield _deny_everyone("DenyDeletionOfRecentlyUsedKey", actions.SCHEDULE_DELETION, unused)
    yield _allow_root(central, "Read", (*actions.DESCRIBE, *actions.READ), only(readers))
    others = (*central.auditors.values(), *custodians)
    yield _deny_everyone("DenyReadByAnyoneElse", actions.READ, anyone_but((*readers, *others)))
    yield _deny_everyone("DenyDescribeByAnyoneElse", actions.DESCRIBE, anyone_but((*readers, *others, *users)))
    for auditor, role in central.auditors.items():
        yield from _reads_less(central, auditor.title().replace("-", ""), actions.AUDITOR[auditor], role)
    for role in custodians:
        yield from _reads_less(central, "Custodian", actions.CUSTODIAN_READS, role)
    if importers:
        yield from _import(tenant, estate, importers)
    yield _deny_everyone("DenyToEveryone", actions.NOBODY if importers else (*actions.NOBODY, *actions.IMPORT))


def _reads_less(central: Central, name: str, of: tuple[str, ...], role: str) -> Iterator[Statement]:
    """What an auditor of AWS or a custodian reads, and a Deny of what only the other readers do."""
    yield _allow_root(central, f"ReadBy{name}", of, only([role]))
    other = tuple(action for action in actions.READ if action not in of)
    yield _deny_everyone(f"DenyOtherReadsBy{name}", other, only([role]))


def _import(tenant: Tenant, estate: Estate, importers: tuple[str, ...]) -> Iterator[Statement]:
    """The tenant's own role brings, replaces and withdraws the key material.

    Wrapping and expiry are pinned: kms:WrappingAlgorithm, kms:WrappingKeySpec and kms:ExpirationModel (AWS KMS guide,
    conditions-kms); RSAES_OAEP_SHA_256 with RSA_4096 takes all symmetric material (KMS API, GetParametersForImport).
    """
    parameters, material = ("kms:GetParametersForImport",), ("kms:ImportKeyMaterial",)
    expiry = "KEY_MATERIAL_EXPIRES" if tenant.material_expires else "KEY_MATERIAL_DOES_NOT_EXPIRE"
    wrapping = {"kms:WrappingAlgorithm": "RSAES_OAEP_SHA_256", "kms:WrappingKeySpec": "RSA_4096"}
    yield _allow_root(estate.central, "GetImportParameters", parameters, {**only(importers), "StringEquals": wrapping})
    yield _allow_root(
        estate.central, "ImportMaterial", material, {**only(importers), "StringEquals": {"kms:ExpirationModel": expiry}}
    )
    yield _allow_root(estate.central, "WithdrawMaterial", ("kms:DeleteImportedKeyMaterial",), only(importers))
    yield _deny_everyone("DenyImportByAnyoneElse", actions.IMPORT, anyone_but(importers))


def _use(tenant: Tenant, estate: Estate) -> Iterator[Statement]:
    """What the tenant's access roles may do, one statement for each kind of operation and of role."""
    for operation, of in actions.USE.items():
        yield from _through_roles(tenant, estate, operation.title().replace("-", ""), of, operation)
    yield from _through_roles(tenant, estate, "Describe", actions.DESCRIBE, None)


def _through_roles(
    tenant: Tenant, estate: Estate, verb: str, of: tuple[str, ...], operation: Operation | None
) -> Iterator[Statement]:
    own_tag: Condition = {"StringEquals": {PRINCIPAL_TAG: tenant.id}}
    if tenant_roles := _tenant_roles(tenant, estate, operation):
        yield _allow_root(estate.central, f"{verb}ThroughTenantRole", of, only(tenant_roles))
    if shared_roles := _shared_roles(tenant, estate, operation):
        yield _allow_root(estate.central, f"{verb}ThroughSharedRole", of, {**only(shared_roles), **own_tag})


def _safeguards(tenant: Tenant, estate: Estate) -> Iterator[Statement]:
    """Denies on the cryptographic operations; each alone keeps all principals but the tenant's from plaintext."""
    shared_roles = _shared_roles(tenant, estate)
    users = (*_tenant_roles(tenant, estate), *shared_roles)
    yield _deny_everyone("DenyUseByAnyoneElse", actions.CRYPTOGRAPHIC, anyone_but(users) if users else None)
    if shared_roles:
        yield _deny_everyone(
            "DenySharedRoleOfOtherTenant",
            (*actions.CRYPTOGRAPHIC, *actions.DESCRIBE),
            {**only(shared_roles), "StringNotEquals": {PRINCIPAL_TAG: tenant.id}},
        )
    # Then even someone who re-points an alias gains no plaintext. StringNotEquals also holds where the request names
    # no alias at all (IAM guide, reference_policies_elements_condition_operators).
    by_alias = actions.CRYPTOGRAPHIC if tenant.decrypt_by == "alias" else actions.CRYPTOGRAPHIC_BUT_DECRYPT
    alias = names.alias_name(tenant.id, estate.naming)
    yield _deny_everyone("DenyOtherAlias", by_alias, {"StringNotEquals": {"kms:RequestAlias": alias}})
    yield _deny_everyone("DenyOtherContext", actions.WITH_CONTEXT, {"StringNotEquals": {CONTEXT: tenant.id}})
    if estate.organization:
        yield _deny_everyone(
            "DenyOutsideOrganization",
            (*actions.CRYPTOGRAPHIC, "kms:CreateGrant"),
            {"StringNotEquals": {"aws:PrincipalOrgID": estate.organization}},
        )
    if tenant.state == "suspended":
        # Beside the disabled key: DisableKey is invalid while imported material is pending (KMS guide, key-state).
        yield _deny_everyone("DenyUseWhileSuspended", actions.CRYPTOGRAPHIC)


def _tenant_roles(tenant: Tenant, estate: Estate, operation: Operation | None = None) -> tuple[str, ...]:
    return tuple(
        names.tenant_role_arn(tenant.id, workload, estate)
        for workload in _users(tenant, operation)
        if workload.access == "tenant-role"
    )


def _shared_roles(tenant: Tenant, estate: Estate, operation: Operation | None = None) -> tuple[str, ...]:
    return tuple(
        names.shared_role_arn(workload, estate)
        for workload in _users(tenant, operation)
        if workload.access != "tenant-role"
    )


def _users(tenant: Tenant, operation: Operation | None) -> list[Workload]:
    """Workloads that use the key, for this operation or for any; none while the tenant is being offboarded."""
    if tenant.state == "offboarding":
        return []
    return [workload for workload in tenant.workloads if operation is None or operation in workload.operations]


def _distinct(*roles: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(roles))
