"""One message: sealed and opened whole, in memory. For any size see `stream`."""

from __future__ import annotations

import io

from tenant_keys.client.errors import DamagedMessage
from tenant_keys.client.materials import PARSER_ERRORS, ExpectingMaterials, TenantMaterials, refuse
from tenant_keys.client.record import open_name, seal_name
from tenant_keys.client.sdk import FRAME, MAX_DATA_KEYS, POLICY, SUITE, StreamDecryptor, StreamEncryptor

_MORE_THAN_HEADER = 1024 * 1024
"""Bytes; a header's context is at most 65,535 (Encryption SDK message format)."""


def seal(materials: TenantMaterials, data: bytes, *, name: str, context: dict[str, str]) -> bytes:
    payload = seal_name(name) + data
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
    # Asking for more than there can be makes the SDK finish in one step instead of line by line.
    return encryptor.read(2 * len(payload) + _MORE_THAN_HEADER)  # type: ignore[no-any-return]


def unseal(materials: TenantMaterials, blob: bytes, *, name: str, context: dict[str, str]) -> bytes:
    source = io.BytesIO(blob)
    try:
        decryptor = StreamDecryptor(
            source=source,
            source_length=len(blob),
            materials_manager=ExpectingMaterials(materials, context),
            commitment_policy=POLICY,
            max_encrypted_data_keys=MAX_DATA_KEYS,
            max_body_length=FRAME,
        )
        payload = decryptor.read(len(blob))
    except PARSER_ERRORS as error:
        refuse(error)
    if not ended(decryptor) or source.read(1):
        raise DamagedMessage("the message is truncated, or something follows it")
    return open_name(payload, name)


def ended(decryptor: StreamDecryptor) -> bool:
    """The SDK has a footer, empty in our suite, once it has authenticated the final frame."""
    return hasattr(decryptor, "footer")
