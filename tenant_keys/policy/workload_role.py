"""The role of a workload in its own account: who may run as it, and which access roles it may assume."""

from __future__ import annotations

from collections.abc import Iterator

from tenant_keys.manifest import Estate, Workload
from tenant_keys.manifest.model import Irsa
from tenant_keys.policy import names
from tenant_keys.policy.statement import Condition, Document, Statement, allow, document


def workload_role_policy(workload: Workload, estate: Estate) -> Document:
    """Assume its own access roles and read its own parameter, nothing else.

    The path stands for thousands of roles, which a list could not; each role's own trust is exact.
    """
    return document([*_assume(workload, estate.central.account), _read_parameter(workload)])


def has_source_identity(workload: Workload) -> bool:
    """Whether the workload's sessions may carry a source identity, which stays with them when they assume a role.

    Roles Anywhere always sets the certificate's common name (IAM Roles Anywhere guide, trust-model); who set one for a
    role that exists is not ours to know. Both policies must allow it then, or the assumption fails (IAM guide,
    id_credentials_temp_control-access_monitor).
    """
    return workload.runs_on in {"roles-anywhere", "existing-role"}


def _assume(workload: Workload, central_account: str) -> Iterator[Statement]:
    role = names.shared_role_arn(workload, central_account)
    if workload.access == "tenant-role":
        role = f"arn:aws:iam::{central_account}:role{names.access_role_path(workload)}*"
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


def _read_parameter(workload: Workload) -> Statement:
    parameters = [
        f"arn:aws:ssm:{region}:{workload.account}:parameter{names.parameter_name(workload)}"
        for region in workload.regions
    ]
    return allow("ReadOwnParameter", ["ssm:GetParameter"], Resource=parameters)


def workload_role_trust(workload: Workload, trust_anchor_arn: object = None) -> Document:
    """Who may run as the workload, by where it runs. `trust_anchor_arn` is for Roles Anywhere alone."""
    if workload.irsa is not None:
        return document([_service_account(workload.account, workload.irsa)])
    match workload.runs_on:
        case "lambda":
            return document([_service("RunOnLambda", "lambda.amazonaws.com")])
        case "ecs":
            return document([_task(workload)])
        case "batch":
            # A Batch job role is assumed as an ECS task's (AWS Batch guide, job IAM roles).
            return document([_service("RunOnBatch", "ecs-tasks.amazonaws.com")])
        case "ec2":
            return document([_service("RunOnInstances", "ec2.amazonaws.com")])
        case "eks":
            # EKS refuses to associate a role without sts:TagSession (Amazon EKS guide, pod-id-role). Its tags are
            # transitive and would reach the access roles, so the association switches them off (disableSessionTags).
            return document([_service("RunInPod", "pods.eks.amazonaws.com", "sts:TagSession")])
        case "roles-anywhere":
            return document([_certificate(workload, trust_anchor_arn)])
    raise ValueError(f"workload {workload.name} has no role of ours: runs_on {workload.runs_on}")


def _service(sid: str, service: str, *more: str) -> Statement:
    return allow(sid, ["sts:AssumeRole", *more], Principal={"Service": service})


def _task(workload: Workload) -> Statement:
    """Source: Amazon ECS guide, task-iam-roles: aws:SourceAccount and aws:SourceArn against the confused deputy."""
    clusters = [f"arn:aws:ecs:{region}:{workload.account}:*" for region in workload.regions]
    return allow(
        "RunAsTask",
        ["sts:AssumeRole"],
        {"StringEquals": {"aws:SourceAccount": workload.account}, "ArnLike": {"aws:SourceArn": clusters}},
        Principal={"Service": "ecs-tasks.amazonaws.com"},
    )


def _service_account(account: str, irsa: Irsa) -> Statement:
    """IAM roles for service accounts: exactly one service account of one cluster (Amazon EKS guide)."""
    return allow(
        "RunInPod",
        ["sts:AssumeRoleWithWebIdentity"],
        of_audience(
            irsa.oidc_provider,
            "sts.amazonaws.com",
            sub=f"system:serviceaccount:{irsa.namespace}:{irsa.service_account}",
        ),
        Principal={"Federated": f"arn:aws:iam::{account}:oidc-provider/{irsa.oidc_provider}"},
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


def _certificate(workload: Workload, trust_anchor_arn: object) -> Statement:
    """A certificate of the workload's own authority and name (IAM Roles Anywhere guide, trust model)."""
    if workload.roles_anywhere is None or trust_anchor_arn is None:
        raise ValueError(f"workload {workload.name} has no trust anchor")
    return allow(
        "RunOnPremises",
        ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
        {
            "ArnEquals": {"aws:SourceArn": trust_anchor_arn},  # type: ignore[dict-item]  # an intrinsic, in a template
            "StringEquals": {"aws:PrincipalTag/x509Subject/CN": workload.roles_anywhere.common_name},
        },
        Principal={"Service": "rolesanywhere.amazonaws.com"},
    )
