"""DateEquals: the same moment, however it is written."""

from fractions import Fraction

from tenant_keys.review.iam.conditions.dates import prepare, read
from tenant_keys.review.iam.conditions.operator import Operator


def matches(value: str, wanted: Fraction) -> bool:
    """Whether it is the wanted moment."""
    return read(value) == wanted


DATE_EQUALS = Operator("DateEquals", prepare, matches, typed=True)
