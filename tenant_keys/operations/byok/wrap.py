#!/usr/bin/env python3
"""The customer's half of "bring your own key": creates or reads key material, and wraps the material for AWS KMS.

This file runs offline: it opens no network connection, uses no AWS credentials, and needs only Python 3.9 and the
`cryptography` package (Debian: python3-cryptography). It does not import tenant-keys.

    python3 wrap.py parameters.json --keep material.sealed     create 32 random bytes, keep them encrypted
    python3 wrap.py parameters.json --material material.sealed wrap the same bytes again
    hsm-export | python3 wrap.py parameters.json --material -  wrap 32 bytes from standard input, or 64 hex digits

The material never leaves this process unencrypted. `parameters.json` comes from `tenant-keys byok start`; the answer,
`wrapped.json`, goes back to `tenant-keys byok import`. Compare both fingerprints by voice.

RSAES_OAEP_SHA_256 with MGF1 over SHA-256 under an RSA_4096 key: AWS KMS guide, importing-keys-encrypt-key-material.
"""

from __future__ import annotations

import argparse
import base64
import getpass
import hashlib
import json
import os
import secrets
import sys
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import load_der_public_key

MATERIAL_BYTES = 32
"""A symmetric KMS key takes 256 bits (AWS KMS guide, importing-keys-conceptual)."""
WRAPPING_BITS = 4096
SCRYPT = {"n": 2**17, "r": 8, "p": 1}
"""Cost of a passphrase: 128 MiB and about half a second a guess."""
LEAST_PASSPHRASE = 12
"""Characters."""


class WrapError(Exception):
    """Raised when the material cannot be made, read or wrapped as asked; nothing was written."""


def fingerprint(value: Any) -> str:
    """128 bits of the SHA-256 of canonical JSON, in groups of four digits that can be read out."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    digits = hashlib.sha256(text.encode()).hexdigest()[:32]
    return " ".join(digits[start : start + 4] for start in range(0, 32, 4))


def fingerprint_of_parameters(parameters: dict[str, Any]) -> str:
    """Of each slot's key, Region, material and wrapping key: a wrapping key that was swapped changes it."""
    fields = ("region", "key_arn", "material", "label", "public_key")
    return fingerprint([parameters["tenant"], [[slot[name] for name in fields] for slot in parameters["slots"]]])


def fingerprint_of_wrapped(wrapped: dict[str, Any]) -> str:
    """Of each slot's key and ciphertext."""
    fields = ("region", "key_arn", "material", "label", "wrapped")
    return fingerprint([wrapped["tenant"], [[slot[name] for name in fields] for slot in wrapped["slots"]]])


def wrap(parameters: dict[str, Any], materials: dict[str, bytes]) -> dict[str, Any]:
    """Wrap the material of each slot under that slot's public key.

    Args:
        parameters: what `tenant-keys byok start` wrote.
        materials: 32 bytes each, by label; the label "" represents any.

    Raises:
        WrapError: no material for a slot, or a wrapping key that is no RSA key of 4,096 bits.
    """
    slots = []
    for slot in parameters["slots"]:
        material = materials.get(slot["label"], materials.get(""))
        if material is None:
            have = ", ".join(sorted(materials)) or "none"
            raise WrapError(f"{slot['region']}: needs the material {slot['label']}; got {have}; add it with --material")
        public = load_der_public_key(base64.b64decode(slot["public_key"]))
        if not isinstance(public, rsa.RSAPublicKey) or public.key_size != WRAPPING_BITS:
            raise WrapError(
                f"{slot['region']}: the wrapping key is not an RSA key of {WRAPPING_BITS} bits; start again"
            )
        sha256 = hashes.SHA256()
        blob = public.encrypt(material, padding.OAEP(mgf=padding.MGF1(algorithm=sha256), algorithm=sha256, label=None))
        kept = {name: slot[name] for name in ("region", "key_arn", "material", "label", "token", "valid_until")}
        slots.append({**kept, "wrapped": base64.b64encode(blob).decode()})
    return {"version": 1, "tenant": parameters["tenant"], "slots": slots}


def seal(material: bytes, label: str, passphrase: str) -> dict[str, Any]:
    """Encrypt material under a passphrase, so that it can be kept on a disk."""
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    key = Scrypt(salt=salt, length=32, **SCRYPT).derive(passphrase.encode())
    sealed = AESGCM(key).encrypt(nonce, material, label.encode())
    parts = {"salt": salt, "nonce": nonce, "sealed": sealed}
    encoded = {name: base64.b64encode(part).decode() for name, part in parts.items()}
    return {"version": 1, "label": label, "scrypt": SCRYPT, **encoded}


def unseal(sealed: dict[str, Any], passphrase: str) -> bytes:
    """Open what `seal` made.

    Raises:
        WrapError: another passphrase, or a file that was changed.
    """
    part = {name: base64.b64decode(sealed[name]) for name in ("salt", "nonce", "sealed")}
    if sealed["scrypt"] != SCRYPT:
        raise WrapError(f"{sealed['label']}: got the scrypt parameters {sealed['scrypt']}; allowed: {SCRYPT}")
    key = Scrypt(salt=part["salt"], length=32, **SCRYPT).derive(passphrase.encode())
    try:
        return AESGCM(key).decrypt(part["nonce"], part["sealed"], sealed["label"].encode())
    except InvalidTag:
        raise WrapError(f"{sealed['label']}: the passphrase is wrong, or the file was changed") from None


