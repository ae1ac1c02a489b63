"""DateGreaterThan: the request's time is after the policy's. False when the key is absent."""

from fractions import Fraction

from tenant_keys.review.iam.conditions.dates import prepare, read
from tenant_keys.review.iam.conditions.operator import Operator


def matches(value: str, limit: Fraction) -> bool:
    """Whether the time is after the limit."""
    return read(value) > limit


DATE_GREATER_THAN = Operator("DateGreaterThan", prepare, matches, typed=True)
