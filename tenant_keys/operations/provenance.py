"""What a report was made of: the commit, and the hashes of the files that decide it."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from tenant_keys.manifest import ManifestError
from tenant_keys.manifest.read_manifest import manifest_file
from tenant_keys.manifest.read_part import Part
from tenant_keys.manifest.written import read_written

Provenance = dict[str, object]


def provenance(manifest: Path, assembly: Path) -> Provenance:
    """Name what was reviewed, in plain JSON types.

    The hash of the assembly is that of its `manifest.json`, which names each template by the SHA-256 of its content;
    the review has compared them.

    Returns:
        `date`: UTC, ISO 8601. `commit`: of the manifest's repository, or None without one. `modified`: whether the
        working tree differs from it, or None where git does not say. `files`: name and SHA-256 of the manifest, its
        lock and the assembly, None for a file that does not exist; and of each file that the manifest names.
    """
    manifest = manifest_file(manifest)
    folder = manifest.resolve().parent
    commit = _git(folder, "rev-parse", "HEAD")
    status = _git(folder, "status", "--porcelain") if commit else None
    files = [manifest, manifest.with_suffix(".lock"), assembly / "manifest.json"]
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit,
        "modified": None if status is None else bool(status),
        "files": [
            *({"name": name, "sha256": _hash(path)} for name, path in zip(_NAMES, files, strict=True)),
            *({"name": part.name, "sha256": _hash(part.path)} for part in _parts(manifest) if part.path),
        ],
    }


_NAMES = ("manifest", "lock", "assembly")


def _parts(manifest: Path) -> tuple[Part, ...]:
    try:
        return read_written(manifest).parts[1:]
    except ManifestError:
        return ()  # its own hash is taken nevertheless


def _hash(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def _git(folder: Path, *arguments: str) -> str | None:
    """What git answers; None where it cannot be asked, or has no answer."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False)  # noqa: S603, S607 - arguments, no shell; git of the PATH
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
