"""What CloudFormation's handlers call for our resources, on which resources, and what the execution policy decides."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER  # type: ignore[import-untyped]

from tenant_keys.review.iam import Outcome, Policies, Policy, Principal, PrincipalKind, Request, authorize

ROOT = Path(__file__).parents[2]
ACCOUNT = "111111111111"
POLICY = Policy.parse(json.loads((ROOT / "docs/execution-policy.json").read_text()), name="execution", kind="identity")
ROLE = f"arn:aws:iam::{ACCOUNT}:role/cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-eu-west-1"
WHO = Principal(
    kind=PrincipalKind.ROLE_SESSION,
    arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE.rpartition('/')[2]}/AWSCloudFormation",
    account=ACCOUNT,
    role_arn=ROLE,
)
OUR_TYPES = {
    "AWS::CloudTrail::Trail",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::CloudWatch::Alarm",
    "AWS::Events::EventBusPolicy",
    "AWS::Events::Rule",
    "AWS::SNS::Topic",
    "AWS::SNS::TopicPolicy",
    "AWS::EKS::PodIdentityAssociation",
    "AWS::IAM::InstanceProfile",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::OIDCProvider",
    "AWS::IAM::Role",
    "AWS::KMS::Alias",
    "AWS::KMS::Key",
    "AWS::KMS::ReplicaKey",
    "AWS::RolesAnywhere::Profile",
    "AWS::RolesAnywhere::TrustAnchor",
    "AWS::SSM::Parameter",
}
HOOK_TYPES = ("AWS::CloudFormation::LambdaHook", "AWS::Lambda::Function", "AWS::Logs::LogGroup")
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OWN_ROLES = (
    f"arn:aws:iam::{ACCOUNT}:role/tenant-keys/orders/tenant-acme.orders",
    f"arn:aws:iam::{ACCOUNT}:role/tenant-keys-orders",
)
OWN_POLICY = f"arn:aws:iam::{ACCOUNT}:policy/tenant-keys-orders"
RESOURCES = {
    "kms:": (KEY,),
    "kms:CreateKey": ("*",),
    "kms:ListAliases": ("*",),
    "kms:CreateAlias": (KEY, f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/tenant-acme"),
    "kms:DeleteAlias": (KEY, f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/tenant-acme"),
    "iam:": OWN_ROLES,
    "iam:PassRole": OWN_ROLES[1:],
    "iam:CreateServiceLinkedRole": (
        f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/rolesanywhere.amazonaws.com/AWSServiceRoleForRolesAnywhere",
    ),
    "ssm:": (f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/tenant-keys/orders",),
    "eks:": (f"arn:aws:eks:eu-west-1:{ACCOUNT}:podidentityassociation/main/a-1",),
    "eks:CreatePodIdentityAssociation": (f"arn:aws:eks:eu-west-1:{ACCOUNT}:cluster/main",),
    "rolesanywhere:": ("*",),
    "cloudwatch:": (f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:tenant-keys-audit-quota-near",),
    "events:": (f"arn:aws:events:eu-west-1:{ACCOUNT}:rule/tenant-keys-audit-use-denied",),
    "events:DescribeEventBus": (f"arn:aws:events:eu-west-1:{ACCOUNT}:event-bus/default",),
    "events:PutPermission": (f"arn:aws:events:eu-west-1:{ACCOUNT}:event-bus/default",),
    "events:RemovePermission": (f"arn:aws:events:eu-west-1:{ACCOUNT}:event-bus/default",),
    "cloudtrail:": (f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/tenant-keys-trail",),
    "cloudtrail:DescribeTrails": ("*",),
    "s3:": (f"arn:aws:s3:::tenant-keys-trail-{ACCOUNT}",),
    "sns:": (f"arn:aws:sns:eu-west-1:{ACCOUNT}:tenant-keys-audit",),
    "acm-pca:": (f"arn:aws:acm-pca:eu-west-1:{ACCOUNT}:certificate-authority/12345678-1234-1234-1234-123456789012",),
}
"""What each call is on: by action, else by service."""
CONTEXT: dict[str, dict[str, str]] = {
    "iam:PassRole": {"iam:PassedToService": "ec2.amazonaws.com"},
    "iam:CreateServiceLinkedRole": {"iam:AWSServiceName": "rolesanywhere.amazonaws.com"},
    "iam:AttachRolePolicy": {"iam:PolicyARN": OWN_POLICY},
    "iam:DetachRolePolicy": {"iam:PolicyARN": OWN_POLICY},
}
_OTHER_SETTINGS = (
    "CreateBucketMetadataTableConfiguration DeleteBucketAnalyticsConfiguration DeleteBucketCors DeleteBucketEncryption "
    "DeleteBucketLifecycle DeleteBucketMetadataTableConfiguration DeleteBucketMetricsConfiguration "
    "DeleteBucketReplication DeleteBucketTagging DeleteBucketWebsite PutObjectAcl "
    "UpdateBucketMetadataAnnotationTableConfiguration UpdateBucketMetadataInventoryTableConfiguration "
    "UpdateBucketMetadataJournalTableConfiguration"
)
_TABLES = (
    "CreateNamespace CreateTable CreateTableBucket GetTable GetTableMetadataLocation PutTableBucketPolicy "
    "PutTableEncryption PutTablePolicy UpdateTableMetadataLocation"
)
_RETAINED = "s3:DeleteBucket s3:DeleteBucketPolicy s3:DeleteObject cloudtrail:DeleteTrail cloudtrail:StopLogging"
LEFT_OUT = {
    **{f"s3:{action}": "our bucket has no such setting" for action in _OTHER_SETTINGS.split()},
    **{f"s3tables:{action}": "our bucket has no such setting" for action in _TABLES.split()},
    **dict.fromkeys(_RETAINED.split(), "the trail logs, and trail and bucket are retained"),
    "cloudtrail:PutEventConfiguration": "our trail aggregates nothing",
    "cloudtrail:PutInsightSelectors": "our trail has no insights",
    "organizations:DescribeOrganization": "our trail is of one account",
    "organizations:ListAWSServiceAccessForOrganization": "our trail is of one account",
    "sns:PutDataProtectionPolicy": "our topic has no data protection policy",
    "sns:Subscribe": "who is reported is no matter of a stack",
    "sns:Unsubscribe": "who is reported is no matter of a stack",
    "kms:ScheduleKeyDeletion": "keys and replicas are retained",
    "kms:UpdateAlias": "an alias is never re-pointed",
    "iam:AttachGroupPolicy": "our policies are attached to roles",
    "iam:AttachUserPolicy": "our policies are attached to roles",
    "iam:DetachGroupPolicy": "our policies are attached to roles",
    "iam:DetachUserPolicy": "our policies are attached to roles",
    "iam:PutRolePermissionsBoundary": "our roles have no boundary",
    "iam:DeleteRolePermissionsBoundary": "our roles have no boundary",
}


ROLES_OF_OTHERS = {
    ("AWS::CloudTrail::Trail", "iam:GetRole"),
    ("AWS::CloudTrail::Trail", "iam:PassRole"),
    ("AWS::CloudTrail::Trail", "iam:CreateServiceLinkedRole"),
    ("AWS::S3::Bucket", "iam:PassRole"),
}
"""Of a log group, an organization's trail and replication, none of which ours has."""


