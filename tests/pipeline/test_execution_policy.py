"""The execution policy allows what CloudFormation's handlers call for our resources, and nothing else worth having."""

from __future__ import annotations

import json
import re
from importlib import import_module

import pytest

from tenant_keys.operations.errors import OperationError
from tenant_keys.operations.execution_policy import execution_policy
from tenant_keys.review.iam import Outcome, Policy
from tests.pipeline.execution_calls import (
    ACCOUNT,
    CONTEXT,
    HOOK_TYPES,
    KEY,
    LEFT_OUT,
    OUR_TYPES,
    OWN_POLICY,
    OWN_ROLES,
    RESOURCES,
    ROLE,
    ROOT,
    decide,
    handlers,
    resources,
)
from tests.policy.estates import estate_of_text, manifest


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
    """AWS KMS guide, multi-region-keys-auth: anyone who calls CreateKey needs iam:CreateServiceLinkedRole."""
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
