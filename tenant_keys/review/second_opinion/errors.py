"""What ends a question without an answer."""

from __future__ import annotations


class NotUnderstood(Exception):
    """Raised when a document says something that this engine does not encode: no opinion is given, by name."""
