"""IAM's decision on one request, by the rules that AWS documents: `authorize(request, policies)`."""

from tenant_keys.review.iam.authorization import authorize
from tenant_keys.review.iam.decision import Decider, Decision, Outcome
from tenant_keys.review.iam.errors import InvalidRequest, UnsupportedPolicy
from tenant_keys.review.iam.grant import Grant
from tenant_keys.review.iam.policy import Policies, Policy
from tenant_keys.review.iam.principal import Principal, PrincipalKind
from tenant_keys.review.iam.request import Request

__all__ = [
    "Decider",
    "Decision",
    "Grant",
    "InvalidRequest",
    "Outcome",
    "Policies",
    "Policy",
    "Principal",
    "PrincipalKind",
    "Request",
    "UnsupportedPolicy",
    "authorize",
]
