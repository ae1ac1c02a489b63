"""NumericGreaterThan: the request's number is greater than the policy's. False when the key is absent."""

from decimal import Decimal

from tenant_keys.review.iam.conditions.numbers import prepare, read
from tenant_keys.review.iam.conditions.operator import Operator


def matches(value: str, limit: Decimal) -> bool:
    """Whether the number is greater than the limit."""
    return read(value) > limit


NUMERIC_GREATER_THAN = Operator("NumericGreaterThan", prepare, matches, typed=True)
