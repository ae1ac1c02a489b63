"""Bool: "true" or "false", in any case."""

from tenant_keys.review.iam.conditions.operator import Operator, text_of
from tenant_keys.review.iam.wildcards import Piece


def read(text: str) -> bool:
    """The truth value that the text names."""
    word = text.lower()
    if word not in ("true", "false"):
        raise ValueError(f"{text!r} is neither true nor false")
    return word == "true"


def prepare(pieces: tuple[Piece, ...]) -> bool:
    """The policy's truth value."""
    return read(text_of(pieces))


def matches(value: str, wanted: bool) -> bool:
    """Whether it is the wanted truth value."""
    return read(value) is wanted


BOOL = Operator("Bool", prepare, matches, typed=True)
