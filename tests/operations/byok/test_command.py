"""`tenant-keys byok`, command by command, with a search of everything that it wrote for the material."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from unittest import mock

import pytest

from tenant_keys.local import LocalAws
from tenant_keys.operations.byok import Ceremony, wrap
from tests.command import Done, tenant_keys

PASSPHRASE = "correct horse battery staple"


@pytest.fixture
def command(aws: LocalAws, manifest: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """Runs the command in the manifest's folder, on the local AWS, with the passphrase on a descriptor."""
    monkeypatch.chdir(manifest.parent)
    environment = {**aws.environment(), "PATH": os.environ["PATH"], "NO_PROXY": "*", "NO_COLOR": "1"}

    def run(*arguments: str) -> Done:
        reader, writer = os.pipe()
        os.write(writer, PASSPHRASE.encode() + b"\n")
        os.close(writer)
        pipe = os.fstat(reader)
        given = [each.replace("{fd}", str(reader)) for each in arguments]
        with mock.patch.dict(os.environ, environment, clear=True):
            done = tenant_keys("byok", *given)
        with suppress(OSError):  # a command that read the passphrase has closed its end
            if os.path.samestat(os.fstat(reader), pipe):
                os.close(reader)
        return done

    return run


@pytest.mark.slow
def test_the_ceremony_ends_in_an_enabled_key_and_leaves_no_trace_of_the_material(
    command: Callable[..., Done],
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
        assert result.exit_code == code, (arguments, result.stdout, result.stderr)
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
