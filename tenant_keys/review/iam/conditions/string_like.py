"""StringLike: case-sensitive, with `*` and `?` as wildcards that cross colons."""

from tenant_keys.review.iam.conditions.operator import Operator
from tenant_keys.review.iam.wildcards import Test, glob


def matches(value: str, pattern: Test) -> bool:
    """Whether the pattern covers the value."""
    return pattern(value)


STRING_LIKE = Operator("StringLike", glob, matches, takes_variables=True)
