"""ArnNotLike: the negation of ArnLike; true when the key is absent."""

from tenant_keys.review.iam.conditions.arn_like import ARN_LIKE

ARN_NOT_LIKE = ARN_LIKE.negation("ArnNotLike")
