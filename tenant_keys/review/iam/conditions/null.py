"""Null: "true" if the key is absent, "false" if it is there. Alone in judging presence, it takes any key."""

from tenant_keys.review.iam.conditions.bool import prepare
from tenant_keys.review.iam.conditions.operator import Operator

#: What the value of the request is to Null: that it is there.
PRESENT = "present"


def matches(value: str, wanted_absent: bool) -> bool:
    """Whether the key (its value, or "" for an absent one) is as wanted."""
    return (value != PRESENT) is wanted_absent


NULL = Operator("Null", prepare, matches, multivalued=True)
