"""One message: sealed and opened whole, in memory. For any size see `stream`."""

from __future__ import annotations

import io
import sys

from tenant_keys.client.errors import DamagedMessage
from tenant_keys.client.materials import PARSER_ERRORS, ExpectingMaterials, Materials, refuse
from tenant_keys.client.record import Names, open_name, seal_name
from tenant_keys.client.sdk import FRAME, MAX_DATA_KEYS, POLICY, SUITE, StreamDecryptor, StreamEncryptor

STEP = 16 * FRAME
"""Bytes asked of the SDK at a time. It copies all that it holds once a frame: 64 MB in one step took two minutes."""


def seal(materials: Materials, data: bytes, *, name: str, context: dict[str, str]) -> bytes:
    return seal_payload(materials, payload_of(data, name), context=context)


def payload_of(data: bytes, name: str) -> bytes:
    """What is sealed: the record's name, and the data."""
    return seal_name(name) + _bytes("data", data)


def seal_payload(materials: Materials, payload: bytes, *, context: dict[str, str]) -> bytes:
    if len(payload) < FRAME:
        return materials.for_writing(context).sealer.seal(payload)
    encryptor = StreamEncryptor(
        source=payload,
        source_length=len(payload),
        materials_manager=ExpectingMaterials(materials, context),
        encryption_context=context,
        algorithm=SUITE,
        frame_length=FRAME,
        commitment_policy=POLICY,
        max_encrypted_data_keys=MAX_DATA_KEYS,
    )
    return pull(encryptor)


def unseal(materials: Materials, blob: bytes, *, name: Names, context: dict[str, str]) -> bytes:
    blob = _bytes("blob", blob)
    if (payload := materials.opened(blob, context)) is None:
        payload = _parsed(materials, blob, context)
    return open_name(payload, name)


def _parsed(materials: Materials, blob: bytes, context: dict[str, str]) -> bytes:
    """The payload of any message, by the SDK."""
    expecting = ExpectingMaterials(materials, context)
    source = io.BytesIO(blob)
    try:
        decryptor = StreamDecryptor(
            source=source,
            source_length=len(blob),
            materials_manager=expecting,
            commitment_policy=POLICY,
            max_encrypted_data_keys=MAX_DATA_KEYS,
            max_body_length=FRAME,
        )
        payload = pull(decryptor)
    except PARSER_ERRORS as error:
        refuse(error)
    if not ended(decryptor) or source.read(1):
        raise DamagedMessage("the message is truncated, or something follows it")
    if expecting.read_with is not None:
        expecting.read_with.learn(blob)
    return payload


def _bytes(what: str, given: object) -> bytes:
    if isinstance(given, bytes):
        return given
    if isinstance(given, (bytearray, memoryview)):
        return bytes(given)
    raise TypeError(f"{what}: got {type(given).__name__}; expected bytes")


def pull(stream: StreamEncryptor | StreamDecryptor, size: int = sys.maxsize) -> bytes:
    """Exactly `size` bytes unless the end comes first. The SDK gives less than it is asked for at the end alone."""
    pieces: list[bytes] = []
    while size > 0:
        asked = min(size, STEP)
        pieces.append(stream.read(asked))
        size -= len(pieces[-1])
        if len(pieces[-1]) < asked:
            break
    return b"".join(pieces)


def ended(decryptor: StreamDecryptor) -> bool:
    """The SDK has a footer, empty in our suite, once it has authenticated the final frame."""
    return hasattr(decryptor, "footer")
