"""NumericLessThanEquals: the request's number is at most the policy's. False when the key is absent."""

from decimal import Decimal

from tenant_keys.review.iam.conditions.numbers import prepare, read
from tenant_keys.review.iam.conditions.operator import Operator


def matches(value: str, limit: Decimal) -> bool:
    """Whether the number is at most the limit."""
    return read(value) <= limit


NUMERIC_LESS_THAN_EQUALS = Operator("NumericLessThanEquals", prepare, matches, typed=True)
