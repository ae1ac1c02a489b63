"""The condition operators by name: every one that AWS documents, and no other."""

from tenant_keys.review.iam.conditions.arn_equals import ARN_EQUALS
from tenant_keys.review.iam.conditions.arn_like import ARN_LIKE
from tenant_keys.review.iam.conditions.arn_not_equals import ARN_NOT_EQUALS
from tenant_keys.review.iam.conditions.arn_not_like import ARN_NOT_LIKE
from tenant_keys.review.iam.conditions.binary_equals import BINARY_EQUALS
from tenant_keys.review.iam.conditions.bool import BOOL
from tenant_keys.review.iam.conditions.date_equals import DATE_EQUALS
from tenant_keys.review.iam.conditions.date_greater_than import DATE_GREATER_THAN
from tenant_keys.review.iam.conditions.date_greater_than_equals import DATE_GREATER_THAN_EQUALS
from tenant_keys.review.iam.conditions.date_less_than import DATE_LESS_THAN
from tenant_keys.review.iam.conditions.date_less_than_equals import DATE_LESS_THAN_EQUALS
from tenant_keys.review.iam.conditions.date_not_equals import DATE_NOT_EQUALS
from tenant_keys.review.iam.conditions.ip_address import IP_ADDRESS
from tenant_keys.review.iam.conditions.not_ip_address import NOT_IP_ADDRESS
from tenant_keys.review.iam.conditions.null import NULL
from tenant_keys.review.iam.conditions.numeric_equals import NUMERIC_EQUALS
from tenant_keys.review.iam.conditions.numeric_greater_than import NUMERIC_GREATER_THAN
from tenant_keys.review.iam.conditions.numeric_greater_than_equals import NUMERIC_GREATER_THAN_EQUALS
from tenant_keys.review.iam.conditions.numeric_less_than import NUMERIC_LESS_THAN
from tenant_keys.review.iam.conditions.numeric_less_than_equals import NUMERIC_LESS_THAN_EQUALS
from tenant_keys.review.iam.conditions.numeric_not_equals import NUMERIC_NOT_EQUALS
from tenant_keys.review.iam.conditions.operator import Operator
from tenant_keys.review.iam.conditions.string_equals import STRING_EQUALS
from tenant_keys.review.iam.conditions.string_equals_ignore_case import STRING_EQUALS_IGNORE_CASE
from tenant_keys.review.iam.conditions.string_like import STRING_LIKE
from tenant_keys.review.iam.conditions.string_not_equals import STRING_NOT_EQUALS
from tenant_keys.review.iam.conditions.string_not_equals_ignore_case import STRING_NOT_EQUALS_IGNORE_CASE
from tenant_keys.review.iam.conditions.string_not_like import STRING_NOT_LIKE

OPERATORS: dict[str, Operator] = {
    operator.name: operator
    for operator in (
        STRING_EQUALS,
        STRING_NOT_EQUALS,
        STRING_EQUALS_IGNORE_CASE,
        STRING_NOT_EQUALS_IGNORE_CASE,
        STRING_LIKE,
        STRING_NOT_LIKE,
        NUMERIC_EQUALS,
        NUMERIC_NOT_EQUALS,
        NUMERIC_LESS_THAN,
        NUMERIC_LESS_THAN_EQUALS,
        NUMERIC_GREATER_THAN,
        NUMERIC_GREATER_THAN_EQUALS,
        DATE_EQUALS,
        DATE_NOT_EQUALS,
        DATE_LESS_THAN,
        DATE_LESS_THAN_EQUALS,
        DATE_GREATER_THAN,
        DATE_GREATER_THAN_EQUALS,
        BOOL,
        BINARY_EQUALS,
        IP_ADDRESS,
        NOT_IP_ADDRESS,
        ARN_EQUALS,
        ARN_LIKE,
        ARN_NOT_EQUALS,
        ARN_NOT_LIKE,
        NULL,
    )
}

__all__ = ["OPERATORS", "Operator"]
