"""How a workload comes to its own role and who may run as it; principals, actions and contexts typed by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tenant_keys.manifest import Workload
from tenant_keys.review.iam import Principal, PrincipalKind
from tenant_keys.review.proof.actor import Actor, anonymous, service
from tenant_keys.review.proof.issuance import _runs
from tenant_keys.review.proof.obtained_sessions import shown_tag
from tenant_keys.review.proof.obtaining import starts
from tests.review.proof.test_places import AUTHORITY, estate
from tests.review.proof.test_tokens import BOTH, CLUSTER, ORDERS, PODS

PLACES = estate().workloads
TASKS, ACCOUNT = "ecs-tasks.amazonaws.com", "222222222222"
PRESENTED = {f"{CLUSTER.lower()}:aud": "sts.amazonaws.com", f"{CLUSTER.lower()}:sub": ORDERS}


def tried(workload: Workload, **anchors: str) -> list[tuple[Any, ...]]:
    """Principal, its tags and claims, actions and context."""
    return [
        (
            one.actor.principal.arn,
            dict(one.actor.principal.tags),
            dict(one.actor.presents),
            one.actions,
            dict(one.context),
        )
        for one in starts(workload, anchors)
    ]


@pytest.mark.parametrize(
    ("runs_on", "principal", "source"),
    [
        ("lambda", "lambda.amazonaws.com", ""),
        ("ec2", "ec2.amazonaws.com", ""),
        ("ecs", TASKS, "arn:aws:ecs:{}:222222222222:task/any"),
        ("batch", TASKS, "arn:aws:ecs:{}:222222222222:task/any"),
    ],
)
def test_a_service_obtains_the_role_of_what_it_runs_in_each_region(runs_on: Any, principal: str, source: str) -> None:
    regions = ("eu-west-1", "eu-central-1")
    workload = replace(PLACES["machines"], runs_on=runs_on, regions=regions)
    sent = [{"aws:sourceaccount": ACCOUNT, "aws:sourcearn": source.format(one)} if source else {} for one in regions]
    assert tried(workload) == [(principal, {}, {}, ("sts:AssumeRole",), context) for context in sent]


def test_pods_obtain_their_role_with_tags_for_their_cluster() -> None:
    context = {"aws:sourceaccount": ACCOUNT, "aws:sourcearn": f"arn:aws:eks:eu-west-1:{ACCOUNT}:cluster/main"}
    expected: tuple[Any, ...] = ("pods.eks.amazonaws.com", {}, {}, ("sts:AssumeRole", "sts:TagSession"), context)
    assert tried(PLACES["mails"]) == [expected]


def test_pods_with_a_token_obtain_their_role_by_audience_and_subject() -> None:
    expected: tuple[Any, ...] = (PODS, {}, PRESENTED, ("sts:AssumeRoleWithWebIdentity",), PRESENTED)
    assert tried(BOTH.workloads["orders"]) == [expected]


def test_a_certificate_obtains_its_role_under_each_anchor_of_its_authority() -> None:
    actions = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")
    expected: tuple[Any, ...] = ("rolesanywhere.amazonaws.com", {"x509subject/cn": "premises"}, {}, actions)
    assert tried(PLACES["premises"], one=AUTHORITY, two="another", three=AUTHORITY) == [
        (*expected, {"aws:sourcearn": anchor}) for anchor in ("one", "three")
    ]


def test_a_workload_without_a_place_comes_to_no_role() -> None:
    assert tried(PLACES["portal"]) == []


def holder(**presents: str) -> Actor:
    claims = {f"{CLUSTER.lower()}:{name}": value for name, value in presents.items()}
    return Actor("pods", Principal(PrincipalKind.FEDERATED, arn=PODS), (), presents=claims)


def certificate(name: str, anchor: str) -> Actor:
    tags = {"x509subject/cn": name}
    principal = Principal(PrincipalKind.SERVICE, "rolesanywhere.amazonaws.com", tags=tags)
    return Actor("certificate", principal, (), presents={"aws:sourcearn": anchor})


OWN = {"aud": "sts.amazonaws.com", "sub": ORDERS}


@pytest.mark.parametrize(
    ("workload", "actor", "runs"),
    [
        (PLACES["machines"], service("ec2.amazonaws.com"), True),
        (PLACES["machines"], service(TASKS), False),
        (PLACES["machines"], anonymous(), False),
        (PLACES["mails"], service("pods.eks.amazonaws.com"), True),
        (PLACES["portal"], anonymous(), False),
        (BOTH.workloads["orders"], holder(**OWN), True),
        (BOTH.workloads["orders"], holder(**OWN, oaud="sts.amazonaws.com"), True),
        (BOTH.workloads["orders"], holder(**{**OWN, "aud": "x"}), False),
        (BOTH.workloads["orders"], holder(**OWN, oaud="x"), False),
        (BOTH.workloads["orders"], holder(**{**OWN, "sub": "x"}), False),
        (BOTH.workloads["orders"], holder(aud="sts.amazonaws.com"), False),
        (
            BOTH.workloads["orders"],
            replace(holder(**OWN), principal=Principal(PrincipalKind.FEDERATED, arn=f"{PODS}b")),
            False,
        ),
        (BOTH.workloads["orders"], service("pods.eks.amazonaws.com"), False),
        (PLACES["premises"], certificate("premises", "one"), True),
        (PLACES["premises"], certificate("other", "one"), False),
        (PLACES["premises"], certificate("premises", "two"), False),
        (PLACES["premises"], certificate("premises", "three"), False),
        (PLACES["premises"], replace(certificate("premises", "one"), presents={}), False),
        (PLACES["premises"], service("rolesanywhere.amazonaws.com"), False),
    ],
)
def test_a_workload_runs_where_the_manifest_says_and_nowhere_else(
    workload: Workload, actor: Actor, *, runs: bool
) -> None:
    assert _runs(workload, actor, {"one": AUTHORITY, "two": "another"}) is runs


@pytest.mark.parametrize(
    ("tags", "shown"),
    [
        ({}, None),
        ({"tenant_id": "acme"}, "any"),
        ({"TENANT_ID": "acme", "a": ""}, "any"),
        ({"tenant_id": ""}, None),
        ({"team": "red"}, None),
    ],
)
def test_a_step_shows_a_tag_where_the_caller_chooses_the_tenant(tags: dict[str, str], shown: str | None) -> None:
    assert shown_tag(tags) == shown
