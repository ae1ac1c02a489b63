"""Which files of the code a change touches, and which of them judge it."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Final

from tenant_keys.manifest.written import read_written
from tenant_keys.operations.revision import git

_CODE: Final = (
    ".github/workflows",
    "app.py",
    "cdk.json",
    "constructs",
    "package-lock.json",
    "package.json",
    "pyproject.toml",
    "requirements.txt",
    "scripts",
    "stacks",
    "tenant_keys",
    "tool.txt",
)
"""Files and folders that decide what is synthesized, judged or deployed."""
_JUDGES: Final = (
    ".github/workflows/*",
    "app.py",
    "cdk.json",
    "package-lock.json",
    "package.json",
    "pyproject.toml",
    "requirements.txt",
    "scripts/*",
    "stacks/*app.py",
    "stacks/*full_synth.py",
    "stacks/*isolation.py",
    "stacks/*last_synth.py",
    "stacks/*surroundings.py",
    "stacks/*validation.py",
    "tenant_keys/cli/*",
    "tenant_keys/manifest/*",
    "tenant_keys/operations/*",
    "tenant_keys/review/*",
    "tool.txt",
)
"""Those among them that decide what is refused: the app that asks for validations, the review, and who runs it."""


def changed_files(base: Path, project: Path) -> list[str]:
    """Files of the code that differ between two checkouts, are new or are gone; paths from their roots, sorted.

    Raises:
        OSError: a file cannot be read.
    """
    names = {*_files(base), *_files(project)}
    return sorted(name for name in names if _content(base / name) != _content(project / name))


def other_files(revision: str, project: Path, manifest: Path) -> list[str]:
    """Files of the whole repository that differ from a revision or are new, but for those with tenants; sorted.

    Raises:
        RevisionUnusable: git does not answer.
    """
    listed = [
        git(project, revision, "diff", "--name-only", "--no-renames", "--no-ext-diff", "-z", revision),
        git(project, revision, "ls-files", "--others", "--exclude-standard", "--full-name", "-z", ":/"),
    ]
    prefix = git(project, revision, "rev-parse", "--show-prefix").decode().rstrip("\n")
    names = [name.decode(errors="replace") for output in listed for name in output.split(b"\0") if name]
    with_tenants = [part.name for part in read_written(manifest).tenants]
    below = manifest.parent.resolve().relative_to(project.resolve()).as_posix()
    names_of_estate = [manifest.name, manifest.with_suffix(".lock").name, *with_tenants]
    expected = {prefix + (PurePosixPath(below) / name).as_posix() for name in names_of_estate}
    return sorted({*names} - expected)


def judges(files: list[str]) -> list[str]:
    """Those of the files that judge a change."""
    return [name for name in files if any(fnmatch(name, pattern) for pattern in _JUDGES)]


def _files(root: Path) -> Iterator[str]:
    for part in _CODE:
        path = root / part
        found = path.rglob("*") if path.is_dir() else [path]
        for file in found:
            name = file.relative_to(root).as_posix()
            if file.is_file() and "__pycache__" not in name and ".egg-info" not in name:
                yield name


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
