"""Ciphertext: AES-256-GCM, authenticated over the key, the material and the encryption context.

AWS does not publish its format; this one has the same properties (AWS KMS guide, encrypt_context): it names the key, so
Decrypt needs no KeyId, and it opens only under the same key with exactly the same context.
"""

from __future__ import annotations

import secrets
import struct
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tenant_keys.local.kms.material import Material

_MAGIC = b"\x01\x02\x02\x00tk1"
_HEADER = struct.Struct("!7s?16s8s12s")
_MULTI_REGION = "mrk-"


class CiphertextError(ValueError):
    """Raised when a ciphertext is damaged, was made elsewhere, or carries another encryption context."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A ciphertext taken apart; nothing in it is trusted before it is opened."""

    key_id: str
    material: bytes
    nonce: bytes
    header: bytes
    body: bytes


def seal(key_id: str, material: Material, plaintext: bytes, context: Mapping[str, str]) -> bytes:
    """Encrypt under the given material."""
    nonce = secrets.token_bytes(12)
    multi_region = key_id.startswith(_MULTI_REGION)
    raw_id = uuid.UUID(key_id.removeprefix(_MULTI_REGION)).bytes
    header = _HEADER.pack(_MAGIC, multi_region, raw_id, bytes.fromhex(material.id)[:8], nonce)
    return header + AESGCM(_secret(material)).encrypt(nonce, plaintext, header + _authenticated(context))


def parse(blob: bytes) -> Sealed:
    """Read which key a ciphertext names.

    Raises:
        CiphertextError: this is no ciphertext of this KMS.
    """
    if len(blob) < _HEADER.size + 16 or not blob.startswith(_MAGIC):
        raise CiphertextError("not a ciphertext of this KMS")
    _, multi_region, raw_id, material, nonce = _HEADER.unpack_from(blob)
    plain_id = uuid.UUID(bytes=raw_id)
    key_id = f"{_MULTI_REGION}{plain_id.hex}" if multi_region else str(plain_id)
    return Sealed(key_id, material, nonce, blob[: _HEADER.size], blob[_HEADER.size :])


def unseal(sealed: Sealed, material: Material, context: Mapping[str, str]) -> bytes:
    """Decrypt and check that nothing was changed.

    Raises:
        CiphertextError: another key, another context, or a changed byte.
    """
    try:
        return AESGCM(_secret(material)).decrypt(sealed.nonce, sealed.body, sealed.header + _authenticated(context))
    except InvalidTag:
        raise CiphertextError("the ciphertext does not open") from None


def _secret(material: Material) -> bytes:
    if material.secret is None:
        raise CiphertextError("the key material is gone")
    return material.secret


def _authenticated(context: Mapping[str, str]) -> bytes:
    """Every part with its length, so that {a: bc} and {ab: c} differ; the order of the pairs does not count."""
    parts = [part.encode() for pair in sorted(context.items()) for part in pair]
    return b"".join(struct.pack("!I", len(part)) + part for part in parts)
