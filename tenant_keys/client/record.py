"""The name of a record, bound inside the authenticated payload, so that a row copied to another row does not open.

Payload: one byte 1, the name's length in bytes as two bytes big-endian, the name in UTF-8, the data. The name is not
in the encryption context, since every new context needs a data key of its own and no cache would ever hit.
"""

from __future__ import annotations

from typing import BinaryIO

from tenant_keys.client.errors import DamagedMessage, WrongRecord

VERSION = 1
PREFIX = 3
Names = str | tuple[str, ...]
"""To open: the record's name, or all that a declared place gives it. To seal there is always one."""

MAX_NAME = 32_768
"""Bytes; a DynamoDB key has 3,072 at most (service quotas), of which JSON may write each as six."""


def seal_name(name: str) -> bytes:
    if not isinstance(name, str):
        raise TypeError(f"name: got {type(name).__name__}; expected a string")
    encoded = str.encode(name)
    if not encoded or len(encoded) > MAX_NAME:
        raise ValueError(f"name: got {len(encoded)} bytes; allowed are 1 to {MAX_NAME}")
    return bytes([VERSION]) + len(encoded).to_bytes(2, "big") + encoded


def open_name(payload: bytes, name: Names) -> bytes:
    """The data after the name, if the name is the expected one, or one of those expected."""
    for expected in _sealed(name):
        if payload.startswith(expected):
            return payload[len(expected) :]
    raise _refusal(payload[:PREFIX])


def skip_name(payload: BinaryIO, name: Names) -> str:
    """The same for a stream: reads the name, and no data unless it is an expected one. Returns which."""
    candidates = _sealed(name)
    start = payload.read(PREFIX)
    if any(one[:PREFIX] == start for one in candidates):
        sealed = start + payload.read(int.from_bytes(start[1:], "big"))
        if sealed in candidates:
            return sealed[PREFIX:].decode()
    raise _refusal(start)


def _sealed(name: Names) -> list[bytes]:
    return [seal_name(one) for one in (name if isinstance(name, tuple) and name else (name,))]  # type: ignore[arg-type]


def _refusal(start: bytes) -> Exception:
    if len(start) < PREFIX or start[0] != VERSION:
        return DamagedMessage("the payload carries no record name; it was not written by this client")
    return WrongRecord("the message belongs to another record: a row or object was copied, moved or swapped")
