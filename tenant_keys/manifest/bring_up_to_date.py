"""What `tenant-keys lock` does, without the terminal: reads both files, brings the lock up to date, checks the base."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tenant_keys.manifest.base import base_lock, check_against_base, committed
from tenant_keys.manifest.correct_region import corrected
from tenant_keys.manifest.errors import LockError, Problem
from tenant_keys.manifest.lock import Lock, render_lock, write_lock
from tenant_keys.manifest.lock_text import parse_lines, parse_lock, read_lock_text
from tenant_keys.manifest.merge_lines import measured, merge_lines
from tenant_keys.manifest.places import Measure
from tenant_keys.manifest.read_manifest import parse_each
from tenant_keys.manifest.sample import replaces_sample
from tenant_keys.manifest.several_locks import first_lock, only, update_each
from tenant_keys.manifest.written import read_written


@dataclass(frozen=True, slots=True)
class Locked:
    """A lock that matches its manifest, and how it differs from the file."""

    path: Path
    lock: Lock
    done: list[str]
    changed: bool

    @property
    def summary(self) -> str:
        """What the lock holds, in one line."""
        stay = [entry for entry in self.lock.entries.values() if entry.phase != "offboarded"]
        cells = len({(entry.key_account, entry.primary_region, entry.cell) for entry in stay})
        roles = Counter((entry.key_account, cell) for entry in stay for cell in entry.roles.values())
        gone = len(self.lock.entries) - len(stay)
        return (
            f"tenants {len(stay)}, key cells {cells}, roles {roles.total()}, role cells {len(roles)}, "
            f"ids of tenants that left {gone}"
        )

    def write(self) -> None:
        """Writes the file, if it changes."""
        if self.changed:
            write_lock(self.path, self.lock)


def bring_up_to_date(
    manifest_path: Path,
    measure: Measure | None = None,
    *,
    base: str | None = None,
    merge: bool = False,
    correction: tuple[str, str] | None = None,
) -> Locked:
    """The lock brought up to date; raises `EstateError` with all that no command may do.

    `measure` says how many bytes of a template each tenant may come to take; without it cells fill by number alone.
    `correction` is a Region of the lock that does not exist, and the one that was meant.
    """
    written = read_written(manifest_path)
    manifests = parse_each(written)
    path = manifest_path.with_suffix(".lock")
    done: list[str] = []
    before = read_lock_text(path) if path.exists() else None
    at_base = base_lock(path, base) if base or merge else None
    if before is None:
        if at_base or committed(path):
            message = "missing, but git has it; restore it from git: it records the stack of each key"
            raise LockError([Problem((), message, 1, path.name)])
        lock = first_lock(manifests)
    elif merge:
        lock, done = merge_lines(parse_lines(before, path.name), at_base, only(manifests, "--merge"), measure)
    else:
        lock = parse_lock(before, path.name)
    try:
        if correction is not None:
            lock, done = corrected(lock, *correction, measured(only(manifests, "--correct-region"), lock, measure))
        lock, updated = update_each(manifests, lock, measure)
    except LockError as error:
        raise written.lock_error(error, path.name, before or "") from None
    done += updated
    grew_from = None if at_base and replaces_sample(at_base, lock) else at_base
    contradictions = check_against_base(grew_from, lock) if grew_from else []
    if contradictions:
        found = LockError(contradictions)
        raise written.lock_error(found, path.name, render_lock(lock))
    changed = before != render_lock(lock)
    if changed and not done:
        done = ["put the lines in order"]
    return Locked(path, lock, done, changed)
