"""The execution policy allows what CloudFormation's handlers call for our resources, and nothing else worth having."""

from __future__ import annotations

import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER  # type: ignore[import-untyped]

from tenant_keys.operations.errors import OperationError
from tenant_keys.operations.execution_policy import execution_policy
from tenant_keys.review.iam import Outcome, Policies, Policy, Principal, PrincipalKind, Request, authorize
from tests.policy.estates import estate_of_text, manifest

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
GITHUB = "token.actions.githubusercontent.com"
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
    "sns:Subscribe": "who is told is no matter of a stack",
    "sns:Unsubscribe": "who is told is no matter of a stack",
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


@pytest.mark.parametrize(("name", "action"), sorted(call for call in handlers() if call[1] not in LEFT_OUT))
def test_every_call_of_a_handler_is_allowed(name: str, action: str) -> None:
    for resource in resources(name, action):
        assert decide(action, resource, CONTEXT.get(action)) is Outcome.ALLOWED, resource


@pytest.mark.parametrize("action", sorted(LEFT_OUT))
def test_what_handlers_could_call_but_our_stacks_never_need_is_not_allowed(action: str) -> None:
    assert action in {call for _, call in handlers()}
    ours = (*RESOURCES["cloudtrail:"], *RESOURCES["s3:"])
    for resource in (KEY, *OWN_ROLES, OWN_POLICY, f"arn:aws:iam::{ACCOUNT}:user/someone", *ours):
        if resource.startswith("arn:aws:kms") == action.startswith("kms:"):
            assert decide(action, resource, {"iam:PolicyARN": OWN_POLICY}) is not Outcome.ALLOWED


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("kms:Decrypt", KEY),
        ("kms:Encrypt", KEY),
        ("kms:GenerateDataKey", KEY),
        ("kms:ReEncryptFrom", KEY),
        ("kms:CreateGrant", KEY),
        ("kms:ScheduleKeyDeletion", KEY),
        ("kms:ImportKeyMaterial", KEY),
        ("kms:UpdatePrimaryRegion", KEY),
        ("kms:CreateAlias", f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/another"),
        ("kms:DeleteAlias", f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/another"),
        ("iam:CreateUser", f"arn:aws:iam::{ACCOUNT}:user/someone"),
        ("iam:CreateAccessKey", f"arn:aws:iam::{ACCOUNT}:user/someone"),
        ("iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/Admin"),
        ("iam:PutRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/KeyBreakGlass"),
        ("iam:PutRolePolicy", ROLE),
        ("iam:PutRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/tenant-keys-pipeline"),
        ("iam:UpdateAssumeRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/tenant-keys-pipeline"),
        (
            "iam:DeleteOpenIDConnectProvider",
            f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com",
        ),
        ("iam:CreatePolicyVersion", f"arn:aws:iam::{ACCOUNT}:policy/cdk-tenant-keys-execution"),
        ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/Admin"),
        ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/tenant-keys/orders/tenant-acme.orders"),
        ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/KeyBreakGlass"),
        ("ssm:GetParameters", f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/database/password"),
        ("s3:GetObject", "arn:aws:s3:::bucket/object"),
        ("organizations:DeletePolicy", "*"),
        ("sns:DeleteTopic", f"arn:aws:sns:eu-west-1:{ACCOUNT}:orders"),
        ("events:PutRule", f"arn:aws:events:eu-west-1:{ACCOUNT}:rule/nightly-backup"),
        ("cloudwatch:DeleteAlarms", f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:disk-full"),
    ],
)
def test_nothing_else_is_allowed(action: str, resource: str) -> None:
    everything = {"iam:PassedToService": "ec2.amazonaws.com", "iam:PolicyARN": OWN_POLICY}
    assert decide(action, resource, everything) is not Outcome.ALLOWED


def test_multi_region_keys_may_link_their_service_and_no_other_service_is_linked() -> None:
    """AWS KMS guide, multi-region-keys-auth: whoever calls CreateKey needs iam:CreateServiceLinkedRole."""
    for service, outcome in (("mrk.kms", Outcome.ALLOWED), ("organizations", Outcome.IMPLICIT_DENY)):
        role = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/{service}.amazonaws.com/AWSServiceRoleForSomething"
        context = {"iam:AWSServiceName": f"{service}.amazonaws.com"}
        assert decide("iam:CreateServiceLinkedRole", role, context) is outcome
    assert ("iam:CreateServiceLinkedRole, kms:CreateKey") in (ROOT / "docs/deploy.md").read_text()


def test_a_role_may_not_be_passed_to_another_service() -> None:
    assert decide("iam:PassRole", OWN_ROLES[1], {"iam:PassedToService": "lambda.amazonaws.com"}) is not Outcome.ALLOWED


def test_only_policies_of_ours_are_attached() -> None:
    administrator = {"iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess"}
    assert decide("iam:AttachRolePolicy", OWN_ROLES[1], administrator) is not Outcome.ALLOWED


def test_the_lockout_check_is_never_bypassed() -> None:
    bypass = {"kms:BypassPolicyLockoutSafetyCheck": "true"}
    assert decide("kms:PutKeyPolicy", KEY, bypass) is Outcome.EXPLICIT_DENY
    assert decide("kms:PutKeyPolicy", KEY, {"kms:BypassPolicyLockoutSafetyCheck": "false"}) is Outcome.ALLOWED


def test_it_fits_a_managed_policy() -> None:
    """6,144 characters without white space (IAM guide, reference_iam-quotas)."""
    document = json.loads((ROOT / "docs/execution-policy.json").read_text())
    assert len(json.dumps(document, separators=(",", ":"))) <= 6_144


def test_the_constructs_make_no_resource_of_another_type() -> None:
    made = re.compile(r"\b([a-z][a-z0-9_]*)\.(Cfn[A-Za-z]+)\(")
    found = {
        getattr(import_module(f"aws_cdk.aws_{service.removeprefix('aws_')}"), name).CFN_RESOURCE_TYPE_NAME
        for file in (ROOT / "constructs/tenant_constructs").glob("*.py")
        for service, name in made.findall(file.read_text())
    }
    # The management account has an execution role of its own.
    assert found == OUR_TYPES | {"AWS::Organizations::Policy", *HOOK_TYPES}


def of_estate(account: str | None = None, naming: str = "", **central: str) -> Policy:
    workloads = "  orders: {account: '222222222222', runs_on: lambda, permissions_boundary: policy/Bounded}"
    estate = estate_of_text(naming + manifest(workloads=workloads, **central))
    return Policy.parse(execution_policy(estate, account), name="execution", kind="identity")


def test_the_policy_of_an_estate_with_the_usual_names_is_the_documented_one() -> None:
    document = execution_policy(estate_of_text(manifest()))
    assert document == json.loads((ROOT / "docs/execution-policy.json").read_text())


NAMING = "naming: {alias: 'alias/dev/{id}', role_path: /Dev/, role_prefix: dev_, stack_prefix: dev-keys}\n"


@pytest.mark.parametrize(
    ("action", "own", "other"),
    [
        ("kms:CreateAlias", "kms:eu-west-1:{}:alias/dev/acme", "kms:eu-west-1:{}:alias/tenant-acme"),
        (
            "iam:CreateRole",
            "iam::{}:role/Dev/orders/dev_tenant-acme.orders",
            "iam::{}:role/tenant-keys/orders/x.orders",
        ),
        ("iam:CreateRole", "iam::{}:role/dev_tenant-keys-orders", "iam::{}:role/tenant-keys-orders"),
        ("iam:CreatePolicy", "iam::{}:policy/dev_tenant-keys-orders", "iam::{}:policy/tenant-keys-orders"),
        ("sns:CreateTopic", "sns:eu-west-1:{}:dev-keys-audit", "sns:eu-west-1:{}:tenant-keys-audit"),
        (
            "events:PutRule",
            "events:eu-west-1:{}:rule/dev-keys-audit-use-denied",
            "events:eu-west-1:{}:rule/tenant-keys-audit-use-denied",
        ),
        ("ssm:PutParameter", "ssm:eu-west-1:{}:parameter/Dev/orders", "ssm:eu-west-1:{}:parameter/tenant-keys/orders"),
    ],
)
def test_an_estate_with_names_of_its_own_deploys_these_and_no_other_estates(action: str, own: str, other: str) -> None:
    policy = of_estate(naming=NAMING)
    assert decide(action, f"arn:aws:{own.format(ACCOUNT)}", policy=policy) is Outcome.ALLOWED
    assert decide(action, f"arn:aws:{other.format(ACCOUNT)}", policy=policy) is not Outcome.ALLOWED


@pytest.mark.parametrize(("account", "boundary"), [(None, "Demanded"), ("222222222222", "Bounded")])
def test_the_declared_boundary_is_put_on_roles_and_no_other(account: str | None, boundary: str) -> None:
    policy = of_estate(account, permissions_boundary="policy/Demanded")
    for name in ("Demanded", "Bounded", "Another"):
        held = {"iam:PermissionsBoundary": f"arn:aws:iam::{account or ACCOUNT}:policy/{name}"}
        may = decide("iam:PutRolePermissionsBoundary", OWN_ROLES[0], held, policy) is Outcome.ALLOWED
        assert may is (name == boundary)
    assert decide("iam:DeleteRolePermissionsBoundary", OWN_ROLES[0], policy=policy) is not Outcome.ALLOWED


def test_the_partition_is_that_of_the_regions() -> None:
    estate = estate_of_text(
        manifest(regions="us-gov-west-1").replace("home_region: eu-west-1", "home_region: us-gov-west-1")
    )
    assert "arn:aws:" not in json.dumps(execution_policy(estate))
    assert "arn:aws-us-gov:kms:*:*:alias/tenant-*" in json.dumps(execution_policy(estate))


def test_an_account_of_nobody_is_refused() -> None:
    with pytest.raises(
        OperationError, match="999999999999, which is not an account of the manifest; allowed: 111111111111, 222"
    ):
        of_estate("999999999999")


HOOK_TYPES = ("AWS::CloudFormation::LambdaHook", "AWS::Lambda::Function", "AWS::Logs::LogGroup")
HOOK_ROLE = f"arn:aws:iam::{ACCOUNT}:role/tenant-keys-hook.eu-west-1"
HOOK_RESOURCES = {
    "cloudformation": (f"arn:aws:cloudformation:eu-west-1:{ACCOUNT}:type/hook/TenantKeys-Deletion-tenantkeysStacks",),
    "lambda": (f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:tenant-keys-hook",),
    "logs": (f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/aws/lambda/tenant-keys-hook",),
    "iam": (HOOK_ROLE, f"{HOOK_ROLE}.invoke"),
}
NOT_OF_HOOK = re.compile(
    r"(ec2|elasticfilesystem|firehose|kms|s3|s3files):.*"  # no network, file system, key or bucket of ours
    r"|lambda:(.*Concurrency|GetCodeSigningConfig|.*FunctionCodeSigningConfig|GetLayerVersion|Put.*|Pass.*|Publish.*)"
    r"|lambda:AssociateRuntimeAlias"
    r"|logs:(.*DataProtectionPolicy|CreateLogDelivery|.*ResourcePolicy|(Put|Delete)IndexPolicy|.*KmsKey|Put.*Token.*)"
    r"|logs:(DeleteRetentionPolicy|PutLogGroupDeletionProtection)"
)
"""Calls for properties that the Hook's function and log group do not have."""


def hook_calls() -> list[str]:
    found = set()
    for name in HOOK_TYPES:
        schema: dict[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", name).schema
        found |= {one for verb, each in schema["handlers"].items() if verb != "list" for one in each["permissions"]}
        found |= set(schema.get("tagging", {}).get("permissions", []))
    return sorted(one for one in found if not NOT_OF_HOOK.fullmatch(one))


def hook_policy(*, asked_for: bool) -> Policy:
    estate = estate_of_text(manifest(deletion_hook=str(asked_for).lower()))
    return Policy.parse(execution_policy(estate), name="execution", kind="identity")


@pytest.mark.parametrize("action", hook_calls())
def test_what_the_hooks_handlers_call_is_allowed_where_the_hook_is_asked_for_and_nowhere_else(action: str) -> None:
    context = {"iam:PassedToService": "lambda.amazonaws.com"}
    for resource in HOOK_RESOURCES[action.partition(":")[0]]:
        assert decide(action, resource, context, hook_policy(asked_for=True)) is Outcome.ALLOWED, resource
        assert decide(action, resource, context, hook_policy(asked_for=False)) is not Outcome.ALLOWED, resource


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("lambda:UpdateFunctionCode", f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:orders"),
        ("lambda:InvokeFunction", f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:tenant-keys-hook"),
        ("lambda:AddPermission", f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:tenant-keys-hook"),
        ("logs:DeleteLogGroup", f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:orders"),
        ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/tenant-keys-orders"),
        ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/Admin"),
        ("cloudformation:DeleteStack", f"arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/any/1"),
    ],
)
def test_the_hook_brings_no_other_function_log_or_role(action: str, resource: str) -> None:
    context = {"iam:PassedToService": "lambda.amazonaws.com"}
    assert decide(action, resource, context, hook_policy(asked_for=True)) is not Outcome.ALLOWED


FORWARDING = f"arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stackset/tenant-keys-audit-forwarding-{ACCOUNT}:1234"


def forwarding_calls() -> list[str]:
    schema: dict[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema(
        "us-east-1", "AWS::CloudFormation::StackSet"
    ).schema
    found = {one for verb, each in schema["handlers"].items() if verb != "list" for one in each["permissions"]}
    assert len(found) >= 10
    return sorted(found - {"iam:PassRole"})  # of roles of self-managed permissions


@pytest.mark.parametrize("action", [*forwarding_calls(), "organizations:ListDelegatedAdministrators"])
def test_what_the_stack_sets_handlers_call_is_allowed_where_units_are_named_and_nowhere_else(action: str) -> None:
    without, named = manifest(), f"audit: {{forward_from: [ou-ab12-cdef3456]}}\n{manifest()}"
    unnamed = ("CreateStackSet", "ListDelegatedAdministrators")
    resource = "*" if action.endswith(unnamed) else FORWARDING
    for text, allowed in ((without, False), (named, True)):
        for account, of_keys in ((None, True), ("222222222222", False)):
            policy = execution_policy(estate_of_text(text), account)
            outcome = decide(action, resource, {}, Policy.parse(policy, name="execution", kind="identity"))
            assert (outcome is Outcome.ALLOWED) is (allowed and of_keys), (allowed, account)
            if not action.endswith((*unnamed, "GetTemplateSummary")):  # which takes a text alone
                other = decide(
                    action,
                    FORWARDING.replace("forwarding", "other"),
                    {},
                    Policy.parse(policy, name="execution", kind="identity"),
                )
                assert other is not Outcome.ALLOWED
