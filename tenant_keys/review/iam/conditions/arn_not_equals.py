"""ArnNotEquals: behaves exactly like ArnNotLike; true when the key is absent."""

from tenant_keys.review.iam.conditions.arn_equals import ARN_EQUALS

ARN_NOT_EQUALS = ARN_EQUALS.negation("ArnNotEquals")
