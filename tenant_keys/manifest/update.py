"""Brings a lock up to date with the manifest: appends, never moves, and refuses whatever would lose a key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tenant_keys.manifest.compare import (
    AddRole,
    Append,
    Change,
    DropRole,
    HoldRotation,
    SetPhase,
    changes,
    held_rotation,
    overfull,
    per_tenant_workloads,
    wanted_roles,
)
from tenant_keys.manifest.errors import LOCK_FILE, LockError, Problem
from tenant_keys.manifest.lock import Entry, Lock
from tenant_keys.manifest.lock_text import MULTI_REGION_KEY, with_entries
from tenant_keys.manifest.model import Manifest, RotationDays
from tenant_keys.manifest.opaque_names import draw_name
from tenant_keys.manifest.places import Measure, Places, Sizes
from tenant_keys.manifest.refusals import refusals
from tenant_keys.manifest.resolution import resolve


def new_lock(manifest: Manifest) -> Lock:
    """The lock of an estate that is yet to be deployed: no tenants."""
    return Lock(manifest.central.account, manifest.central.home_region, naming=manifest.naming)


def update(manifest: Manifest, lock: Lock, measure: Measure | None = None) -> tuple[Lock, list[str]]:
    """The lock that matches, and what was done; raises `LockError` with all that no command may do.

    Cells are filled by the bytes that `measure` gives, and without it by number alone.
    """
    problems = refusals(manifest, lock) + overfull(lock)
    if problems:
        raise LockError(problems)
    entries = dict(lock.entries)
    done: list[str] = []
    pending = list(changes(manifest, lock))
    for change in pending:  # first whatever leaves, so that its place can be taken
        if isinstance(change, DropRole):
            roles = dict(entries[change.tenant].roles)
            cell = roles.pop(change.workload)
            entries[change.tenant] = replace(entries[change.tenant], roles=roles)
            done.append(f"dropped the role {change.tenant}.{change.workload} from role cell {cell}")
        elif isinstance(change, SetPhase):
            entries[change.tenant] = replace(entries[change.tenant], phase=change.phase)
            done.append(f"recorded that {change.tenant} {_PHASES[change.phase]}")
        elif isinstance(change, HoldRotation):
            entries[change.tenant] = replace(entries[change.tenant], rotation_days=change.days)
            done.append(f"recorded that the key of {change.tenant} {_rotates(change.days)}")
    per_tenant = per_tenant_workloads(manifest)
    before = with_entries(lock, entries)
    by_number, _ = _placed(manifest, before, pending, Places(before, Sizes(0)), per_tenant)
    if measure is None or by_number == before:
        places = Places(before, Sizes(0))
    else:
        places = Places(before, measure(resolve(manifest, by_number)))
    placed, placements = _placed(manifest, before, pending, places, per_tenant)
    return placed, done + placements


def _placed(
    manifest: Manifest, lock: Lock, pending: list[Change], places: Places, per_tenant: frozenset[str]
) -> tuple[Lock, list[str]]:
    """The lock with all that is new, and what was done."""
    entries, done = dict(lock.entries), []
    for change in pending:
        if isinstance(change, Append):
            entry = _new_entry(change.tenant, manifest, places, per_tenant)
            entries[change.tenant] = entry
            also = "".join(f", its role for {name} to role cell {cell}" for name, cell in entry.roles.items())
            done.append(f"appended {change.tenant} to key cell {entry.cell} of {entry.primary_region}{also}")
        elif isinstance(change, AddRole):
            entry, cell = entries[change.tenant], places.role(change.tenant, change.workload)
            entries[change.tenant] = replace(entry, roles=dict(sorted({**entry.roles, change.workload: cell}.items())))
            done.append(f"appended the role {change.tenant}.{change.workload} to role cell {cell}")
    return with_entries(lock, entries), done


_PHASES = {None: "stays", "offboarding": "is offboarding", "offboarded": "is offboarded; its id stays reserved"}


def _rotates(days: RotationDays | None) -> str:
    if days is None:
        return "rotates as the manifest says"
    return f"rotates {'never' if days == 'off' else f'every {days} days'} while it is disabled, as before"


def _new_entry(name: str, manifest: Manifest, places: Places, per_tenant: frozenset[str]) -> Entry:
    tenant, defaults = manifest.tenants[name], manifest.defaults.key
    key = tenant.key
    region, origin = key.region or manifest.central.home_region, key.source or defaults.origin
    workloads = sorted(wanted_roles(manifest, tenant, per_tenant))
    return Entry(
        tenant=name,
        cell=places.key(region, name),
        origin=origin,
        multi_region=origin != "held" and (defaults.multi_region if key.multi_region is None else key.multi_region),
        primary_region=region,
        roles={workload: places.role(name, workload) for workload in workloads},
        phase="offboarding" if tenant.state == "offboarding" else None,
        rotation_days=held_rotation(manifest, tenant, origin, None),
        name=draw_name() if tenant.opaque else None,
    )


def record_key_ids(lock: Lock, key_ids: Mapping[str, str]) -> Lock:
    """The lock with the ids of multi-Region keys that were deployed; a recorded id never changes."""
    entries, problems = dict(lock.entries), []
    for tenant, key_id in key_ids.items():
        entry = entries.get(tenant)
        if entry is None:
            problems.append(Problem((tenant,), f"no line; {key_id} belongs to no tenant", 0, LOCK_FILE))
        elif not entry.multi_region:
            problems.append(Problem((tenant,), f"got {key_id}, but its key is not multi-Region", 0, LOCK_FILE))
        elif not MULTI_REGION_KEY.fullmatch(key_id):
            problems.append(Problem((tenant,), f"got {key_id[:60]}; allowed: mrk- and 32 hex digits", 0, LOCK_FILE))
        elif entry.key_id not in (None, key_id):
            message = f"got {key_id}, but {entry.key_id} is recorded, and replicas depend on it"
            problems.append(Problem((tenant,), message, 0, LOCK_FILE))
        else:
            entries[tenant] = replace(entry, key_id=key_id)
    if problems:
        raise LockError(problems)
    return with_entries(lock, entries)
