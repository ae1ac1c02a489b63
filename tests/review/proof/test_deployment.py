"""Who deploys each stack, and how; findings typed by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tenant_keys.review.assembly import StackArtifact
from tenant_keys.review.proof import prove
from tenant_keys.review.proof.deployment import check_deployment
from tenant_keys.review.proof.reviewed import review_estate
from tests.review.proof.test_places import estate
from tools.random_estates.small_estates import estate_of as small
from tools.random_estates.small_estates import templates_of

ROLE = "arn:aws:iam::{0}:role/cdk-hnb659fds-{1}-role-{0}-eu-west-1"
CENTRAL_STACK = StackArtifact(
    *("cell", "111111111111", "eu-west-1", Path("cell.json"), True, {}, None),
    deploy_role=ROLE.format("111111111111", "deploy"),
    execution_role=ROLE.format("111111111111", "cfn-exec"),
)
WORKLOAD_STACK = replace(
    CENTRAL_STACK,
    account="222222222222",
    deploy_role=ROLE.format("222222222222", "deploy"),
    execution_role=ROLE.format("222222222222", "cfn-exec"),
)


def deployed(artifact: StackArtifact) -> list[str]:
    return [one.what for one in check_deployment([artifact], estate())]


KEEPING = (
    "tenant-keys-trail",
    "tenant-keys-hook-eu-west-1",
    "tenant-keys-guardrails",
    "tenant-keys-cell-eu-west-1-001",
    "tenant-keys-replica-eu-central-1-of-eu-west-1-001",
)


@pytest.mark.parametrize("name", KEEPING)
def test_a_stack_that_keeps_something_without_termination_protection_is_reported(name: str) -> None:
    assert deployed(replace(CENTRAL_STACK, name=name)) == []
    assert deployed(replace(CENTRAL_STACK, name=name, termination_protection=False)) == [
        f"stack {name} has no termination protection: one call deletes what it contains"
    ]


@pytest.mark.parametrize("name", ["tenant-keys-roles-001", "tenant-keys-audit-eu-west-1", "tenant-keys-shared-access"])
def test_a_stack_that_is_made_anew_needs_no_termination_protection(name: str) -> None:
    assert deployed(replace(CENTRAL_STACK, name=name, termination_protection=False)) == []


PODS_ABROAD = replace(WORKLOAD_STACK, name="tenant-keys-workload-222222222222-eu-central-1", region="eu-central-1")


def test_pods_are_associated_after_their_role_is_created() -> None:
    pods = estate().workloads["mails"]
    abroad = replace(estate(), workloads={"mails": replace(pods, regions=("eu-west-1", "eu-central-1"))})
    ordered = replace(PODS_ABROAD, after=frozenset({"tenant-keys-workload-222222222222-eu-west-1"}))
    [early] = [one.what for one in check_deployment([PODS_ABROAD], abroad) if "depend" in one.what]
    assert early == (
        "stack tenant-keys-workload-222222222222-eu-central-1 does not depend on "
        "tenant-keys-workload-222222222222-eu-west-1: EKS refuses an association with a role that does not exist yet"
    )
    assert [one.what for one in check_deployment([ordered], abroad) if "depend" in one.what] == []
    assert [one.what for one in check_deployment([PODS_ABROAD], estate()) if "depend" in one.what] == []


@pytest.mark.parametrize("artifact", [CENTRAL_STACK, WORKLOAD_STACK, replace(WORKLOAD_STACK, deploy_role=None)])
def test_a_stack_that_the_declared_roles_deploy_is_in_order(artifact: StackArtifact) -> None:
    assert deployed(artifact) == []


@pytest.mark.parametrize(
    ("artifact", "finding"),
    [
        (
            replace(CENTRAL_STACK, account="444444444444"),
            "stack cell goes to account 444444444444, which tenants.yaml does not declare",
        ),
        (
            replace(CENTRAL_STACK, execution_role=None),
            "stack cell is deployed by the credentials of the caller of the deployment; expected "
            + ROLE.format("111111111111", "cfn-exec"),
        ),
        (
            replace(WORKLOAD_STACK, execution_role=CENTRAL_STACK.execution_role),
            f"stack cell is deployed by {CENTRAL_STACK.execution_role}; expected "
            + ROLE.format("222222222222", "cfn-exec"),
        ),
        (
            replace(CENTRAL_STACK, deploy_role="arn:aws:iam::111111111111:role/other"),
            "stack cell: the CDK CLI assumes arn:aws:iam::111111111111:role/other to deploy it; expected "
            + ROLE.format("111111111111", "deploy"),
        ),
    ],
)
def test_a_stack_that_another_role_deploys_is_reported(artifact: StackArtifact, finding: str) -> None:
    assert deployed(artifact) == [finding]


def test_how_stacks_are_deployed_is_part_of_the_proof() -> None:
    declared = small("acme: {}")
    reviewed = review_estate(templates_of(declared), declared)
    finding = "stack cell goes to account 444444444444, which tenants.yaml does not declare"
    for artifact, reported in ((CENTRAL_STACK, False), (replace(CENTRAL_STACK, account="444444444444"), True)):
        found = prove(replace(reviewed, artifacts=(artifact,)), declared).findings
        assert (finding in [one.what for one in found]) is reported
