"""DateNotEquals: the negation of DateEquals; true when the key is absent."""

from tenant_keys.review.iam.conditions.date_equals import DATE_EQUALS

DATE_NOT_EQUALS = DATE_EQUALS.negation("DateNotEquals")
