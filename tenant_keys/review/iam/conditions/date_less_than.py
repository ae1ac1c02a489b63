"""DateLessThan: the request's time is before the policy's. False when the key is absent."""

from fractions import Fraction

from tenant_keys.review.iam.conditions.dates import prepare, read
from tenant_keys.review.iam.conditions.operator import Operator


def matches(value: str, limit: Fraction) -> bool:
    """Whether the time is before the limit."""
    return read(value) < limit


DATE_LESS_THAN = Operator("DateLessThan", prepare, matches, typed=True)
