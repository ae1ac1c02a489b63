"""Text from outside, fit for an error message or a log line: without the newlines that would forge further lines."""

from __future__ import annotations

MAX_SHOWN = 300
"""Characters; AWS names the principal, the action and the resource in fewer."""


def printable(text: object, limit: int = MAX_SHOWN) -> str:
    """Its first characters, with everything escaped that does not print."""
    shown = str(text)[:limit]
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in shown)
