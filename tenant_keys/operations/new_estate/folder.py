"""Where a new estate is written: nothing that is there is replaced, but the sample of this tool where that is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from tenant_keys.manifest import EstateError, load_manifest, read_lock
from tenant_keys.manifest.replace_file import replace_file, require_writable
from tenant_keys.manifest.sample import ACCOUNT, is_sample
from tenant_keys.operations.errors import OperationError
from tenant_keys.operations.new_estate.files import LOCK, MANIFEST

KEPT: Final = ("README.md", ".gitignore", ".gitattributes")
"""Files that a repository often has already: one's own stays, and the lines that it lacks are named."""
Fate = Literal["new", "replaced", "unchanged", "kept"]


class FolderRefused(OperationError):
    """Raised when a new estate would replace something that no option lets it replace."""


@dataclass(frozen=True, slots=True)
class Placed:
    """One file and what becomes of it."""

    path: Path
    text: str
    fate: Fate
    missing: tuple[str, ...] = ()
    """Of `.gitignore` and `.gitattributes` that are kept: lines that they lack."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be written into a folder."""

    folder: Path
    files: tuple[Placed, ...]

    def write(self) -> None:
        """Write all files or none.

        Raises:
            OSError: a file could not be written; those before it are as they were.
        """
        before: dict[Path, bytes | None] = {}
        made: list[Path] = []
        try:
            for each in self.files:
                if each.fate in ("new", "replaced"):
                    _make_folders(each.path.parent, made)
                    before[each.path] = each.path.read_bytes() if each.path.exists() else None
                    replace_file(each.path, each.text.encode("utf-8"))
        except BaseException:
            for path, content in before.items():
                if content is None:
                    path.unlink(missing_ok=True)
                else:
                    replace_file(path, content)
            for folder in reversed(made):
                folder.rmdir()
            raise


def plan_files(folder: Path, files: Mapping[str, str], *, here: bool) -> Plan:
    """What becomes of each file.

    In a checkout of this tool an estate is a manifest and its lock, since all else is there; `here` asks to replace
    the sample's two.

    Raises:
        FolderRefused: files are there with another content; all of them are named.
        OSError: the folder is a file, below one, or may not be written.
    """
    require_writable(folder, folder=True)
    checkout = _is_checkout(folder)
    if checkout and not here:
        raise FolderRefused(f"{folder}: is a checkout of tenant-keys; --here replaces its sample, else name a folder")
    if checkout:
        _require_sample(folder)
        return Plan(folder, tuple(_replaced(folder / name, files[name]) for name in (MANIFEST, LOCK)))
    taken = [path for name in files if (path := folder / name) and _taken(path, name, files[name])]
    if taken:
        way_out = "already exists and is not overwritten; move it away, or name another folder"
        raise FolderRefused("\n".join(f"{path}: {way_out}" for path in taken))
    return Plan(folder, tuple(_placed(folder / name, text) for name, text in files.items()))


def _taken(path: Path, name: str, text: str) -> bool:
    above = next(each for each in path.parents if each.exists())
    if not above.is_dir():
        return True
    return path.exists() and not (path.is_file() and (name in KEPT or _holds(path, text)))


def _placed(path: Path, text: str) -> Placed:
    if not path.exists():
        return Placed(path, text, "new")
    if _holds(path, text):
        return Placed(path, text, "unchanged")
    there = path.read_text(encoding="utf-8", errors="replace").splitlines()
    wanted = () if path.name == "README.md" else text.splitlines()
    return Placed(path, text, "kept", tuple(line for line in wanted if line[:1] != "#" and line not in there))


def _replaced(path: Path, text: str) -> Placed:
    return Placed(path, text, "replaced" if path.exists() else "new")


def _holds(path: Path, text: str) -> bool:
    return path.read_bytes() == text.encode("utf-8")


def _is_checkout(folder: Path) -> bool:
    project = folder / "pyproject.toml"
    if not ((folder / "tenant_keys").is_dir() and project.is_file()):
        return False
    return re.search(r'(?m)^name = "tenant-keys"$', project.read_text(encoding="utf-8", errors="replace")) is not None


def _require_sample(folder: Path) -> None:
    """Manifest and lock are the sample's, as far as they are there.

    Raises:
        FolderRefused: they hold something else, which no option lets it replace.
    """
    manifest, lock = folder / MANIFEST, folder / LOCK
    way_out = "restore the sample with git, or move the file away"
    try:
        if lock.exists() and not is_sample(read_lock(lock)):
            raise FolderRefused(f"{lock}: is not the sample's, it says where keys are; {way_out}")
        if manifest.exists() and load_manifest(manifest).central.account != ACCOUNT:
            raise FolderRefused(f"{manifest}: is not the sample's; {way_out}")
    except EstateError as error:
        raise FolderRefused(f"{error}\n{folder}: --here replaces the sample alone; {way_out}") from None


def _make_folders(folder: Path, made: list[Path]) -> None:
    """The folder and those above it; adds those that were not there, the outermost first."""
    absent = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(absent):
        each.mkdir()
        made.append(each)
