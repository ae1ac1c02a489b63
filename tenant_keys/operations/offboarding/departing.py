"""A tenant that leaves, as manifest and lock name it: where its key is looked for, and what was declared of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tenant_keys.aws_facts.regions import partition_of
from tenant_keys.manifest import Lock, Manifest, load_manifests, read_lock
from tenant_keys.manifest.lock import Entry, Phase
from tenant_keys.manifest.resolution import person_arn
from tenant_keys.operations.errors import TransitionRefused, UnknownTenant
from tenant_keys.policy import names


@dataclass(frozen=True, slots=True)
class Departing:
    """What AWS is asked about, and how the deletion is scheduled."""

    tenant: str
    """As the manifest calls it."""
    id_in_aws: str
    """As alias and tags call it: the same, unless the estate gives opaque names."""
    phase: Phase
    account: str
    """The key account."""
    primary_region: str
    regions: tuple[str, ...]
    """All of the estate, in which a multi-Region key may have had replicas."""
    alias_arn: str
    """In the primary Region. It stays with the key until AWS KMS deletes both (AWS KMS guide, deleting-keys)."""
    key_arn: str | None
    """Of a multi-Region key whose id the lock has."""
    window_days: int
    break_glass: str
    """ARN of the only role that may schedule a deletion; of a permission set, the pattern of its roles."""


def departing(manifest: Path, tenant: str) -> Departing:
    """The tenant by its line in the lock, which stays when the manifest forgets the tenant.

    Raises:
        UnknownTenant: the lock has no such line.
        TransitionRefused: the tenant does not leave, or the manifest says otherwise than the lock.
        EstateError: manifest or lock cannot be read.
    """
    manifests, lock = load_manifests(manifest), read_lock(manifest.with_suffix(".lock"))
    entry = lock.entries.get(tenant)
    if entry is None:
        raise UnknownTenant(f"{manifest.stem}.lock: no line of {tenant}; see: tenant-keys tenant list")
    account = lock.holder(entry).account
    written = next((one for one in manifests.values() if one.central.account == account), None)
    if written is None:
        raise TransitionRefused(
            f"{manifest.name} central: lists no key account {account}, which holds the key of {tenant}; restore it "
            "until the key is deleted"
        )
    if entry.origin == "held":
        raise TransitionRefused(
            f"{manifest.stem}.lock: {tenant} holds its key in an account of its own; there is no key to delete "
            "here, and "
            "only its owner can document the deletion"
        )
    declared = written.tenants.get(tenant)
    if entry.phase is None or (declared is not None and declared.state != entry.phase):
        state = declared.state if declared else "nothing"
        raise TransitionRefused(
            f"{manifest.name} tenants.{tenant}.state: got {state}, and the lock has phase {entry.phase or 'none'}; run "
            "tenant-keys lock, or start with: tenant-keys tenant offboard " + tenant
        )
    return _of(entry, entry.phase, lock, written)


def _of(entry: Entry, phase: Phase, lock: Lock, manifest: Manifest) -> Departing:
    region, partition = entry.primary_region, partition_of(entry.primary_region)
    account = lock.holder(entry).account
    here = f"arn:{partition}:kms:{region}:{account}"
    declared = manifest.tenants.get(entry.tenant)
    return Departing(
        tenant=entry.tenant,
        id_in_aws=entry.id_in_aws,
        phase=phase,
        account=account,
        primary_region=region,
        regions=manifest.central.regions,
        alias_arn=f"{here}:{names.alias_name(entry.id_in_aws, lock.naming)}",
        key_arn=f"{here}:key/{entry.key_id}" if entry.key_id else None,
        window_days=(declared and declared.deletion_window_days) or manifest.defaults.deletion_window_days,
        break_glass=person_arn(manifest, manifest.central.break_glass),
    )
