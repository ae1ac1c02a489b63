"""Seals and opens messages of one frame, byte for byte as the Encryption SDK would, several times faster.

The SDK spends most of a small message's time on building objects, not on AES. So it seals one empty message a data
key; that message's header is the template of all others, and what remains a message is key derivation and AES-GCM.
Tests compare the result with the SDK's, byte by byte.

To open, the SDK's parser reads a data key's first message, and its header is the template likewise. A later message
is opened here if it has that header byte for byte and one final frame, and if its commitment and both tags are right.
Every other message is left to the SDK: nothing is refused here, and nothing is parsed but four lengths.

Source: Encryption SDK message format (version 2, suite 0x0478, framed) and algorithms reference (HKDF with SHA-512,
message id as salt, info `0x0478 DERIVEKEY` and `COMMITKEY`).
"""

from __future__ import annotations

import os
import struct
from hmac import compare_digest

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.hmac import HMAC

from tenant_keys.client.sdk import (
    FRAME,
    MAX_DATA_KEYS,
    POLICY,
    SUITE,
    CryptoMaterialsManager,
    EncryptionMaterials,
    EncryptionMaterialsRequest,
    StreamEncryptor,
)

_MESSAGE_ID = 32
_COMMITMENT = 32
_TAG = 16
_START = 3
"""Bytes before the message id: version and suite."""
_FRAME_START = 4 + 4 + 12 + 4
"""Bytes before a final frame's content: end marker, sequence number, IV, length."""
_EMPTY_FRAME = _FRAME_START + _TAG
_AFTER_DATA_KEYS = 1 + 4
"""Bytes: content type, frame length."""
_ONE_DATA_KEY = b"\x00\x01"
_FRAMED = b"\x02"
"""Content type."""
_HEADER_IV = bytes(12)
_FRAME_IV = bytes(11) + b"\x01"
_FINAL = struct.pack(">II", 0xFFFFFFFF, 1) + _FRAME_IV
_BODY_AAD = b"AWSKMSEncryptionClient Final Frame"
_DERIVE = b"\x04\x78DERIVEKEY\x01"
_COMMIT = b"COMMITKEY\x01"
_SHA512 = SHA512()


class SingleFrameSealer:
    """One data key. Its plaintext lives as long as the cache's entry."""

    __slots__ = ("_data_key", "_middle", "_start")

    def __init__(self, materials: EncryptionMaterials) -> None:
        template = StreamEncryptor(
            source=b"",
            materials_manager=_Given(materials),
            algorithm=SUITE,
            frame_length=FRAME,
            commitment_policy=POLICY,
            max_encrypted_data_keys=MAX_DATA_KEYS,
        ).read()
        self._start: bytes = template[:_START]
        self._middle: bytes = template[_START + _MESSAGE_ID : -(_COMMITMENT + _TAG + _EMPTY_FRAME)]
        self._data_key: bytes = materials.data_encryption_key.data_key

    def seal(self, payload: bytes) -> bytes:
        """The message. Every one has a random 256-bit id and by it its own key, so that fixed IVs do not repeat."""
        message_id = os.urandom(_MESSAGE_ID)
        cipher, commitment = _derived(self._data_key, message_id)
        header = b"".join((self._start, message_id, self._middle, commitment))
        length = len(payload)
        return b"".join(
            (
                header,
                cipher.encrypt(_HEADER_IV, b"", header),
                _FINAL,
                struct.pack(">I", length),
                cipher.encrypt(_FRAME_IV, payload, message_id + _BODY_AAD + struct.pack(">IQ", 1, length)),
            )
        )


class SingleFrameOpener:
    """One data key, and the header of a message that the SDK has opened with it."""

    __slots__ = ("_data_key", "_longest", "_middle", "_start")

    def __init__(self, data_key: bytes, start: bytes, middle: bytes) -> None:
        self._data_key, self._start, self._middle = data_key, start, middle
        self._longest = int.from_bytes(middle[-4:], "big")  # the header's frame length, which others may choose

    @classmethod
    def like(cls, message: bytes, data_key: bytes) -> SingleFrameOpener | None:
        """For messages with the header of this one, which the SDK has opened; None if it has another form."""
        found = sealed_key_in(message)
        if found is None or message[found[2] : found[2] + 1] != _FRAMED:
            return None
        end = found[2] + _AFTER_DATA_KEYS
        return cls(data_key, message[:_START], message[_START + _MESSAGE_ID : end])

    def open(self, message: bytes) -> bytes | None:
        """The payload; None where the SDK has to decide, which refuses whatever is not in order."""
        middle = _START + _MESSAGE_ID
        header_end = middle + len(self._middle) + _COMMITMENT
        body = header_end + _TAG
        length = len(message) - body - _EMPTY_FRAME
        if (
            not 0 <= length <= self._longest
            or message[:_START] != self._start
            or message[middle : header_end - _COMMITMENT] != self._middle
            or message[body : body + _FRAME_START] != _FINAL + struct.pack(">I", length)
        ):
            return None
        header, message_id = message[:header_end], message[_START:middle]
        cipher, commitment = _derived(self._data_key, message_id)
        if not compare_digest(header[-_COMMITMENT:], commitment):
            return None
        try:
            cipher.decrypt(_HEADER_IV, message[header_end:body], header)
            aad = message_id + _BODY_AAD + struct.pack(">IQ", 1, length)
            return cipher.decrypt(_FRAME_IV, message[body + _FRAME_START :], aad)
        except InvalidTag:
            return None


def sealed_key_in(message: bytes) -> tuple[bytes, bytes, int] | None:
    """The one encrypted data key that a message carries, its key's ARN, and where both end; None if it has not one.

    Nothing is checked: it is what to look for in a cache.
    """
    at = _START + _MESSAGE_ID
    at += 2 + int.from_bytes(message[at : at + 2], "big")  # the encryption context
    if message[at : at + 2] != _ONE_DATA_KEY:
        return None
    at += 2
    at += 2 + int.from_bytes(message[at : at + 2], "big")  # the provider
    key_arn = at + 2 + int.from_bytes(message[at : at + 2], "big")
    end = key_arn + 2 + int.from_bytes(message[key_arn : key_arn + 2], "big")
    return message[key_arn + 2 : end], message[at + 2 : key_arn], end


def _derived(data_key: bytes, message_id: bytes) -> tuple[AESGCM, bytes]:
    """One message's cipher and commitment: HKDF, whose two outputs of one block each share the extracted key."""
    extracted = HMAC(message_id, _SHA512)
    extracted.update(data_key)
    key = HMAC(extracted.finalize(), _SHA512)
    commitment = key.copy()
    key.update(_DERIVE)
    commitment.update(_COMMIT)
    return AESGCM(key.finalize()[:32]), commitment.finalize()[:_COMMITMENT]


class _Given(CryptoMaterialsManager):  # type: ignore[misc]
    """Hands out these materials and no others."""

    def __init__(self, materials: EncryptionMaterials) -> None:
        self._materials = materials

    def get_encryption_materials(self, request: EncryptionMaterialsRequest) -> EncryptionMaterials:  # noqa: ARG002
        return self._materials

    def decrypt_materials(self, request: object) -> object:
        raise NotImplementedError
