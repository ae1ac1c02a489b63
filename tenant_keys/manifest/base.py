"""The lock of the merge base: what was true there stays true, so that a hand-edited lock does not pass review."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tenant_keys.aws_facts.regions import is_region
from tenant_keys.manifest.errors import LOCK_FILE, Problem
from tenant_keys.manifest.lock import Entry, Lock, Phase
from tenant_keys.manifest.lock_text import parse_lock

_UPSTREAM = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
_ORDER: tuple[Phase | None, ...] = (None, "offboarding", "offboarded")


class GitError(Exception):
    """Raised when the merge base cannot be read from git."""


def check_against_base(base: Lock, lock: Lock) -> list[Problem]:
    """Every way in which the lock contradicts the one it grew from."""
    problems = [
        _problem("", f"the header's {field} differs from the merge base")
        for field in ("account", "home_region", "keys", "roles", "naming")
        if getattr(base, field) != getattr(lock, field)
        and not (field == "home_region" and _is_correction(base.home_region, lock.home_region))
    ]
    for name, account in base.further.items():
        if lock.further.get(name) != account:
            problems.append(_problem("", f"the header's key account {name} differs from the merge base"))
    for tenant, before in base.entries.items():
        after = lock.entries.get(tenant)
        if after is None:
            problems.append(_problem(tenant, "its line is missing, and the lock keeps every id"))
        else:
            problems += [_problem(tenant, message) for message in _contradictions(before, after)]
    for tenant, entry in lock.entries.items():
        if tenant not in base.entries and entry.phase == "offboarded":
            problems.append(_problem(tenant, "it is offboarded, but the merge base does not know it"))
    return problems


def _is_correction(before: str, after: str) -> bool:
    """Whether a Region that does not exist, in which therefore nothing is deployed, became one that does."""
    return not is_region(before) and is_region(after)


def _contradictions(before: Entry, after: Entry) -> list[str]:
    corrected = before.key_id is None and _is_correction(before.primary_region, after.primary_region)
    found = [
        f"its {field} was {_said(getattr(before, field))} and is {_said(getattr(after, field))}"
        for field in ("cell", "origin", "multi_region", "primary_region", "name", "key_account")
        if getattr(before, field) != getattr(after, field) and not (corrected and field in ("cell", "primary_region"))
    ]
    found += [
        f"its role for {workload} was in role cell {cell} and is in {after.roles[workload]}"
        for workload, cell in before.roles.items()
        if after.roles.get(workload, cell) != cell
    ]
    if before.key_id is not None and before.key_id != after.key_id:
        found.append(f"its key_id was {before.key_id} and is {_said(after.key_id)}")
    if before.rotation_days and after.rotation_days not in (None, before.rotation_days):
        found.append(f"its disabled key rotated at {before.rotation_days} days and rotates at {after.rotation_days}")
    if before.phase == "offboarded" and after.phase != "offboarded":
        found.append("it was offboarded, and that is final")
    elif _ORDER.index(after.phase) > _ORDER.index(before.phase) + 1:
        found.append("it is offboarded, but in the merge base it was not yet offboarding; merge and deploy that first")
    return found


def _said(value: object) -> str:
    """A field as the lock has it, without quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "nothing" if value is None else str(value)


def _problem(tenant: str, message: str) -> Problem:
    path = (tenant,) if tenant else ()
    return Problem(path, f"{message}; restore it from the merge base: run tenant-keys lock --merge", 0, LOCK_FILE)


def base_lock(lock_path: Path, revision: str | None = None) -> Lock | None:
    """The lock at the merge base of HEAD and the revision (default: the upstream's main branch), if it had one.

    Raises:
        GitError: git cannot be asked, or does not have the merge base; with git's own reason.
    """
    folder = lock_path.resolve().parent
    _git(folder, "rev-parse", "--show-prefix")  # that git answers here at all
    candidates = (revision,) if revision else _UPSTREAM
    for candidate in candidates:
        arguments = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{candidate}^{{commit}}")
        if _git(folder, *arguments, no=1) is not None:
            break
    else:
        raise GitError(f"no revision {' or '.join(candidates)}; name the branch you merge into with --base")
    base = _git(folder, "merge-base", "HEAD", candidate, no=1)
    if base is None:
        shallow = (_git(folder, "rev-parse", "--is-shallow-repository") or "").strip() == "true"
        why = "this clone is shallow" if shallow else "no commit in common"
        raise GitError(f"HEAD and {candidate}: {why}; fetch the full history, or name another --base")
    return _lock_at(folder, base.strip(), lock_path.name, "at the merge base")


def committed(lock_path: Path) -> bool:
    """Whether git knows the file at HEAD. No where the folder is in no repository, which needs no git to tell.

    Raises:
        GitError: there is a repository, and git cannot be asked about it; with git's own reason.
    """
    folder = lock_path.resolve().parent
    if not in_repository(folder):
        return False
    try:
        if _git(folder, "rev-parse", "--verify", "--quiet", "HEAD^{commit}", no=1) is None:
            return False  # no commit yet
        return bool(_git(folder, "ls-tree", "--name-only", "HEAD", "--", f"./{lock_path.name}"))
    except GitError as error:
        raise GitError(f"{lock_path.name} is gone, and whether it was ever committed is unknown: {error}") from None


def in_repository(folder: Path) -> bool:
    """Whether a repository may be around the folder: git is not asked, since it may be absent or refuse to answer."""
    if "GIT_DIR" in os.environ:
        return True
    ceilings = {Path(each) for each in os.environ.get("GIT_CEILING_DIRECTORIES", "").split(os.pathsep) if each}
    for above in (folder, *folder.parents):
        if above in ceilings and above != folder:
            return False
        if os.path.lexists(above / ".git"):
            return True
    return False


def _lock_at(folder: Path, commit: str, name: str, where: str) -> Lock | None:
    if not _git(folder, "ls-tree", "--name-only", commit, "--", f"./{name}"):
        return None
    return parse_lock(_git(folder, "show", f"{commit}:./{name}") or "", f"{name} {where}")


def _git(folder: Path, *arguments: str, no: int | None = None) -> str | None:
    """What git prints; nothing where it ends with the code that means no. Everything else is no answer.

    Raises:
        GitError: git cannot be run, or fails in another way: another owner's repository, a missing object.
    """
    try:
        done = subprocess.run(  # noqa: S603 - fixed program, no shell; a revision cannot become an option
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - git of the user's own PATH
            capture_output=True,
            check=False,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, "LC_ALL": "C"},
        )
    except OSError as error:
        raise GitError(f"git cannot be run: {(error.strerror or '').lower()}") from None
    if done.returncode == 0:
        return done.stdout
    messages = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith("warning: ")]
    if done.returncode == no and not messages:
        return None
    reason = (messages or [f"exit code {done.returncode}"])[0]
    raise GitError(f"git {arguments[0]}: {reason}")
