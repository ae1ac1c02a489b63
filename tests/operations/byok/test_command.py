"""`tenant-keys byok` as a person runs it, with a search of everything that it wrote for the material."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tenant_keys.local import LocalAws
from tenant_keys.operations.byok import Ceremony, wrap

PASSPHRASE = "correct horse battery staple"


@pytest.fixture
def command(aws: LocalAws, manifest: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the command in the manifest's folder, on the local AWS, with the passphrase on a descriptor."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        reader, writer = os.pipe()
        os.write(writer, PASSPHRASE.encode() + b"\n")
        os.close(writer)
        given = [each.replace("{fd}", str(reader)) for each in arguments]
        try:
            return subprocess.run(
                [sys.executable, "-c", "from tenant_keys.cli import main; main()", "byok", *given],
                cwd=manifest.parent,
                env={**aws.environment(), "PATH": os.environ["PATH"], "NO_PROXY": "*", "NO_COLOR": "1"},
                pass_fds=(reader,),
                capture_output=True,
                text=True,
                check=False,
            )
        finally:
            os.close(reader)

    return run


@pytest.mark.slow
def test_the_ceremony_ends_in_an_enabled_key_and_leaves_no_trace_of_the_material(
    command: Callable[..., subprocess.CompletedProcess[str]],
    ceremony_of: Callable[[str], Ceremony],
    manifest: Path,
    aws: LocalAws,
) -> None:
    ceremony_of("globex")
    steps = [
        (("status", "globex"), 2),
        (("start", "globex"), 0),
        (("wrap", "parameters.json", "--keep", "material.sealed", "--passphrase-fd", "{fd}"), 0),
        (("import", "globex", "wrapped.json"), 0),
        (("revoke", "globex"), 2),
        (("status", "globex"), 0),
        (("revoke", "globex", "--yes"), 0),
        (("status", "globex", "--json"), 2),
        (("resume", "globex", "--material", "material.sealed", "--passphrase-fd", "{fd}"), 0),
        (("resume", "globex", "--material", "material.sealed", "--passphrase-fd", "{fd}"), 0),
        (("start", "globex", "--out", "again.json"), 1),
        (("start", "acme", "--out", "again.json"), 1),
        (("import", "globex", "parameters.json"), 1),
        (("import", "globex", "nothing.json"), 1),
        (("rotate", "globex"), 1),
    ]
    done = [(arguments, code, command(*arguments)) for arguments, code in steps]
    for arguments, code, result in done:
        assert result.returncode == code, (arguments, result.stdout, result.stderr)
        assert "Traceback" not in result.stderr
    assert "eu-west-1: Enabled" in done[8][2].stdout
    assert "all key material is imported" in done[9][2].stdout
    missing = json.loads(done[7][2].stdout)
    assert [(key["state"], [each["imported"] for each in key["materials"]]) for key in missing] == [
        ("PendingImport", [False])
    ]

    material = wrap.unseal(json.loads((manifest.parent / "material.sealed").read_text()), PASSPHRASE)
    folders = (manifest.parent, aws.directory)
    written = b"".join(path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file())
    written += "".join(result.stdout + result.stderr for _, _, result in done).encode()
    assert b"globex" in written
    for trace in (material, material.hex().encode(), material.hex().upper().encode(), base64.b64encode(material)):
        assert trace not in written
    assert PASSPHRASE.encode() not in written
