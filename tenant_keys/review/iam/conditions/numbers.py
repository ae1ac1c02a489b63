"""Numbers in conditions: integers and decimals, compared exactly."""

import re
from decimal import Decimal

from tenant_keys.review.iam.conditions.operator import text_of
from tenant_keys.review.iam.wildcards import Piece

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)


def read(text: str) -> Decimal:
    """The number that the text is."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text!r} is not a number")
    return Decimal(text)


def prepare(pieces: tuple[Piece, ...]) -> Decimal:
    """The policy's number."""
    return read(text_of(pieces))
