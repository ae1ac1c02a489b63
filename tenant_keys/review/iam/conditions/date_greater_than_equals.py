"""DateGreaterThanEquals: the request's time is at or after the policy's. False when the key is absent."""

from fractions import Fraction

from tenant_keys.review.iam.conditions.dates import prepare, read
from tenant_keys.review.iam.conditions.operator import Operator


def matches(value: str, limit: Fraction) -> bool:
    """Whether the time is at or after the limit."""
    return read(value) >= limit


DATE_GREATER_THAN_EQUALS = Operator("DateGreaterThanEquals", prepare, matches, typed=True)
