"""The beginning of a message: whether bytes look like one, and its encrypted data key.

Source: Encryption SDK message format reference, header structure, version 2.
"""

from __future__ import annotations

import hashlib

START = bytes([2]) + (0x0478).to_bytes(2, "big")
"""Message format version 2 and the id of the unsigned committing suite. A hint; only opening proves what it is."""

_FOREIGN = (bytes([2]) + (0x0578).to_bytes(2, "big"), bytes([1, 0x80]))
"""Version 2 with the signed suite; version 1, whose second byte is its type."""

_BEFORE_CONTEXT = 3 + 32
"""Version, suite, message id."""


def looks_encrypted(start: bytes) -> bool:
    return start.startswith(START)


def looks_foreign(start: bytes) -> bool:
    """Like a message of the Encryption SDK that this client did not write: to encrypt it once more would bury it."""
    return start.startswith(_FOREIGN)


def data_key_of(message: bytes) -> bytes:
    """The encrypted data key of a message of ours, given its beginning. It has exactly one."""
    rest, _ = _block(message[_BEFORE_CONTEXT:])
    rest = rest[2:]  # how many: one
    rest, _provider = _block(rest)
    rest, _key_arn = _block(rest)
    return _block(rest)[1]


def fingerprint(data_key: bytes) -> str:
    """32 hexadecimal digits that represent an encrypted data key in a checkpoint."""
    return hashlib.sha256(data_key).hexdigest()[:32]


def _block(rest: bytes) -> tuple[bytes, bytes]:
    """What follows a block, and the block: two bytes of length, then so many."""
    end = 2 + int.from_bytes(rest[:2], "big")
    if len(rest) < end:
        raise ValueError("the message ends within its header")
    return rest[end:], rest[2:end]
