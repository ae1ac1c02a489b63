"""StringNotEqualsIgnoreCase: the negation of StringEqualsIgnoreCase; true when the key is absent."""

from tenant_keys.review.iam.conditions.string_equals_ignore_case import STRING_EQUALS_IGNORE_CASE

STRING_NOT_EQUALS_IGNORE_CASE = STRING_EQUALS_IGNORE_CASE.negation("StringNotEqualsIgnoreCase")
