"""Manifest against lock: what `tenant-keys lock` would record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tenant_keys.manifest.errors import LOCK_FILE, Problem
from tenant_keys.manifest.lock import Lock, Phase
from tenant_keys.manifest.model import KeySource, Manifest, RotationDays, Tenant


@dataclass(frozen=True, slots=True)
class Append:
    """A tenant without a line."""

    tenant: str


@dataclass(frozen=True, slots=True)
class AddRole:
    """A role of a tenant and a workload without a cell."""

    tenant: str
    workload: str


@dataclass(frozen=True, slots=True)
class DropRole:
    """A role that the manifest no longer asks for."""

    tenant: str
    workload: str


@dataclass(frozen=True, slots=True)
class SetPhase:
    """A tenant that leaves, or comes back before it has left."""

    tenant: str
    phase: Phase | None


@dataclass(frozen=True, slots=True)
class HoldRotation:
    """A key that is disabled, whose rotation stays as it is; or that is enabled again, and follows the manifest."""

    tenant: str
    days: RotationDays | None


Change = Append | AddRole | DropRole | SetPhase | HoldRotation


def wanted_roles(manifest: Manifest, tenant: Tenant, per_tenant: frozenset[str]) -> frozenset[str]:
    """Workloads for which this tenant has a role of its own. It keeps the places of its roles until it has left."""
    if tenant.state == "offboarded":
        return frozenset()
    names = manifest.defaults.workloads if tenant.workloads is None else tenant.workloads
    return per_tenant.intersection(names)


def per_tenant_workloads(manifest: Manifest) -> frozenset[str]:
    """Workloads that have one role per tenant."""
    return frozenset(name for name, workload in manifest.workloads.items() if workload.access == "tenant-role")


def held_rotation(
    manifest: Manifest, tenant: Tenant, origin: KeySource, held: RotationDays | None
) -> RotationDays | None:
    """How a key rotates that is disabled: as when it was enabled last. None where the manifest decides."""
    if tenant.state == "active" or origin != "aws-kms":
        return None
    if tenant.state == "offboarded":
        return held
    written = manifest.defaults.rotation_days if tenant.rotation_days is None else tenant.rotation_days
    return written if held is None else held


def changes(manifest: Manifest, lock: Lock) -> Iterator[Change]:
    """What `tenant-keys lock` would record, in the order of ids."""
    per_tenant = per_tenant_workloads(manifest)
    for name in sorted(manifest.tenants):
        tenant, entry = manifest.tenants[name], lock.entries.get(name)
        if entry is None:
            yield Append(name)
            continue
        phase: Phase | None = tenant.state if tenant.state in ("offboarding", "offboarded") else None
        if phase != entry.phase:
            yield SetPhase(name, phase)
        days = held_rotation(manifest, tenant, entry.origin, entry.rotation_days)
        if days != entry.rotation_days:
            yield HoldRotation(name, days)
        wanted = wanted_roles(manifest, tenant, per_tenant)
        for workload in sorted(entry.roles.keys() - wanted):
            yield DropRole(name, workload)
        for workload in sorted(wanted - entry.roles.keys()):
            yield AddRole(name, workload)


def overfull(lock: Lock) -> list[Problem]:
    """Cells beyond their capacity, as two large branches merged may leave them."""
    keys, roles = occupancy(lock)
    crowded = [(f"key cell {cell} of {region}", n, lock.keys.most) for (region, cell), n in keys.items()]
    crowded += [(f"role cell {cell}", n, lock.roles.most) for cell, n in roles.items()]
    return [
        Problem((), f"{what} holds {held}, allowed: {most}; run tenant-keys lock --merge", 0, LOCK_FILE)
        for what, held, most in crowded
        if held > most
    ]


def occupancy(lock: Lock) -> tuple[Counter[tuple[str, int]], Counter[int]]:
    """How many each key cell (by Region) and each role cell holds; who has left takes no place."""
    keys: Counter[tuple[str, int]] = Counter()
    roles: Counter[int] = Counter()
    for entry in lock.entries.values():
        if entry.phase != "offboarded":
            keys[entry.primary_region, entry.cell] += 1
            for cell in entry.roles.values():
                roles[cell] += 1
    return keys, roles
