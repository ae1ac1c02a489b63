"""StringNotEquals: the negation of StringEquals; true when the key is absent."""

from tenant_keys.review.iam.conditions.string_equals import STRING_EQUALS

STRING_NOT_EQUALS = STRING_EQUALS.negation("StringNotEquals")
