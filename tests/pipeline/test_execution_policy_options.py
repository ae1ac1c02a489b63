"""What the execution policy allows more where an estate asks for the Hook or forwards refusals by a stack set."""

from __future__ import annotations

import re
from typing import Any

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER  # type: ignore[import-untyped]

from tenant_keys.operations.execution_policy import execution_policy
from tenant_keys.review.iam import Outcome, Policy
from tests.pipeline.execution_calls import (
    ACCOUNT,
    HOOK_TYPES,
    decide,
)
from tests.policy.estates import estate_of_text, manifest

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
