"""Merges the lines of a lock after git has merged two branches: one line for each id, no overfull cell.

Only ids that are neither in the merge base nor deployed move; all others keep cell, origin and Region.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace

from tenant_keys.manifest.compare import LOCK_FILE, per_tenant_workloads, wanted_roles
from tenant_keys.manifest.errors import LockError, Problem
from tenant_keys.manifest.lock import Entry, Lock
from tenant_keys.manifest.model import Manifest
from tenant_keys.manifest.read_lock import LockLines, with_entries
from tenant_keys.manifest.update import Places

_PHASES = (None, "offboarding", "offboarded")


def merge_lines(read: LockLines, base: Lock | None, manifest: Manifest) -> tuple[Lock, list[str]]:
    """The lock with one line per id, true to the merge base, no cell overfull; and what was done."""
    kept = base.entries if base else {}
    per_tenant = per_tenant_workloads(manifest)
    entries: dict[str, Entry] = {}
    done: list[str] = []
    problems: list[Problem] = []
    for tenant in sorted({*read.entries, *kept}):
        before, written = kept.get(tenant), manifest.tenants.get(tenant)
        lines = read.entries.get(tenant) or ([before] if before else [])
        folded = _fold(lines, before, wanted_roles(manifest, written, per_tenant) if written else frozenset())
        if folded is None:
            message = "two lines that differ in where the key lives, both deployed; keep the one that AWS has"
            problems.append(Problem((tenant,), message, read.lines.get(tenant, 0), LOCK_FILE))
            continue
        entries[tenant] = folded
        if len(lines) > 1:
            done.append(f"folded {len(lines)} lines of {tenant} into one")
        elif read.entries.get(tenant) != [folded]:
            done.append(f"restored what the merge base says of {tenant}")
    if problems:
        raise LockError(problems)
    lock = with_entries(read.header, entries)
    lock, moved_keys = _relieve_key_cells(lock, kept)
    lock, moved_roles = _relieve_role_cells(lock, kept)
    return lock, done + moved_keys + moved_roles


def _fold(lines: list[Entry], before: Entry | None, wanted: frozenset[str]) -> Entry | None:
    """One entry of several: the birth that counts, every role, the furthest phase. The merge base wins."""
    deployed = [line for line in lines if line.key_id is not None]
    birth = before or min(deployed or lines, key=_birth)
    key_ids = {line.key_id for line in (*deployed, birth) if line.key_id is not None}
    if len(key_ids) > 1 or any(_birth(line) != _birth(birth) for line in deployed):
        return None
    roles: dict[str, int] = {}
    for line in lines:
        for workload, cell in line.roles.items():
            roles[workload] = min(cell, roles.get(workload, cell))
    if before is not None:
        roles.update((name, cell) for name, cell in before.roles.items() if name in roles or name in wanted)
    phases = [line.phase for line in lines]
    if before is not None and before.phase == "offboarded":
        phases.append("offboarded")
    held = [line.rotation_days for line in (*([before] if before else []), *lines) if line.rotation_days is not None]
    return replace(
        birth,
        roles=dict(sorted(roles.items())),
        key_id=next(iter(key_ids), None),
        phase=max(phases, key=_PHASES.index),
        rotation_days=next(iter(held), None),
    )


def _birth(entry: Entry) -> tuple[int, str, bool, str]:
    return entry.cell, entry.origin, entry.multi_region, entry.primary_region


def _may_move(entry: Entry, kept: Mapping[str, Entry]) -> bool:
    """Whether no deployment can know the key yet."""
    return entry.tenant not in kept and entry.key_id is None


def _role_may_move(entry: Entry, workload: str, kept: Mapping[str, Entry]) -> bool:
    before = kept.get(entry.tenant)
    return before is None or workload not in before.roles


def _relieve_key_cells(lock: Lock, kept: Mapping[str, Entry]) -> tuple[Lock, list[str]]:
    """Moves what is too much in a key cell, the last ids first, to a cell with room."""
    cells: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
    for tenant, entry in lock.entries.items():
        if entry.phase != "offboarded":
            cells[entry.primary_region, entry.cell].append(tenant)
    moving: list[str] = []
    for tenants in cells.values():
        movable = [tenant for tenant in tenants if _may_move(lock.entries[tenant], kept)]
        excess = max(0, len(tenants) - lock.keys.most)
        moving += movable[len(movable) - min(excess, len(movable)) :]
    places = Places(with_entries(lock, {name: e for name, e in lock.entries.items() if name not in set(moving)}))
    entries, done = dict(lock.entries), []
    for tenant in sorted(moving):
        entry = entries[tenant]
        entries[tenant] = replace(entry, cell=places.key(entry.primary_region))
        done.append(f"moved {tenant} from key cell {entry.cell} to {entries[tenant].cell} of {entry.primary_region}")
    return with_entries(lock, entries), done


def _relieve_role_cells(lock: Lock, kept: Mapping[str, Entry]) -> tuple[Lock, list[str]]:
    """Moves what is too much in a role cell, the last ids first, to a cell with room."""
    held = Counter(cell for e in lock.entries.values() if e.phase != "offboarded" for cell in e.roles.values())
    excess = {cell: count - lock.roles.most for cell, count in held.items() if count > lock.roles.most}
    moving: list[tuple[str, str]] = []
    for tenant in sorted(lock.entries, reverse=True):
        entry = lock.entries[tenant]
        for workload, cell in entry.roles.items():
            if excess.get(cell, 0) > 0 and _role_may_move(entry, workload, kept):
                excess[cell] -= 1
                moving.append((tenant, workload))
    entries, done = dict(lock.entries), []
    for tenant, workload in moving:
        entry = entries[tenant]
        entries[tenant] = replace(entry, roles={name: c for name, c in entry.roles.items() if name != workload})
    places = Places(with_entries(lock, entries))
    for tenant, workload in sorted(moving):
        entry, cell = entries[tenant], places.role()
        entries[tenant] = replace(entry, roles=dict(sorted({**entry.roles, workload: cell}.items())))
        before = lock.entries[tenant].roles[workload]
        done.append(f"moved the role {tenant}.{workload} from role cell {before} to {cell}")
    return with_entries(lock, entries), done
