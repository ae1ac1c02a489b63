"""NumericEquals: integers and decimals."""

from decimal import Decimal

from tenant_keys.review.iam.conditions.numbers import prepare, read
from tenant_keys.review.iam.conditions.operator import Operator


def matches(value: str, wanted: Decimal) -> bool:
    """Whether the number is the wanted one."""
    return read(value) == wanted


NUMERIC_EQUALS = Operator("NumericEquals", prepare, matches, typed=True)
