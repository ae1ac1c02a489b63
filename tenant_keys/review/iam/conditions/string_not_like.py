"""StringNotLike: the negation of StringLike; true when the key is absent."""

from tenant_keys.review.iam.conditions.string_like import STRING_LIKE

STRING_NOT_LIKE = STRING_LIKE.negation("StringNotLike")
