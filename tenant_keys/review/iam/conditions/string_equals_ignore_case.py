"""StringEqualsIgnoreCase: exact, ignoring case, in values put in for variables too.

How IAM folds letters outside ASCII is documented nowhere. Where the two ways differ (letters of ASCII alone, and all of
Unicode), the comparison is refused.
"""

from tenant_keys.review.iam.conditions.operator import Operator, text_of
from tenant_keys.review.iam.wildcards import Piece


def prepare(pieces: tuple[Piece, ...]) -> str:
    """The policy's value."""
    return text_of(pieces)


def matches(value: str, wanted: str) -> bool:
    """Whether the value is the wanted one, apart from case. Raises ValueError where that depends on how IAM folds."""
    if value.isascii() and wanted.isascii():
        return value.lower() == wanted.lower()
    alike = value.casefold() == wanted.casefold() or value.upper() == wanted.upper()
    if alike and _ascii_lower(value) != _ascii_lower(wanted):
        raise ValueError(f"whether {value!r} is {wanted!r} apart from case: AWS documents no case outside ASCII")
    return alike


def _ascii_lower(text: str) -> str:
    return "".join([one.lower() if one.isascii() else one for one in text])


STRING_EQUALS_IGNORE_CASE = Operator("StringEqualsIgnoreCase", prepare, matches, takes_variables=True)
