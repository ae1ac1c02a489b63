"""Whether bytes begin like a message of this client. A hint alone: only opening it proves what it is."""

from __future__ import annotations

START = bytes([2]) + (0x0478).to_bytes(2, "big")
"""Message format version 2 and the id of the unsigned committing suite (Encryption SDK message format)."""


def looks_encrypted(start: bytes) -> bool:
    return start.startswith(START)
