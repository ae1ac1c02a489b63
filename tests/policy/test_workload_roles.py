"""Who may run as a workload, by where it runs: each trust policy typed by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tenant_keys.manifest import Workload
from tenant_keys.policy.access_role import shared_role_trust, tenant_role_trust
from tenant_keys.policy.workload_role import workload_role_policy, workload_role_trust
from tests.policy.estates import estate_of_text, manifest

CA = "arn:aws:acm-pca:eu-west-1:222222222222:certificate-authority/11111111-2222-3333-4444-555555555555"
ISSUER = "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE"
ANCHOR = {"Fn::GetAtt": ["TrustAnchororders", "TrustAnchorArn"]}
WORKLOADS = {
    "lambda": "runs_on: lambda",
    "ecs": "runs_on: ecs",
    "batch": "runs_on: batch",
    "ec2": "runs_on: ec2",
    "pod": "runs_on: eks, pod_identity: {cluster: main, namespace: shop, service_account: orders}",
    "irsa": f"runs_on: eks, irsa: {{oidc_provider: {ISSUER}, namespace: shop, service_account: orders}}",
    "on-premises": f"runs_on: roles-anywhere, roles_anywhere: {{certificate_authority: '{CA}', common_name: orders}}",
}
TRUST: dict[str, dict[str, Any]] = {
    "lambda": {
        "Sid": "RunOnLambda",
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": ["sts:AssumeRole"],
    },
    "ecs": {
        "Sid": "RunAsTask",
        "Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Action": ["sts:AssumeRole"],
        "Condition": {
            "StringEquals": {"aws:SourceAccount": "222222222222"},
            "ArnLike": {"aws:SourceArn": ["arn:aws:ecs:eu-west-1:222222222222:*"]},
        },
    },
    "batch": {
        "Sid": "RunOnBatch",
        "Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Action": ["sts:AssumeRole"],
    },
    "ec2": {
        "Sid": "RunOnInstances",
        "Effect": "Allow",
        "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": ["sts:AssumeRole"],
    },
    "pod": {
        "Sid": "RunInPod",
        "Effect": "Allow",
        "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
    },
    "irsa": {
        "Sid": "RunInPod",
        "Effect": "Allow",
        "Principal": {
            "Federated": "arn:aws:iam::222222222222:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE"
        },
        "Action": ["sts:AssumeRoleWithWebIdentity"],
        "Condition": {
            "StringEquals": {
                "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE:aud": "sts.amazonaws.com",
                "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE:sub": "system:serviceaccount:shop:orders",
            },
            "StringEqualsIfExists": {"oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE:oaud": "sts.amazonaws.com"},
        },
    },
    "on-premises": {
        "Sid": "RunOnPremises",
        "Effect": "Allow",
        "Principal": {"Service": "rolesanywhere.amazonaws.com"},
        "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
        "Condition": {
            "ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["TrustAnchororders", "TrustAnchorArn"]}},
            "StringEquals": {"aws:PrincipalTag/x509Subject/CN": "orders"},
        },
    },
}


def workload(runs_on: str) -> Workload:
    text = manifest(workloads=f"  orders: {{account: '222222222222', {runs_on}}}", regions="eu-west-1")
    return estate_of_text(text).workloads["orders"]


@pytest.mark.parametrize("place", WORKLOADS)
def test_a_workload_is_trusted_by_where_it_runs(place: str) -> None:
    anchor = ANCHOR if place == "on-premises" else None
    trust = workload_role_trust(workload(WORKLOADS[place]), anchor)
    assert trust == {"Version": "2012-10-17", "Statement": [TRUST[place]]}


def test_a_workload_with_a_role_of_its_own_gets_no_role_of_ours() -> None:
    with pytest.raises(ValueError, match="workload orders has no role of ours: runs_on existing-role"):
        workload_role_trust(workload("runs_on: existing-role, role: role/shop/Orders"))


def test_a_workload_may_assume_its_own_access_roles_and_nothing_else() -> None:
    estate = estate_of_text(manifest())
    assert [
        statement["Action"] for statement in workload_role_policy(estate.workloads["orders"], estate)["Statement"]
    ] == [
        ["sts:AssumeRole"],
        ["ssm:GetParameter"],
    ]


SOURCE = {"premises": f"roles-anywhere, roles_anywhere: {{certificate_authority: '{CA}', common_name: orders}}"}
SOURCE["existing"] = "existing-role, role: role/shop/Orders"
ROLE_OF = {"premises": "tenant-keys-orders", "existing": "shop/Orders"}


@pytest.mark.parametrize("place", SOURCE)
@pytest.mark.parametrize("access", ["tenant-role", "session-tag"])
def test_a_source_identity_stays_with_the_session_when_it_assumes_an_access_role(place: str, access: str) -> None:
    """Roles Anywhere always sets one; unless both policies allow it, AssumeRole fails (IAM guide)."""
    text = manifest(workloads=f"  orders: {{account: '222222222222', access: {access}, runs_on: {SOURCE[place]}}}")
    estate = estate_of_text(text)
    orders = estate.workloads["orders"]
    resource = "arn:aws:iam::111111111111:role/tenant-keys/orders/" + (
        "*" if access == "tenant-role" else "shared.orders"
    )
    mine = {statement["Sid"]: statement for statement in workload_role_policy(orders, estate)["Statement"]}
    assert mine["KeepSourceIdentity"] == {
        "Sid": "KeepSourceIdentity",
        "Effect": "Allow",
        "Resource": [resource],
        "Action": ["sts:SetSourceIdentity"],
    }
    trust = tenant_role_trust(orders, estate) if access == "tenant-role" else shared_role_trust(orders, estate)
    assert trust["Statement"][1:] == [
        {
            "Sid": "KeepSourceIdentity",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::222222222222:root"},
            "Action": ["sts:SetSourceIdentity"],
            "Condition": {
                "ArnEquals": {"aws:PrincipalArn": [f"arn:aws:iam::222222222222:role/{ROLE_OF[place]}"]},
                "StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"},
            },
        }
    ]


@pytest.mark.parametrize("place", ["lambda", "ecs", "batch", "ec2", "pod", "irsa"])
def test_nobody_else_may_set_a_source_identity(place: str) -> None:
    estate = estate_of_text(
        manifest(workloads=f"  orders: {{account: '222222222222', {WORKLOADS[place]}}}", regions="eu-west-1")
    )
    orders = estate.workloads["orders"]
    for document in (
        workload_role_policy(orders, estate),
        workload_role_trust(orders),
        tenant_role_trust(orders, estate),
        shared_role_trust(orders, estate),
    ):
        for statement in document["Statement"]:
            assert "sts:SetSourceIdentity" not in statement["Action"], statement["Sid"]
