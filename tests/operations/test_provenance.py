"""What a report was made of."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tenant_keys.operations.provenance import provenance


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=x", "-c", "user.email=x@example.com", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_commit_and_hashes_are_those_of_the_files_that_were_read(tmp_path: Path) -> None:
    manifest, assembly = tmp_path / "tenants.yaml", tmp_path / "cdk.out"
    assembly.mkdir()
    (tmp_path / ".gitignore").write_text("cdk.out\n")
    for path, text in ((manifest, "a"), (tmp_path / "tenants.lock", "b"), (assembly / "manifest.json", "{}")):
        path.write_text(text)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "x")
    before = datetime.now(UTC).replace(microsecond=0)
    reported: Any = provenance(manifest, assembly)
    assert before <= datetime.fromisoformat(reported["date"]) <= datetime.now(UTC)
    assert (reported["commit"], reported["modified"]) == (git(tmp_path, "rev-parse", "HEAD"), False)
    assert reported["files"] == [
        {"name": name, "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in (("manifest", b"a"), ("lock", b"b"), ("assembly", b"{}"))
    ]
    manifest.write_text("c")
    assert provenance(manifest, assembly)["modified"] is True


def test_without_a_repository_or_a_lock_nothing_is_claimed(tmp_path: Path) -> None:
    manifest = tmp_path / "tenants.yaml"
    manifest.write_text("a")
    reported: Any = provenance(manifest, tmp_path / "cdk.out")
    assert (reported["commit"], reported["modified"]) == (None, None)
    assert [one["sha256"] is None for one in reported["files"]] == [False, True, True]