def read_material(text: bytes) -> bytes:
    """32 bytes as they are, or as 64 hexadecimal digits or base64 with white space around.

    Raises:
        WrapError: anything else; the message never holds a byte of it.
    """
    if len(text) == MATERIAL_BYTES:
        return text
    stripped = text.strip()
    for decode in (bytes.fromhex, lambda digits: base64.b64decode(digits, validate=True)):
        try:
            found = decode(stripped.decode("ascii"))
        except ValueError:
            continue
        if len(found) == MATERIAL_BYTES:
            return found
    raise WrapError(
        f"standard input: got {len(text)} bytes; allowed: {MATERIAL_BYTES} bytes, raw, hexadecimal or base64"
    )


def read_json(path: str, what: str) -> dict[str, Any]:
    """A file of this ceremony.

    Raises:
        WrapError: it cannot be read or is something else.
    """
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise WrapError(f"{path}: not {what}: {problem}") from None
    if not isinstance(found, dict) or found.get("version") != 1:
        raise WrapError(f"{path}: not {what}")
    return found


def write_new(path: str, content: dict[str, Any]) -> None:
    """Write a file that only its owner reads; never over another.

    Raises:
        WrapError: there is one already.
    """
    text = json.dumps(content, indent=1) + "\n"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise WrapError(f"{path}: already exists and is not replaced; name another file") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


def new_passphrase(given: str | None) -> str:
    """Ask for one twice, or check the one that is given."""
    passphrase = given if given is not None else getpass.getpass("passphrase for the sealed material: ")
    if len(passphrase) < LEAST_PASSPHRASE:
        raise WrapError(f"passphrase: got {len(passphrase)} characters; allowed: at least {LEAST_PASSPHRASE}")
    if given is None and getpass.getpass("the same again: ") != passphrase:
        raise WrapError("passphrase: the second one differs; nothing was written")
    return passphrase


def collect(arguments: argparse.Namespace, parameters: dict[str, Any]) -> dict[str, bytes]:
    """The materials to wrap, by label; new material is kept sealed before anything is wrapped."""
    labels = sorted({slot["label"] for slot in parameters["slots"]})
    given = read_passphrase(arguments.passphrase_fd)
    if arguments.keep:
        if len(labels) != 1 or any(slot["material"] for slot in parameters["slots"]):
            raise WrapError("--keep makes new material; these parameters ask for material that exists: use --material")
        material = secrets.token_bytes(MATERIAL_BYTES)
        write_new(arguments.keep, seal(material, labels[0], new_passphrase(given)))
        return {labels[0]: material}
    if arguments.material == ["-"]:
        if len(labels) != 1:
            raise WrapError(f"standard input holds one material; these parameters ask for {', '.join(labels)}")
        return {"": read_material(sys.stdin.buffer.read(4 * MATERIAL_BYTES + 1))}
    found = {}
    for path in arguments.material:
        sealed = read_json(path, "sealed material")
        passphrase = given if given is not None else getpass.getpass(f"passphrase of {path}: ")
        found[str(sealed["label"])] = unseal(sealed, passphrase)
    return found


def read_passphrase(descriptor: int | None) -> str | None:
    """The passphrase from a file descriptor, for scripts: never an argument, which other processes can read."""
    if descriptor is None:
        return None
    with os.fdopen(descriptor, encoding="utf-8") as stream:
        return stream.readline().rstrip("\n")


def main(argv: list[str] | None = None) -> int:
    """Run the customer's half. Exit codes: 0 wrapped, 1 not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parameters", help="the file that `tenant-keys byok start` wrote")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--keep", metavar="FILE", help="create material, and keep it in FILE, encrypted with a passphrase"
    )
    source.add_argument(
        "--material", metavar="FILE", action="append", help="encrypted material, or - for standard input"
    )
    parser.add_argument("--out", metavar="FILE", default="wrapped.json", help="the answer (wrapped.json)")
    parser.add_argument("--passphrase-fd", type=int, metavar="N", help="read the passphrase from file descriptor N")
    arguments = parser.parse_args(argv)
    try:
        if Path(arguments.out).exists():
            raise WrapError(f"{arguments.out}: already exists and is not replaced; name another with --out")
        parameters = read_json(arguments.parameters, "the parameters of `tenant-keys byok start`")
        print(f"tenant {parameters['tenant']}, {len(parameters['slots'])} wrapping keys")
        print(f"fingerprint of the parameters: {fingerprint_of_parameters(parameters)}")
        wrapped = wrap(parameters, collect(arguments, parameters))
        write_new(arguments.out, wrapped)
    except WrapError as problem:
        print(problem, file=sys.stderr)
        return 1
    except (KeyError, TypeError, ValueError) as problem:
        print(f"{arguments.parameters}: incomplete or damaged ({type(problem).__name__}); start again", file=sys.stderr)
        return 1
    print(f"fingerprint of the answer:     {fingerprint_of_wrapped(wrapped)}")
    print(f"written: {arguments.out}, which holds no readable material")
    return 0


if __name__ == "__main__":
    sys.exit(main())
