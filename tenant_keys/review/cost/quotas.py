"""AWS's quotas that grow with the number of tenants, as their documents state them. Read 2026-11."""

from __future__ import annotations

from typing import Final

KMS_KEYS: Final = 100_000
"""Customer managed keys of an account and Region in any state; adjustable (AWS KMS guide, resource-limits)."""
ALIASES_A_KEY: Final = 50
"""Adjustable; a quota of aliases per Region no longer exists (AWS KMS guide, resource-limits)."""
IAM_ROLES_MOST: Final = 10_000
"""Roles that AWS grants an account on request (IAM guide, reference_iam-quotas)."""
OIDC_PROVIDERS: Final = 100
"""Identity providers of an account; on request 700 (IAM guide, reference_iam-quotas)."""
STS_REQUESTS: Final = 600
"""AssumeRole, GetCallerIdentity and others together, a second of an account and Region. AssumeRole into another account
counts in the caller's; AssumeRoleWithWebIdentity does not count (IAM guide, reference_iam-quotas)."""
STACKS: Final = 2_000
"""Stacks of an account and Region; adjustable (CloudFormation guide, cloudformation-limits)."""
STACK_RESOURCES: Final = 500
"""Resources of a template; not adjustable (CloudFormation guide, cloudformation-limits)."""
PARAMETERS: Final = 10_000
"""Standard SSM parameters of an account and Region (AWS General Reference, Systems Manager quotas)."""
PARAMETER_CHARACTERS: Final = 4_096
"""A standard SSM parameter (AWS::SSM::Parameter, Tier)."""
BOOTSTRAP_ROLES: Final = 5
"""Roles that `cdk bootstrap` makes in each Region: deploy, lookup, execution, file and image publishing."""

_FAST = frozenset({"us-east-1", "us-west-2", "eu-west-1"})
_MIDDLE = frozenset({"us-east-2", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1", "eu-central-1", "eu-west-2"})


def symmetric_requests_per_second(region: str) -> int:
    """Cryptographic requests a second of an account and Region, symmetric keys (AWS KMS guide, requests-per-second)."""
    if region in _FAST:
        return 100_000
    return 20_000 if region in _MIDDLE else 10_000


REQUESTS_PER_SECOND: Final = {
    "CreateKey": 5,
    "CreateAlias": 5,
    "ReplicateKey": 5,
    "DisableKey": 5,
    "EnableKeyRotation": 15,
    "TagResource": 10,
    "PutKeyPolicy": 15,
}
"""Management requests a second of an account and Region (AWS KMS guide, requests-per-second)."""
CREATE_KEYS_A_REPLICA: Final = 2
"""Replicating counts as so many CreateKey requests in the replica's Region (AWS KMS guide, requests-per-second)."""
