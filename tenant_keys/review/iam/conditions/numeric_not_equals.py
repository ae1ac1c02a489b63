"""NumericNotEquals: the negation of NumericEquals; true when the key is absent."""

from tenant_keys.review.iam.conditions.numeric_equals import NUMERIC_EQUALS

NUMERIC_NOT_EQUALS = NUMERIC_EQUALS.negation("NumericNotEquals")
