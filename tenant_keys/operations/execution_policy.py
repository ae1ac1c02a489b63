"""The policy of CloudFormation's execution role, for the names, partition and boundaries of an estate.

docs/execution-policy.json is that of an estate with the names of the documentation; its resources are renamed here.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from tenant_keys.manifest import Estate
from tenant_keys.manifest.stack_names import audit_prefix, forwarding_stack_set, trail, trail_bucket
from tenant_keys.operations.errors import OperationError
from tenant_keys.policy.deletion_hook import function_name, log_group
from tenant_keys.policy.names import alias_name

PIPELINE = "role/tenant-keys-pipeline"


def execution_policy(estate: Estate, account: str | None = None) -> dict[str, Any]:
    """The policy, for one account of the estate, by default the key account.

    A permissions boundary that the manifest declares for roles of the account may be put on them, and no other: the
    condition key is iam:PermissionsBoundary (IAM guide, access_policies_boundaries). Where the manifest asks for the
    CloudFormation Hook or for the stack set that forwards refused sessions, the policy has what they need too.

    Raises:
        OperationError: the account is none of the estate's.
    """
    central = estate.central
    workloads = [workload for workload in estate.workloads.values() if workload.account == account]
    if account not in (None, central.account) and not workloads:
        known = sorted({central.account, *(workload.account for workload in estate.workloads.values())})
        raise OperationError(f"got {account}, which is not an account of the manifest; allowed: {', '.join(known)}")
    bounding = {workload.permissions_boundary for workload in workloads} or {central.permissions_boundary}
    boundaries = sorted(one for one in bounding if one is not None)
    document: dict[str, Any] = _renamed(_usual(), _renames(estate))
    if central.deletion_hook and account in (None, central.account):
        document["Statement"] += _hook(estate)
    if estate.audit and estate.audit.forward_from and account in (None, central.account):
        document["Statement"] += _stack_set(estate)
    if boundaries:
        document["Statement"].append(
            {
                "Sid": "BoundRoles",
                "Effect": "Allow",
                "Action": "iam:PutRolePermissionsBoundary",
                "Resource": next(one["Resource"] for one in document["Statement"] if one["Sid"] == "KeepRoles"),
                "Condition": {"StringEquals": {"iam:PermissionsBoundary": boundaries}},
            }
        )
    return document


def _hook(estate: Estate) -> list[dict[str, Any]]:
    """What CloudFormation's handlers call for the stack of the Hook (registry schemas of its three types).

    A type has no ARN before it is activated, so those calls name the account's Hooks as a whole (Service Authorization
    Reference, CloudFormation).
    """
    central = estate.central
    here = f"arn:{central.partition}:{{}}:*:{central.account}:"
    function, group = function_name(estate), log_group(estate)
    roles = f"arn:{central.partition}:iam::{central.account}:role/{estate.naming.role_prefix}tenant-keys-hook.*"
    statements = {
        "KeepHooks": (
            [
                *("cloudformation:ActivateType", "cloudformation:BatchDescribeTypeConfigurations"),
                *("cloudformation:DeactivateType", "cloudformation:DescribeType", "cloudformation:ListTypes"),
                "cloudformation:SetTypeConfiguration",
            ],
            "*",
        ),
        "KeepHookFunction": (
            [
                *("lambda:CreateFunction", "lambda:DeleteFunction", "lambda:GetFunction"),
                *("lambda:GetFunctionCodeSigningConfig", "lambda:GetFunctionRecursionConfig"),
                *("lambda:GetFunctionScalingConfig", "lambda:GetRuntimeManagementConfig", "lambda:ListTags"),
                *("lambda:TagResource", "lambda:UntagResource", "lambda:UpdateFunctionCode"),
                "lambda:UpdateFunctionConfiguration",
            ],
            here.format("lambda") + f"function:{function}",
        ),
        "KeepHookLogs": (
            [
                *("logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:GetDataProtectionPolicy"),
                *("logs:ListTagsForResource", "logs:PutRetentionPolicy", "logs:TagResource", "logs:UntagResource"),
            ],
            here.format("logs") + f"log-group:{group}*",
        ),
        "FindHookLogs": (
            ["logs:DescribeIndexPolicies", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies"],
            here.format("logs") + "log-group:*",
        ),
    }
    found = [
        {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}
        for sid, (actions, resource) in statements.items()
    ]
    # What iam:PassedToService says of a Hook's role is documented nowhere; the role trusts Hooks alone.
    passed = {"Effect": "Allow", "Action": "iam:PassRole"}
    to_lambda = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    return [
        *found,
        {"Sid": "PassHookFunctionRole", **passed, "Resource": roles, "Condition": to_lambda},
        {"Sid": "PassHookInvokingRole", **passed, "Resource": f"{roles}.invoke"},
    ]


def _stack_set(estate: Estate) -> list[dict[str, Any]]:
    """What CloudFormation's handlers call for the stack set (registry schema of AWS::CloudFormation::StackSet).

    Service-managed stack sets are made in the management account (CloudFormation API reference, CreateStackSet:
    CallAs), and types may have no account: so the name alone limits them. CreateStackSet takes no resource, and neither
    does GetTemplateSummary of a text (Service Authorization Reference, CloudFormation). CallAs DELEGATED_ADMIN needs
    organizations:ListDelegatedAdministrators (CloudFormation guide, stacksets-orgs-delegated-admin).
    """
    here = f"arn:{estate.central.partition}:cloudformation:*:"
    name = forwarding_stack_set(estate.central.account, estate.naming)
    keep = [
        *(
            "cloudformation:CreateStackInstances",
            "cloudformation:DeleteStackInstances",
            "cloudformation:DeleteStackSet",
        ),
        *("cloudformation:DescribeStackInstance", "cloudformation:DescribeStackSet"),
        *("cloudformation:DescribeStackSetOperation", "cloudformation:GetTemplateSummary"),
        *("cloudformation:ListStackInstances", "cloudformation:ListStackSetOperationResults"),
        *("cloudformation:TagResource", "cloudformation:UntagResource", "cloudformation:UpdateStackInstances"),
        "cloudformation:UpdateStackSet",
    ]
    kept = [f"{here}*:stackset/{name}:*", f"{here}*:stackset-target/*", f"{here}*:type/resource/*"]
    make = [
        "cloudformation:CreateStackSet",
        "cloudformation:GetTemplateSummary",
        "organizations:ListDelegatedAdministrators",
    ]
    return [
        {"Sid": "KeepForwardingStackSet", "Effect": "Allow", "Action": keep, "Resource": kept},
        {"Sid": "CreateForwardingStackSet", "Effect": "Allow", "Action": make, "Resource": "*"},
    ]


def _usual() -> Any:
    return json.loads(files("tenant_keys.operations").joinpath("execution-policy.json").read_text("utf-8"))


def _renames(estate: Estate) -> dict[str, str]:
    """The end of each resource that holds a name of ours, and what it is in this estate."""
    naming = estate.naming
    own, audit = f"{naming.role_prefix}tenant-keys-*", audit_prefix(naming)
    return {
        ":alias/tenant-*": f":{alias_name('*', naming)}",
        ":role/tenant-keys/*": f":role{naming.role_path}*",
        ":parameter/tenant-keys/*": f":parameter{naming.role_path}*",
        **{f":{kind}/tenant-keys-*": f":{kind}/{own}" for kind in ("role", "policy", "instance-profile")},
        **{f":{kind}tenant-keys-audit-*": f":{kind}{audit}*" for kind in ("alarm:", "rule/")},
        ":tenant-keys-audit": f":{audit.removesuffix('-')}",
        ":trail/tenant-keys-trail": f":trail/{trail(naming)}",
        ":::tenant-keys-trail-*": f":::{trail_bucket('*', naming)}",
        "partition": estate.central.partition,
    }


def _renamed(value: Any, renames: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _renamed(each, renames) for key, each in value.items()}
    if isinstance(value, list):
        return [_renamed(each, renames) for each in value]
    if not isinstance(value, str) or not value.startswith("arn:aws:"):
        return value
    renamed = f"arn:{renames['partition']}:{value.removeprefix('arn:aws:')}"
    for old, new in renames.items():
        if renamed.endswith(old):
            return renamed.removesuffix(old) + new
    if "tenant" in renamed and not renamed.endswith(f":{PIPELINE}"):
        raise OperationError(f"execution-policy.json: {value}: a name of ours with no place in naming")
    return renamed
