"""The role of a workload in its own account: who may run as it, and which access roles it may assume."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tenant_keys.manifest import Estate, Workload
from tenant_keys.manifest.model import Irsa
from tenant_keys.manifest.platforms import PLATFORMS
from tenant_keys.policy import names
from tenant_keys.policy.statement import Condition, Document, Statement, allow, document


def workload_role_policy(workload: Workload, estate: Estate) -> Document:
    """Assume its own access roles and read its own parameter, nothing else.

    The path represents thousands of roles, which a list could not; each role's own trust is exact.
    """
    return document([*_assume(workload, estate), _read_parameter(workload, estate)])


def has_source_identity(workload: Workload) -> bool:
    """Whether the workload's sessions may carry a source identity, which stays with them when they assume a role.

    Both policies must allow it then, or the assumption fails (IAM guide, id_credentials_temp_control-access_monitor).
    """
    return workload.runs_on is not None and PLATFORMS[workload.runs_on].source_identity


def _assume(workload: Workload, estate: Estate) -> Iterator[Statement]:
    role = names.shared_role_arn(workload, estate)
    if workload.access == "tenant-role":
        role = f"{names.access_roles_arn(workload, estate)}*"
        yield allow("AssumeAccessRoles", ["sts:AssumeRole"], Resource=[role])
    else:
        yield allow("AssumeAccessRole", ["sts:AssumeRole"], Resource=[role])
        yield allow(
            "TagWithTenant",
            ["sts:TagSession"],
            {
                "StringLike": {f"aws:RequestTag/{names.TENANT_TAG}": "?*"},
                "ForAllValues:StringEquals": {"aws:TagKeys": [names.TENANT_TAG]},
            },
            Resource=[role],
        )
    if has_source_identity(workload):
        yield allow("KeepSourceIdentity", ["sts:SetSourceIdentity"], Resource=[role])


def _read_parameter(workload: Workload, estate: Estate) -> Statement:
    parameters = [
        f"arn:{workload.partition}:ssm:{region}:{workload.account}:parameter{names.parameter_name(workload, estate)}"
        for region in workload.regions
    ]
    return allow("ReadOwnParameter", ["ssm:GetParameter"], Resource=parameters)


def workload_role_trust(workload: Workload, trust_anchor_arn: object = None) -> Document:
    """Who may run as the workload, by where it runs. `trust_anchor_arn` is for Roles Anywhere alone."""
    if workload.irsa is not None:
        return document([_service_account(workload, workload.irsa)])
    platform = PLATFORMS[workload.runs_on] if workload.runs_on else None
    if platform is None or platform.sid is None or platform.service is None:
        raise ValueError(f"workload {workload.name} has no role of ours: runs_on {workload.runs_on}")
    conditions: Mapping[str, Any] | None = None
    if workload.runs_on == "ecs":
        conditions = _task(workload)
    elif workload.runs_on == "roles-anywhere":
        conditions = _certificate(workload, trust_anchor_arn)
    actions = ["sts:AssumeRole", *platform.also]
    return document([allow(platform.sid, actions, conditions, Principal={"Service": platform.service})])


def _task(workload: Workload) -> Mapping[str, Any]:
    """Source: Amazon ECS guide, task-iam-roles: aws:SourceAccount and aws:SourceArn against the confused deputy."""
    clusters = [f"arn:{workload.partition}:ecs:{region}:{workload.account}:*" for region in workload.regions]
    return {"StringEquals": {"aws:SourceAccount": workload.account}, "ArnLike": {"aws:SourceArn": clusters}}


def _service_account(workload: Workload, irsa: Irsa) -> Statement:
    """IAM roles for service accounts: exactly one service account of one cluster (Amazon EKS guide)."""
    return allow(
        "RunInPod",
        ["sts:AssumeRoleWithWebIdentity"],
        of_audience(
            irsa.oidc_provider,
            "sts.amazonaws.com",
            sub=f"system:serviceaccount:{irsa.namespace}:{irsa.service_account}",
        ),
        Principal={"Federated": f"arn:{workload.partition}:iam::{workload.account}:oidc-provider/{irsa.oidc_provider}"},
    )


def of_audience(issuer: str, audience: str, **claims: str) -> Condition:
    """Tokens of one audience, whether they carry `azp` or not.

    STS fills ISSUER:aud from `azp` where a token has it, and ISSUER:oaud from `aud` (IAM guide,
    reference_policies_iam-condition-keys): without the second condition a token for another audience would do.
    """
    return {
        "StringEquals": {f"{issuer}:aud": audience, **{f"{issuer}:{name}": value for name, value in claims.items()}},
        "StringEqualsIfExists": {f"{issuer}:oaud": audience},
    }


def _certificate(workload: Workload, trust_anchor_arn: object) -> Mapping[str, Any]:
    """A certificate of the workload's own authority and name (IAM Roles Anywhere guide, trust model)."""
    if workload.roles_anywhere is None or trust_anchor_arn is None:
        raise ValueError(f"workload {workload.name} has no trust anchor")
    return {
        "ArnEquals": {"aws:SourceArn": trust_anchor_arn},  # an intrinsic, in a template
        "StringEquals": {"aws:PrincipalTag/x509Subject/CN": workload.roles_anywhere.common_name},
    }
