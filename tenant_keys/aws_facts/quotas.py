"""Quotas and sizes, as AWS's documents state them. Read in November 2026."""

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
TEMPLATE_RESOURCES: Final = STACK_RESOURCES - 1
"""What the app may put into a template: the CDK's command line adds one resource."""
TEMPLATE_BYTES: Final = 1_000_000
"""A template in S3. The guide says 1 MB (cloudformation-limits); the service's own error names 1,000,000 (cfn-lint,
LIMITS; aws-samples/aws-vpc-cidr-mgmt, issue 10)."""
INLINE_TEMPLATE_BYTES: Final = 51_200
"""A template in the request itself; a larger one goes through S3 (CloudFormation guide, cloudformation-limits)."""
IMPORTED_RESOURCES: Final = 200
"""Resources of a change set that imports (CloudFormation API, CreateChangeSet, ResourcesToImport)."""
KEY_POLICY_BYTES: Final = 32_768
"""Source: AWS KMS guide, key-policy-overview; AWS::KMS::Key, KeyPolicy."""
INLINE_POLICY_CHARACTERS: Final = 10_240
"""All inline policies of a role together, white space not counted (IAM guide, reference_iam-quotas)."""
TRUST_POLICY_CHARACTERS: Final = 2_048
"""Of a role, before the quota is raised (IAM guide, reference_iam-quotas)."""
TRUST_POLICY_CHARACTERS_MOST: Final = 8_192
"""Of a role, on request (IAM guide, reference_iam-quotas)."""
MANAGED_POLICY_CHARACTERS: Final = 6_144
"""White space not counted (IAM guide, reference_iam-quotas)."""
MANAGED_POLICIES_A_ROLE: Final = 10
"""Before the quota is raised (IAM guide, reference_iam-quotas; newer editions give 20)."""
SERVICE_CONTROL_POLICY_CHARACTERS: Final = 10_240
"""White space counts where a policy is saved through the API (Organizations guide, orgs_reference_limits)."""
RESOURCE_CONTROL_POLICY_CHARACTERS: Final = 5_120
"""As for service control policies."""
EVENT_BUS_POLICY_CHARACTERS: Final = 10_240
"""EventBridge guide, eb-quota: event bus policy size; it can be raised."""
EVENT_PATTERN_CHARACTERS: Final = 2_048
"""Of a rule, by default (EventBridge guide, eb-quota)."""
TRUST_ANCHORS: Final = 50
"""In an account and Region (IAM Roles Anywhere guide, quotas)."""
AUDIENCES_A_PROVIDER: Final = 100
"""Of an OIDC provider; not adjustable (IAM guide, reference_iam-quotas)."""
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
    "DeleteAlias": 15,
    "UpdateAlias": 5,
    "ReplicateKey": 5,
    "EnableKey": 5,
    "DisableKey": 5,
    "EnableKeyRotation": 15,
    "DisableKeyRotation": 5,
    "TagResource": 10,
    "UntagResource": 5,
    "UpdateKeyDescription": 5,
    "PutKeyPolicy": 15,
    "ScheduleKeyDeletion": 15,
}
"""Management requests a second of an account and Region (AWS KMS guide, requests-per-second)."""
CREATE_KEYS_A_REPLICA: Final = 2
"""Replicating counts as so many CreateKey requests in the replica's Region (AWS KMS guide, requests-per-second)."""

READS_PER_SECOND: Final = {
    "kms:DescribeKey": 2_000,
    "kms:ListResourceTags": 2_000,
    "kms:GetKeyPolicy": 1_000,
    "kms:GetKeyRotationStatus": 1_000,
    "kms:ListKeys": 500,
    "kms:ListAliases": 500,
    "kms:ListGrants": 100,
    "kms:ListKeyRotations": 100,
    "kms:GetKeyLastUsage": 5,
}
"""Requests a second of an account and Region that only read, adjustable (AWS KMS guide, requests-per-second)."""
UNDOCUMENTED_PER_SECOND: Final = 10
"""Assumed for operations whose rate AWS does not document: IAM, CloudFormation, CloudTrail, IAM Roles Anywhere."""


def is_documented(api: str) -> bool:
    """Whether AWS documents a rate of the API, such as `kms:CreateKey`."""
    return api in READS_PER_SECOND or (api.startswith("kms:") and api.removeprefix("kms:") in REQUESTS_PER_SECOND)


def per_second(api: str) -> int:
    """Requests a second of an account and Region to an API, such as `kms:CreateKey`, as documented or as assumed."""
    if api.startswith("kms:") and (rate := REQUESTS_PER_SECOND.get(api.removeprefix("kms:"))):
        return rate
    return READS_PER_SECOND.get(api, UNDOCUMENTED_PER_SECOND)
