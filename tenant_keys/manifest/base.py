"""The lock of the merge base: what was true there stays true, so that a hand-edited lock does not pass review."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tenant_keys.manifest.compare import LOCK_FILE
from tenant_keys.manifest.errors import Problem
from tenant_keys.manifest.lock import Entry, Lock, Phase
from tenant_keys.manifest.read_lock import parse_lock

_UPSTREAM = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
_ORDER: tuple[Phase | None, ...] = (None, "offboarding", "offboarded")


class GitError(Exception):
    """Raised when the merge base cannot be read from git."""


def check_against_base(base: Lock, lock: Lock) -> list[Problem]:
    """Every way in which the lock contradicts the one it grew from."""
    problems = [
        _problem("", f"the header's {field} differs from the merge base")
        for field in ("account", "home_region", "keys", "roles")
        if getattr(base, field) != getattr(lock, field)
    ]
    for tenant, before in base.entries.items():
        after = lock.entries.get(tenant)
        if after is None:
            problems.append(_problem(tenant, "its line is gone, and ids stay for ever"))
        else:
            problems += [_problem(tenant, message) for message in _contradictions(before, after)]
    for tenant, entry in lock.entries.items():
        if tenant not in base.entries and entry.phase == "offboarded":
            problems.append(_problem(tenant, "it is offboarded, but the merge base does not know it"))
    return problems


def _contradictions(before: Entry, after: Entry) -> list[str]:
    found = [
        f"its {field} was {getattr(before, field)} and is {getattr(after, field)}"
        for field in ("cell", "origin", "multi_region", "primary_region")
        if getattr(before, field) != getattr(after, field)
    ]
    found += [
        f"its role for {workload} was in role cell {cell} and is in {after.roles[workload]}"
        for workload, cell in before.roles.items()
        if after.roles.get(workload, cell) != cell
    ]
    if before.key_id is not None and before.key_id != after.key_id:
        found.append(f"its key_id was {before.key_id} and is {after.key_id}")
    if before.rotation_days and after.rotation_days not in (None, before.rotation_days):
        found.append(f"its disabled key rotated at {before.rotation_days} days and rotates at {after.rotation_days}")
    if before.phase == "offboarded" and after.phase != "offboarded":
        found.append("it was offboarded, and that is final")
    elif _ORDER.index(after.phase) > _ORDER.index(before.phase) + 1:
        found.append("it is offboarded, but in the merge base it was not yet offboarding; merge and deploy that first")
    return found


def _problem(tenant: str, message: str) -> Problem:
    path = (tenant,) if tenant else ()
    return Problem(path, f"{message}; restore it from the merge base: run tenant-keys lock --merge", 0, LOCK_FILE)


def base_lock(lock_path: Path, revision: str | None = None) -> Lock | None:
    """The lock at the merge base of HEAD and the revision (default: the upstream's main branch), if it had one."""
    folder = lock_path.resolve().parent
    candidates = (revision,) if revision else _UPSTREAM
    for candidate in candidates:
        if _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{candidate}^{{commit}}") is not None:
            break
    else:
        raise GitError(f"no revision {' or '.join(candidates)}; name the branch you merge into with --base")
    base = _git(folder, "merge-base", "HEAD", candidate)
    if base is None:
        raise GitError(f"HEAD and {candidate} have no commit in common; fetch the full history, or name another --base")
    prefix = _git(folder, "rev-parse", "--show-prefix")
    at_base = f"{base.strip()}:{(prefix or '').strip()}{lock_path.name}"
    if _git(folder, "cat-file", "-e", at_base) is None:
        return None
    text = _git(folder, "show", at_base)
    return parse_lock(text or "", f"{lock_path.name} at the merge base")


def committed(lock_path: Path) -> bool:
    """Whether git knows the file at HEAD; no where there is no git."""
    try:
        return _git(lock_path.resolve().parent, "cat-file", "-e", f"HEAD:./{lock_path.name}") is not None
    except GitError:
        return False


def _git(folder: Path, *arguments: str) -> str | None:
    """What git prints, or nothing where it fails."""
    try:
        done = subprocess.run(  # noqa: S603 - fixed program, no shell; a revision cannot become an option
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - git of the user's own PATH
            capture_output=True,
            check=False,
            encoding="utf-8",
        )
    except OSError as error:
        raise GitError(f"git cannot be run: {(error.strerror or '').lower()}") from None
    return done.stdout if done.returncode == 0 else None
