"""The customer's half: one file, offline, that never lets go of readable material."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tenant_keys.operations.byok import wrap

PASSPHRASE = "correct horse battery staple"
LABEL = "byok-0123456789abcdef"
ARN = "arn:aws:kms:eu-west-1:111111111111:key/0a0a0a0a-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def private() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=4096)


@pytest.fixture
def folder(tmp_path: Path, private: rsa.RSAPrivateKey) -> Path:
    """An empty folder of the customer's, with the one file and the parameters."""
    shutil.copy(wrap.__file__, tmp_path / "wrap.py")
    (tmp_path / "parameters.json").write_text(json.dumps(parameters(private)))
    return tmp_path


def parameters(private: rsa.RSAPrivateKey, **change: Any) -> dict[str, Any]:
    der = private.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    slot = {
        "region": "eu-west-1",
        "key_arn": ARN,
        "material": None,
        "label": LABEL,
        "public_key": base64.b64encode(der).decode(),
        "token": "dG9rZW4=",
        "valid_until": "2030-01-01T00:00:00+00:00",
    }
    return {"version": 1, "tenant": "globex", "slots": [{**slot, **change}]}


def run(folder: Path, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """The file alone: isolated Python, nothing of this project on the path, no environment."""
    reader, writer = os.pipe()
    os.write(writer, PASSPHRASE.encode() + b"\n")
    os.close(writer)
    try:
        return subprocess.run(
            [sys.executable, "-I", "wrap.py", "parameters.json", "--passphrase-fd", str(reader), *arguments],
            cwd=folder,
            env={},
            input=stdin,
            capture_output=True,
            pass_fds=(reader,),
            check=False,
        )
    finally:
        os.close(reader)


def opened(folder: Path, private: rsa.RSAPrivateKey) -> bytes:
    """What KMS would read of the answer: OAEP with SHA-256 for both digests."""
    slot = json.loads((folder / "wrapped.json").read_text())["slots"][0]
    sha256 = hashes.SHA256()
    oaep = padding.OAEP(mgf=padding.MGF1(algorithm=sha256), algorithm=sha256, label=None)
    return private.decrypt(base64.b64decode(slot["wrapped"]), oaep)


def traces(material: bytes) -> list[bytes]:
    """How material could show in a file or an output."""
    digits = material.hex().encode()
    return [material, digits, digits.upper(), base64.b64encode(material), base64.urlsafe_b64encode(material)]


def everything_written(folder: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_new_material_is_kept_sealed_and_wraps_again_to_the_same_bytes(
    folder: Path, private: rsa.RSAPrivateKey
) -> None:
    made = run(folder, "--keep", "material.sealed")
    assert made.returncode == 0, made.stderr
    first = opened(folder, private)
    assert len(first) == 32
    (folder / "wrapped.json").unlink()
    again = run(folder, "--material", "material.sealed")
    assert again.returncode == 0, again.stderr
    assert opened(folder, private) == first


def test_no_trace_of_material_is_in_any_file_or_output(folder: Path, private: rsa.RSAPrivateKey) -> None:
    done = [
        run(folder, "--keep", "material.sealed"),
        run(folder, "--material", "material.sealed", "--out", "second.json"),
    ]
    material = opened(folder, private)
    done.append(run(folder, "--material", "-", "--out", "third.json", stdin=material))
    assert [each.returncode for each in done] == [0, 0, 0]
    written = everything_written(folder) + b"".join(each.stdout + each.stderr for each in done)
    assert b"wrapped" in written
    for trace in traces(material):
        assert trace not in written
    assert PASSPHRASE.encode() not in written


def test_material_and_passphrase_are_no_arguments_that_other_processes_could_read(folder: Path) -> None:
    shown = subprocess.run(
        [sys.executable, "-I", "wrap.py", "--help"], cwd=folder, capture_output=True, text=True, check=True
    ).stdout
    assert "--passphrase-fd" in shown
    assert "--passphrase " not in shown
    assert "--hex" not in shown


@pytest.mark.parametrize("form", ["raw", "hexadecimal", "base64"])
def test_material_is_read_from_standard_input_in_three_forms(
    form: str, folder: Path, private: rsa.RSAPrivateKey
) -> None:
    material = bytes(range(100, 132))
    text = {"raw": material, "hexadecimal": material.hex().encode() + b"\n", "base64": base64.b64encode(material)}[form]
    assert run(folder, "--material", "-", stdin=text).returncode == 0
    assert opened(folder, private) == material


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64, 500])
def test_material_of_another_length_is_refused_without_being_shown(length: int, folder: Path) -> None:
    material = bytes([200]) * length
    refused = run(folder, "--material", "-", stdin=material)
    assert refused.returncode == 1
    assert b"32 bytes" in refused.stderr
    assert material.hex().encode() not in refused.stderr or not material
    assert not (folder / "wrapped.json").exists()


