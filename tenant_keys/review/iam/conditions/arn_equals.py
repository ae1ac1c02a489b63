"""ArnEquals: behaves exactly like ArnLike, wildcards included."""

from dataclasses import replace

from tenant_keys.review.iam.conditions.arn_like import ARN_LIKE

ARN_EQUALS = replace(ARN_LIKE, name="ArnEquals")
