"""Merges the lines of a lock after git has merged two branches: one line for each id, no overfull cell.

Only ids that are neither in the merge base nor deployed move; all others keep cell, origin and Region.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace

import msgspec

from tenant_keys.aws_facts.regions import is_region
from tenant_keys.manifest.compare import per_tenant_workloads, wanted_roles
from tenant_keys.manifest.errors import LOCK_FILE, LockError, Problem
from tenant_keys.manifest.lock import Entry, Lock, Registration
from tenant_keys.manifest.lock_text import LockLines, with_entries
from tenant_keys.manifest.model import Manifest
from tenant_keys.manifest.places import Measure, Places, Sizes
from tenant_keys.manifest.resolution import resolve
from tenant_keys.manifest.update import new_lock, update

_PHASES = (None, "offboarding", "offboarded")


def merge_lines(
    read: LockLines, base: Lock | None, manifest: Manifest, measure: Measure | None = None
) -> tuple[Lock, list[str]]:
    """The lock with one line per id, true to the merge base, no cell overfull; and what was done."""
    # Nothing is deployed in a Region that does not exist, and a correction of it must survive the merge.
    known = base.entries.items() if base else ()
    kept = {tenant: entry for tenant, entry in known if entry.key_id or is_region(entry.primary_region)}
    per_tenant = per_tenant_workloads(manifest)
    entries: dict[str, Entry] = {}
    done: list[str] = []
    problems: list[Problem] = []
    for tenant in sorted({*read.entries, *kept}):
        before, written = kept.get(tenant), manifest.tenants.get(tenant)
        lines = read.entries.get(tenant) or ([before] if before else [])
        folded = _fold(lines, before, wanted_roles(manifest, written, per_tenant) if written else frozenset())
        if folded is None:
            message = (
                "two lines record different places for the key, and both are deployed; keep the one that matches AWS"
            )
            problems.append(Problem((tenant,), message, read.lines.get(tenant, 0), LOCK_FILE))
            continue
        entries[tenant] = folded
        if len(lines) > 1:
            done.append(f"folded {len(lines)} lines of {tenant} into one")
        elif read.entries.get(tenant) != [folded]:
            done.append(f"restored the line of {tenant} from the merge base")
    if problems:
        raise LockError(problems)
    lock = with_entries(read.header, entries)
    sizes = measured(manifest, lock, measure)
    lock, moved_keys = _relieve_key_cells(lock, kept, sizes)
    lock, moved_roles = _relieve_role_cells(lock, kept, sizes)
    return lock, done + moved_keys + moved_roles


def _fold(lines: list[Entry], before: Entry | None, wanted: frozenset[str]) -> Entry | None:
    """One entry of several: the creation properties that count, every role, the furthest phase. The merge base wins."""
    deployed = [line for line in lines if line.key_id is not None]
    creation = before or min(deployed or lines, key=_creation)
    key_ids = {line.key_id for line in (*deployed, creation) if line.key_id is not None}
    if len(key_ids) > 1 or any(_creation(line) != _creation(creation) for line in deployed):
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
        creation,
        roles=dict(sorted(roles.items())),
        key_id=next(iter(key_ids), None),
        phase=max(phases, key=_PHASES.index),
        rotation_days=next(iter(held), None),
        held=_merged_registration(before, lines),
    )


def _merged_registration(before: Entry | None, lines: list[Entry]) -> Registration | None:
    """The one that differs from the merge base; where branches differ, what is active in the base, to verify again."""
    base = before.held if before is not None else None
    changed = [line.held for line in lines if line.held is not None and line.held != base]
    if all(one == changed[0] for one in changed):
        return changed[0] if changed else base
    return Registration(active=base.active if base is not None else {})


def _creation(entry: Entry) -> tuple[int, str, bool, str, str]:
    return entry.cell, entry.origin, entry.multi_region, entry.primary_region, entry.id_in_aws


def _may_move(entry: Entry, kept: Mapping[str, Entry]) -> bool:
    """Whether no deployment can know the key yet."""
    return entry.tenant not in kept and entry.key_id is None


def _role_may_move(entry: Entry, workload: str, kept: Mapping[str, Entry]) -> bool:
    before = kept.get(entry.tenant)
    return before is None or workload not in before.roles


def measured(manifest: Manifest, lock: Lock, measure: Measure | None) -> Sizes:
    """What each tenant may come to take of a template; nothing where manifest and lock do not make an estate yet."""
    if measure is None:
        return Sizes(0)
    tenants = {}
    for name, tenant in manifest.tenants.items():
        entry = lock.entries.get(name)
        if tenant.state != "offboarded" and not (entry and entry.phase == "offboarded"):
            creation = {} if entry is None else _written_creation(entry)
            opaque = tenant.opaque if entry is None else entry.name is not None
            tenants[name] = msgspec.structs.replace(
                tenant, key=msgspec.structs.replace(tenant.key, **creation), opaque=opaque
            )
    apart = msgspec.structs.replace(manifest, tenants=tenants)
    try:
        return measure(resolve(apart, update(apart, new_lock(apart))[0]))
    except LockError:
        return Sizes(0)  # the update of the lock reports what is wrong


def _written_creation(entry: Entry) -> dict[str, object]:
    return {"origin": entry.origin, "multi_region": entry.multi_region, "region": entry.primary_region}


def _relieve_key_cells(lock: Lock, kept: Mapping[str, Entry], sizes: Sizes) -> tuple[Lock, list[str]]:
    """Moves what is too much in a key cell, the last ids first, to a cell with room."""
    cells: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
    for tenant, entry in lock.entries.items():
        if entry.phase != "offboarded":
            cells[entry.primary_region, entry.cell].append(tenant)
    moving: list[str] = []
    for tenants in cells.values():
        movable = [tenant for tenant in tenants if _may_move(lock.entries[tenant], kept)]
        held, taken = len(tenants), sum(sizes.keys.get(tenant, 0) for tenant in tenants)
        while movable and (held > lock.keys.most or taken > sizes.room):
            held, taken = held - 1, taken - sizes.keys.get(movable[-1], 0)
            moving.append(movable.pop())
    staying = {name: entry for name, entry in lock.entries.items() if name not in set(moving)}
    places = Places(with_entries(lock, staying), sizes)
    entries, done = dict(lock.entries), []
    for tenant in sorted(moving):
        entry = entries[tenant]
        entries[tenant] = replace(entry, cell=places.key(entry.primary_region, tenant))
        done.append(f"moved {tenant} from key cell {entry.cell} to {entries[tenant].cell} of {entry.primary_region}")
    return with_entries(lock, entries), done


def _relieve_role_cells(lock: Lock, kept: Mapping[str, Entry], sizes: Sizes) -> tuple[Lock, list[str]]:
    """Moves what is too much in a role cell, the last ids first, to a cell with room."""
    held: Counter[int] = Counter()
    taken: Counter[int] = Counter()
    for entry in lock.entries.values():
        if entry.phase != "offboarded":
            for workload, cell in entry.roles.items():
                held[cell] += 1
                taken[cell] += sizes.roles.get((entry.tenant, workload), 0)
    moving: list[tuple[str, str]] = []
    for tenant in sorted(lock.entries, reverse=True):
        entry = lock.entries[tenant]
        for workload, cell in entry.roles.items():
            overfull = held[cell] > lock.roles.most or taken[cell] > sizes.room
            if overfull and _role_may_move(entry, workload, kept):
                held[cell] -= 1
                taken[cell] -= sizes.roles.get((tenant, workload), 0)
                moving.append((tenant, workload))
    entries, done = dict(lock.entries), []
    for tenant, workload in moving:
        entry = entries[tenant]
        entries[tenant] = replace(entry, roles={name: c for name, c in entry.roles.items() if name != workload})
    places = Places(with_entries(lock, entries), sizes)
    for tenant, workload in sorted(moving):
        entry, cell = entries[tenant], places.role(tenant, workload)
        entries[tenant] = replace(entry, roles=dict(sorted({**entry.roles, workload: cell}.items())))
        before = lock.entries[tenant].roles[workload]
        done.append(f"moved the role {tenant}.{workload} from role cell {before} to {cell}")
    return with_entries(lock, entries), done