def test_another_passphrase_opens_nothing(folder: Path) -> None:
    sealed = wrap.seal(b"m" * 32, LABEL, "another passphrase")
    (folder / "material.sealed").write_text(json.dumps(sealed))
    refused = run(folder, "--material", "material.sealed")
    assert refused.returncode == 1
    assert b"the passphrase is wrong" in refused.stderr


def test_sealed_material_under_another_label_is_not_taken_for_this_key(folder: Path) -> None:
    (folder / "other.sealed").write_text(json.dumps(wrap.seal(b"m" * 32, "byok-ffffffffffffffff", PASSPHRASE)))
    refused = run(folder, "--material", "other.sealed")
    assert refused.returncode == 1
    assert b"needs the material byok-0123456789abcdef; got byok-ffffffffffffffff" in refused.stderr


def test_a_relabelled_sealed_file_does_not_open(folder: Path) -> None:
    sealed = {**wrap.seal(b"m" * 32, "byok-ffffffffffffffff", PASSPHRASE), "label": LABEL}
    (folder / "other.sealed").write_text(json.dumps(sealed))
    assert run(folder, "--material", "other.sealed").returncode == 1


@pytest.mark.parametrize("existing", ["wrapped.json", "material.sealed"])
def test_no_file_is_ever_replaced(existing: str, folder: Path) -> None:
    (folder / existing).write_text("precious")
    refused = run(folder, "--keep", "material.sealed")
    assert refused.returncode == 1
    assert b"already exists and is not replaced" in refused.stderr
    assert (folder / existing).read_text() == "precious"


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", '{"version": 1}', '{"version": 1, "tenant": "x", "slots": [{}]}', "{"]
)
def test_a_damaged_parameters_file_is_a_sentence_and_writes_nothing(text: str, folder: Path) -> None:
    (folder / "parameters.json").write_text(text)
    refused = run(folder, "--material", "-", stdin=b"m" * 32)
    assert refused.returncode == 1
    assert b"Traceback" not in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert not (folder / "wrapped.json").exists()


def test_a_short_wrapping_key_is_refused() -> None:
    short = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with pytest.raises(wrap.WrapError, match="not an RSA key of 4096 bits"):
        wrap.wrap(parameters(short), {LABEL: b"m" * 32})


def test_both_sides_print_the_same_fingerprint_and_a_swapped_wrapping_key_changes_it(
    folder: Path, private: rsa.RSAPrivateKey
) -> None:
    reported = wrap.fingerprint_of_parameters(parameters(private))
    assert reported in run(folder, "--keep", "material.sealed").stdout.decode()
    assert len(reported.replace(" ", "")) == 32
    swapped = rsa.generate_private_key(public_exponent=65537, key_size=4096)
    assert wrap.fingerprint_of_parameters(parameters(swapped)) != reported
    for change in (
        {"key_arn": ARN[:-1] + "1"},
        {"region": "eu-central-1"},
        {"label": "byok-1"},
        {"material": "0" * 64},
    ):
        assert wrap.fingerprint_of_parameters(parameters(private, **change)) != reported


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_the_documented_openssl_command_wraps_as_the_file_does(folder: Path, private: rsa.RSAPrivateKey) -> None:
    """The command of docs/byok.md, word for word."""
    page = Path("docs/byok.md").read_text(encoding="utf-8")
    command = page.partition("<!-- openssl -->\n```\n")[2].partition("```")[0]
    assert "rsa_mgf1_md:sha256" in command
    (folder / "wrapping.der").write_bytes(base64.b64decode(parameters(private)["slots"][0]["public_key"]))
    material = bytes(range(32))
    done = subprocess.run(["bash", "-c", command], cwd=folder, input=material, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    sha256 = hashes.SHA256()
    oaep = padding.OAEP(mgf=padding.MGF1(algorithm=sha256), algorithm=sha256, label=None)
    assert private.decrypt((folder / "wrapped.bin").read_bytes(), oaep) == material
