"""BinaryEquals: the same bytes; both sides are written in base64."""

from base64 import b64decode

from tenant_keys.review.iam.conditions.operator import Operator, text_of
from tenant_keys.review.iam.wildcards import Piece


def read(text: str) -> bytes:
    """The bytes that the text encodes."""
    return b64decode(text, validate=True)


def prepare(pieces: tuple[Piece, ...]) -> bytes:
    """The policy's bytes."""
    return read(text_of(pieces))


def matches(value: str, wanted: bytes) -> bool:
    """Whether they are the wanted bytes."""
    return read(value) == wanted


BINARY_EQUALS = Operator("BinaryEquals", prepare, matches, typed=True)
