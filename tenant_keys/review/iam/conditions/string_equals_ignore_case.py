"""StringEqualsIgnoreCase: exact, ignoring case, in values put in for variables too."""

from tenant_keys.review.iam.conditions.operator import Operator, text_of
from tenant_keys.review.iam.wildcards import Piece


def prepare(pieces: tuple[Piece, ...]) -> str:
    """The policy's value, folded."""
    return text_of(pieces).casefold()


def matches(value: str, wanted: str) -> bool:
    """Whether the value is the wanted one, apart from case."""
    return value.casefold() == wanted


STRING_EQUALS_IGNORE_CASE = Operator("StringEqualsIgnoreCase", prepare, matches, takes_variables=True)
