"""What a change of the estate does to keys, roles and use, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tenant_keys.manifest import Estate, Tenant, Workload
from tenant_keys.policy import names

_STATE = {
    ("active", "suspended"): "{use} refused; key, alias and roles stay; clients use cached data keys for up to 300 s",
    ("suspended", "active"): "{use} allowed again, as before",
    ("offboarding", "active"): "{use} allowed again, as before",
    ("active", "offboarding"): "{use} refused for good, unless it is resumed; key and alias stay",
    ("suspended", "offboarding"): "{use} stays refused, unless it is resumed; key and alias stay",
}


def describe_change(before: Estate, after: Estate) -> list[str]:
    """What the next deployment does, tenant by tenant in the order of ids; empty where nothing changes."""
    said: list[str] = []
    for tenant in sorted(before.tenants.keys() | after.tenants.keys()):
        old, new = before.tenants.get(tenant), after.tenants.get(tenant)
        if old is None and new is not None:
            said += _created(new, after)
        elif old is not None and new is None:
            said += _gone(old, before)
        elif old is not None and new is not None and old != new:
            said += _changed(old, new, after)
    if not said and before != after:
        said.append("more than tenants changes; run tenant-keys diff")
    return said


def _created(tenant: Tenant, estate: Estate) -> Iterator[str]:
    if tenant.held is not None:
        yield f"creates no key for {tenant.manifest_id}: it holds {', '.join(tenant.held.arns)} itself"
        yield from _roles_appear(tenant, tenant.workloads, estate)
        return
    origin = f"without key material, until {tenant.import_role} imports it" if tenant.import_role else "made by AWS"
    rotation = f"rotated every {tenant.rotation_days} days" if tenant.rotation_days else "not rotated by AWS"
    yield (
        f"creates the key of {tenant.manifest_id} in {tenant.primary_region}, {origin}, {rotation}, "
        f"and {names.alias_name(tenant.id, estate.naming)}, in key cell {tenant.cell}"
    )
    for region in names.key_regions(tenant, estate):
        if region != tenant.primary_region:
            yield f"replicates it to {region}, once tenant-keys lock --record has its id"
    if tenant.state == "suspended":
        yield f"the key of {tenant.manifest_id} is created disabled"
    yield from _roles_appear(tenant, tenant.workloads, estate)


def _gone(tenant: Tenant, estate: Estate) -> Iterator[str]:
    if tenant.held is not None:
        yield f"reserves the id {tenant.manifest_id} for ever; the tenant's own key is not touched"
        return
    yield (
        f"takes the key of {tenant.manifest_id} and {names.alias_name(tenant.id, estate.naming)} out of their stack; "
        "AWS keeps both, disabled, until break-glass schedules the deletion"
    )
    yield f"reserves the id {tenant.manifest_id} for ever"


def _changed(old: Tenant, new: Tenant, estate: Estate) -> Iterator[str]:
    if old.state != new.state:
        yield from _state_changed(old, new, estate)
    stays = "offboarding" not in (old.state, new.state)
    if stays and old.workloads != new.workloads:
        before = {workload.name for workload in old.workloads}
        after = {workload.name for workload in new.workloads}
        yield from _roles_appear(new, [workload for workload in new.workloads if workload.name not in before], estate)
        yield from _roles_vanish(new, [workload for workload in old.workloads if workload.name not in after], estate)
    if old.rotation_days != new.rotation_days:
        every = f"every {new.rotation_days} days" if new.rotation_days else "off"
        yield f"sets automatic rotation of the key of {new.manifest_id}: {every}"
    if old.decrypt_by != new.decrypt_by:
        by = "its ARN, or by nothing," if new.decrypt_by == "key" else "its alias alone"
        yield f"lets requests to decrypt name the key of {new.manifest_id} by {by}"
    if new.multi_region_key_id and not old.multi_region_key_id:
        others = [region for region in estate.central.regions if region != new.primary_region]
        yield f"creates replicas of the key of {new.manifest_id} in {', '.join(others)}"
    if (old.import_role, old.custodian) != (new.import_role, new.custodian):
        whom = f"{new.custodian.role}, through {new.import_role}," if new.custodian else new.import_role
        yield f"lets {whom} import key material of {new.manifest_id}, and nobody else"
    if new.held is not None and new.held != old.held:
        keys, active = ", ".join(new.held.arns), ", ".join(sorted(new.held.active.values())) or "none"
        yield f"lets our access roles of {new.manifest_id} name {keys}; workloads receive: {active}"
    if old.tags != new.tags:
        yield f"changes tags of {new.manifest_id}"


def _state_changed(old: Tenant, new: Tenant, estate: Estate) -> Iterator[str]:
    if new.held is None:
        yield from _key_changes_state(old, new)
    elif new.state == "active":
        yield f"{new.manifest_id}: gives our access roles the tenant's own key, as before"
    else:
        yield f"{new.manifest_id}: takes the tenant's own key from our access roles; the key is not touched"
    if new.state == "offboarding":
        yield from _roles_vanish(new, old.workloads, estate)
    elif old.state == "offboarding":
        yield from _roles_appear(new, new.workloads, estate)


def _key_changes_state(old: Tenant, new: Tenant) -> Iterator[str]:
    yield f"{new.manifest_id}: {_STATE[old.state, new.state].format(use='encryption and decryption')}"
    if new.origin == "imported":
        verb = {"suspended": "denies use in", "offboarding": "removes all users from", "active": "restores"}[new.state]
        key = f"the policy of the key of {new.manifest_id}"
        yield f"{verb} {key}; an imported key is not disabled, material may be pending"
    elif new.state == "active":
        yield f"enables the key of {new.manifest_id}"
    elif old.state == "active":
        yield f"disables the key of {new.manifest_id}"


def _roles_appear(tenant: Tenant, workloads: Sequence[Workload], estate: Estate) -> Iterator[str]:
    for workload in workloads:
        may = ", ".join(workload.operations)
        if workload.access == "tenant-role":
            role = names.tenant_role_name(tenant.id, workload, estate)
            yield f"creates the role {role}, for {workload.name} to {may}"
        else:
            role = names.shared_role_name(workload, estate)
            yield f"lets sessions of {role} with tenant_id={tenant.id} use the key, for {workload.name} to {may}"


def _roles_vanish(tenant: Tenant, workloads: Sequence[Workload], estate: Estate) -> Iterator[str]:
    for workload in workloads:
        if workload.access == "tenant-role":
            yield f"removes the role {names.tenant_role_name(tenant.id, workload, estate)}"
        else:
            yield f"takes the key of {tenant.manifest_id} from sessions of {names.shared_role_name(workload, estate)}"