def handlers() -> set[tuple[str, str]]:
    """Type and action, of every handler that a stack operation runs; `list` serves Cloud Control alone."""
    calls: set[tuple[str, str]] = set()
    for name in OUR_TYPES:
        schema: dict[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", name).schema
        for verb, handler in schema["handlers"].items():
            if verb != "list":
                calls |= {(name, action) for action in handler["permissions"]}
        calls |= {(name, action) for action in schema.get("tagging", {}).get("permissions", [])}
    return {(name, action.replace("CloudTrail:", "cloudtrail:")) for name, action in calls} - ROLES_OF_OTHERS


def decide(action: str, resource: str, context: dict[str, str] | None = None, policy: Policy = POLICY) -> Outcome:
    request = Request(WHO, action, resource, ACCOUNT, context or {})
    # Keys and assumed roles ask their own policy too, proved elsewhere: here each leaves it to the account's IAM.
    service = action.partition(":")[0]
    account = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": f"{service}:*"}
    own = None
    if ":key/" in resource or service == "sts":
        statement = account | ({"Resource": "*"} if service == "kms" else {})
        own = Policy.parse({"Version": "2012-10-17", "Statement": [statement]}, name="own", kind="resource")
    return authorize(request, Policies(identity=(policy,), resource=own)).outcome


def resources(name: str, action: str) -> tuple[str, ...]:
    if action.startswith("iam:"):
        if action.endswith("OpenIDConnectProvider") or "OpenIDConnectProvider" in action:
            return (f"arn:aws:iam::{ACCOUNT}:oidc-provider/login.example.com",)
        if "InstanceProfile" in action:
            return (f"arn:aws:iam::{ACCOUNT}:instance-profile/tenant-keys-orders",)
        if "Policy" in action and name != "AWS::IAM::Role" and "RolePolicy" not in action:
            return (OWN_POLICY,)
    return RESOURCES.get(action) or RESOURCES[action.partition(":")[0] + ":"]
