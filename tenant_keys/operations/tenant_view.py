"""One tenant as people ask about it: its key, where it is, and who may use it how."""

from __future__ import annotations

from dataclasses import dataclass

from tenant_keys.manifest import Estate, Lock, Tenant, Workload, stack_names
from tenant_keys.manifest.lock import Entry
from tenant_keys.manifest.model import Naming
from tenant_keys.policy import names


@dataclass(frozen=True, slots=True)
class User:
    """A workload that uses the tenant's key."""

    workload: str
    may: tuple[str, ...]
    """decrypt, encrypt, re-encrypt."""
    role: str
    """ARN of the access role, in the key account."""
    assumed_by: str
    """ARN of the role that assumes it, or the issuer whose tokens do."""
    chosen_by: str
    """What says which tenant a session is for."""
    stack: str


@dataclass(frozen=True, slots=True)
class TenantView:
    """What `tenant-keys tenant show` says."""

    id: str
    state: str
    alias: str
    aliases: tuple[str, ...]
    """ARNs that can be named today, that of the key's own Region first; of keys, where the tenant holds them itself."""
    key: str
    """Key material and, once known, the multi-Region id."""
    regions: tuple[str, ...]
    """The Region where the key was created first."""
    replicas_wait: bool
    """Whether replicas wait for `tenant-keys lock --record`."""
    rotation: str
    decrypt_by: str
    deletion_window_days: int
    users: tuple[User, ...]
    """Empty while offboarding."""
    stacks: tuple[str, ...]
    """Of key, alias and replicas."""
    tags: dict[str, str]


@dataclass(frozen=True, slots=True)
class Departed:
    """What is left of an offboarded tenant: its line in the lock."""

    id: str
    state: str
    alias: str
    """Retained with the key until break-glass has the key deleted."""
    origin: str
    regions: tuple[str, ...]
    """Where the key was created."""
    key_id: str | None
    """Of a multi-Region key, once recorded."""


def departed(entry: Entry, naming: Naming) -> Departed:
    """What the lock says of a tenant that left."""
    alias = names.alias_name(entry.id_in_aws, naming)
    return Departed(entry.tenant, "offboarded", alias, entry.origin, (entry.primary_region,), entry.key_id)


def view(tenant: Tenant, estate: Estate) -> TenantView:
    """Everything about one tenant of the estate."""
    regions = _regions(tenant, estate)
    deployed = regions if tenant.multi_region_key_id or tenant.held else regions[:1]
    aliases = tuple(names.alias_arn(tenant.id, region, estate) for region in deployed)
    return TenantView(
        id=tenant.manifest_id,
        state=tenant.state,
        alias="none of ours" if tenant.held else names.alias_name(tenant.id, estate.naming),
        aliases=tuple(tenant.held.active.values()) if tenant.held else aliases,
        key=_key(tenant),
        regions=regions,
        replicas_wait=len(deployed) < len(regions),
        rotation=_rotation(tenant),
        decrypt_by="ARN" if tenant.held else tenant.decrypt_by,
        deletion_window_days=tenant.deletion_window_days,
        users=() if tenant.state == "offboarding" else tuple(_user(w, tenant, estate) for w in tenant.workloads),
        stacks=stacks(tenant, estate),
        tags=dict(sorted({**estate.tags, **tenant.tags}.items())),
    )


def stacks(tenant: Tenant, estate: Estate) -> tuple[str, ...]:
    """The stacks that hold the tenant's key, and its replicas once they can be made; none where it holds the key."""
    if tenant.held is not None:
        return ()
    primary, cell = tenant.primary_region, tenant.cell
    others = [region for region in estate.central.regions if region != primary and tenant.multi_region_key_id]
    replicas = (stack_names.replica_stack(region, primary, cell, estate.naming) for region in others)
    return (stack_names.key_stack(primary, cell, estate.naming), *replicas)


def _regions(tenant: Tenant, estate: Estate) -> tuple[str, ...]:
    """The Regions of the tenant's key, the primary one first."""
    if tenant.held is not None:
        return tuple(sorted({*tenant.held.registered, *tenant.held.active}))
    primary = tenant.primary_region
    return (primary, *(region for region in names.key_regions(tenant, estate) if region != primary))


def _key(tenant: Tenant) -> str:
    if tenant.held is not None:
        active = set(tenant.held.active.values())
        keys = [f"{arn} ({'active' if arn in active else 'registered'})" for arn in tenant.held.arns]
        return f"held by the tenant: {', '.join(keys)}"
    origin = "AWS makes the key material"
    if tenant.import_role:
        expiry = "must expire" if tenant.material_expires else "does not expire"
        who = f"{tenant.custodian.role}, through {tenant.import_role}," if tenant.custodian else tenant.import_role
        origin = f"{who} imports the key material, which {expiry}"
    multi_region = (
        f"; multi-Region, {tenant.multi_region_key_id or 'id not recorded yet'}" if tenant.multi_region else ""
    )
    return origin + multi_region


def _rotation(tenant: Tenant) -> str:
    if tenant.held is not None:
        return "by its owner"
    if tenant.origin == "imported":
        return "by importing new material"
    every = f"every {tenant.rotation_days} days" if tenant.rotation_days else "off"
    return every if tenant.state == "active" else f"{every}; AWS rotates no disabled key"


def _user(workload: Workload, tenant: Tenant, estate: Estate) -> User:
    match workload.access:
        case "tenant-role":
            role, chosen = names.tenant_role_arn(tenant.id, workload, estate), "which role is assumed"
            stack = stack_names.role_stack(tenant.role_cells[workload.name], estate.naming)
        case "session-tag":
            role, chosen = names.shared_role_arn(workload, estate), f"session tag tenant_id={tenant.id}"
            stack = stack_names.shared_access(estate.naming)
        case "web-identity":
            role, chosen = names.shared_role_arn(workload, estate), f"tag tenant_id={tenant.id} in the signed token"
            stack = stack_names.shared_access(estate.naming)
    issuer = workload.identity_provider.issuer if workload.identity_provider else None
    assumed_by = f"{issuer}, audience {workload.audience}" if issuer else names.workload_role_arn(workload, estate)
    return User(workload.name, workload.operations, role, assumed_by, chosen, stack)


@dataclass(frozen=True, slots=True)
class Row:
    """A tenant in the list."""

    id: str
    state: str
    workloads: tuple[str, ...]
    regions: tuple[str, ...]
    key: str
    cell: str


def rows(estate: Estate, lock: Lock, *, state: str | None = None, workload: str | None = None) -> list[Row]:
    """Tenants in the order of ids, those that left included: their ids stay reserved."""
    found = [_row(tenant, estate) for tenant in estate.tenants.values()]
    gone = [entry for entry in lock.entries.values() if entry.phase == "offboarded"]
    found += [Row(entry.tenant, "offboarded", (), (entry.primary_region,), entry.origin, "-") for entry in gone]
    return sorted(
        (row for row in found if state in (None, row.state) and (workload is None or workload in row.workloads)),
        key=lambda row: row.id,
    )


def _row(tenant: Tenant, estate: Estate) -> Row:
    cell = "-" if tenant.held else f"{tenant.primary_region}-{tenant.cell:03d}"
    workloads = tuple(workload.name for workload in tenant.workloads)
    return Row(tenant.manifest_id, tenant.state, workloads, _regions(tenant, estate), tenant.origin, cell)
