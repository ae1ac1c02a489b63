"""Names that a second resource takes while the first still has them: the deployment fails, or its order decides.

Decided by the CloudFormation guide: a resource that is new to a stack is created before one that is gone from it is
deleted, and a resource with a custom name cannot be replaced.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tenant_keys.manifest import load_estate
from tenant_keys.review.diff import Severity, compare
from tenant_keys.review.diff.taken_names import taken_names
from tenant_keys.review.proof.reviewed import ReviewedEstate, review_estate
from tests.review.diff.effects import PLACE, PREMISES, ROLES, SHARED, Edit, added, properties, synthesize, together
from tools.cloud_assembly import edit_json, rename_assets

FIX = "keep its stack and logical id; to move it, deploy twice: first without it, then at its new place"
SAME_STACK = "CloudFormation creates the second before it deletes the first, so the name is taken and the stack fails"
OTHER_STACK = (
    "the name is taken until the first stack deletes it, so the order of the stacks decides whether it is there"
)
REPLACED = "CloudFormation creates the replacement first, so the name is taken and the stack fails"
NEITHER = "CloudFormation deletes the first after it wrote the second under the same name, so neither is left"
DOCUMENT = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
}
INLINE: dict[str, Any] = {
    "Type": "AWS::IAM::Policy",
    "Properties": {"PolicyName": "more", "Roles": ["tenant-keys-orders"], "PolicyDocument": DOCUMENT},
}
MANAGED: dict[str, Any] = {
    "Type": "AWS::IAM::ManagedPolicy",
    "Properties": {"ManagedPolicyName": "more", "Description": "a", "PolicyDocument": DOCUMENT},
}
PROVIDER: dict[str, Any] = {
    "Type": "AWS::IAM::OIDCProvider",
    "Properties": {"Url": "https://login.example.org", "ClientIdList": ["x"]},
}
PARAMETER_OF_ORDERS: dict[str, Any] = {
    "Type": "AWS::SSM::Parameter",
    "Properties": {"Name": "/tenant-keys/orders", "Type": "String", "Value": "x"},
}
TOPIC: dict[str, Any] = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "news"}}
TABLE: dict[str, Any] = {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "orders"}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthesize(tmp_path_factory.mktemp("names"))


@pytest.fixture(scope="module")
def before(folder: Path) -> ReviewedEstate:
    return review_estate(folder / "cdk.out", load_estate(folder / "tenants.yaml"))


def edited(folder: Path, to: Path, edit: Edit) -> Path:
    shutil.copytree(folder / "cdk.out", to)
    edit(to)
    rename_assets(to)
    return to


def found(before: ReviewedEstate, folder: Path, tmp_path: Path, edit: Edit) -> list[tuple[str, str | None]]:
    after = review_estate(edited(folder, tmp_path / "cdk.out", edit), before.estate)
    changes = list(taken_names(before, after))
    assert {(one.severity, one.rule) for one in changes} <= {(Severity.REVIEW, "name-taken")}
    return [(one.what, one.fix) for one in changes]


def moved(stack: str, name: str, to: str, renamed: str | None = None, **changed: object) -> Edit:
    """Take a resource out of a stack and put it into one, under another logical id where one is given."""

    def edit(folder: Path) -> None:
        bodies: list[dict[str, Any]] = []
        edit_json(folder / f"{stack}.template.json", lambda whole: bodies.append(whole["Resources"].pop(name)))
        body = {**bodies[0], "Properties": {**bodies[0]["Properties"], **changed}}
        edit_json(folder / f"{to}.template.json", lambda whole: whole["Resources"].update({renamed or name: body}))

    return edit


def moves(what: str, old: str, new: str, why: str) -> str:
    return f"{what} moves from {old} to {new}: {why}"


ROLE, PARAMETER = "role tenant-acme.orders of account 111111111111", "SSM parameter /tenant-keys/orders in eu-west-1"
MOVES: dict[str, tuple[Edit, str]] = {
    "a role under another logical id": (
        moved(ROLES, "RoleacmeFororders", ROLES, "RoleOther"),
        moves(ROLE, f"{ROLES} RoleacmeFororders", f"{ROLES} RoleOther", SAME_STACK),
    ),
    "a role under another logical id and in other letters": (
        moved(ROLES, "RoleacmeFororders", ROLES, "RoleOther", RoleName="Tenant-ACME.orders"),
        moves(ROLE, f"{ROLES} RoleacmeFororders", f"{ROLES} RoleOther", SAME_STACK),
    ),
    "a role in another stack": (
        moved(ROLES, "RoleacmeFororders", SHARED),
        moves(ROLE, f"{ROLES} RoleacmeFororders", f"{SHARED} RoleacmeFororders", OTHER_STACK),
    ),
    "a parameter under another logical id": (
        moved(PLACE, "Parameterorders", PLACE, "Another"),
        moves(PARAMETER, f"{PLACE} Parameterorders", f"{PLACE} Another", SAME_STACK),
    ),
    "a pod association under another logical id": (
        moved(PLACE, "PodIdentitymails", PLACE, "Another"),
        moves(
            "pod identity association PodIdentitymails in eu-west-1",
            f"{PLACE} PodIdentitymails",
            f"{PLACE} Another",
            SAME_STACK,
        ),
    ),
}


@pytest.mark.parametrize("name", MOVES)
def test_a_name_at_another_place_needs_review(before: ReviewedEstate, folder: Path, tmp_path: Path, name: str) -> None:
    edit, words = MOVES[name]
    assert found(before, folder, tmp_path, edit) == [(words, FIX)]


STARTING: dict[str, tuple[Edit, Edit, str]] = {
    # name: what both have, the edit, and the sentence
    "an inline policy under another logical id": (
        added(PLACE, "Inline", INLINE),
        moved(PLACE, "Inline", PLACE, "Another"),
        moves("policy more of account 222222222222", f"{PLACE} Inline", f"{PLACE} Another", NEITHER),
    ),
    "a provider in another stack": (
        added(SHARED, "Provider", PROVIDER),
        moved(SHARED, "Provider", ROLES),
        moves(
            "OIDC provider https://login.example.org of account 111111111111",
            f"{SHARED} Provider",
            f"{ROLES} Provider",
            OTHER_STACK,
        ),
    ),
    "a topic in another stack": (
        added(ROLES, "News", TOPIC),
        moved(ROLES, "News", SHARED),
        moves("AWS::SNS::Topic News in eu-west-1", f"{ROLES} News", f"{SHARED} News", OTHER_STACK),
    ),
    "a table, of which the review knows nothing else": (
        added(ROLES, "Orders", TABLE),
        moved(ROLES, "Orders", ROLES, "Another"),
        moves("AWS::DynamoDB::Table Orders in eu-west-1", f"{ROLES} Orders", f"{ROLES} Another", SAME_STACK),
    ),
    "a managed policy with another description": (
        added(PLACE, "Managed", MANAGED),
        properties(PLACE, "Managed", Description="b"),
        f"Description of managed policy more of account 222222222222 changes and its name does not: {REPLACED}",
    ),
    "a managed policy with another path": (
        added(PLACE, "Managed", MANAGED),
        properties(PLACE, "Managed", Path="/more/"),
        f"Path of managed policy more of account 222222222222 changes and its name does not: {REPLACED}",
    ),
}


@pytest.mark.parametrize("name", STARTING)
def test_a_name_that_only_some_estates_have_needs_review(
    before: ReviewedEstate, folder: Path, tmp_path: Path, name: str
) -> None:
    start, edit, words = STARTING[name]
    estate = before.estate
    first = edited(folder, tmp_path / "first", start)
    second = tmp_path / "second"
    shutil.copytree(first, second)
    edit(second)
    rename_assets(second)
    (reported,) = taken_names(review_estate(first, estate), review_estate(second, estate))
    assert reported.what == words


def test_a_role_of_another_path_cannot_be_replaced_under_its_name(
    before: ReviewedEstate, folder: Path, tmp_path: Path
) -> None:
    edit = properties(ROLES, "RoleacmeFororders", Path="/elsewhere/")
    assert found(before, folder, tmp_path, edit) == [
        (
            f"Path of role tenant-acme.orders of account 111111111111 changes and its name does not: {REPLACED}",
            "keep Path, or deploy twice: first without it, then with it",
        )
    ]


def test_a_name_that_is_there_a_second_time_needs_review(before: ReviewedEstate, folder: Path, tmp_path: Path) -> None:
    twice = f"{PARAMETER} is at {PLACE} Parameterorders and also at {PLACE} Second"
    why = "AWS takes each name once, so the deployment fails"
    assert found(before, folder, tmp_path, added(PLACE, "Second", PARAMETER_OF_ORDERS)) == [
        (f"{twice}: {why}", "give it another name")
    ]


def test_two_roles_that_exchange_their_names_need_review(before: ReviewedEstate, folder: Path, tmp_path: Path) -> None:
    edit = together(
        properties(ROLES, "RoleacmeFororders", RoleName="tenant-globex.orders"),
        properties(ROLES, "RoleglobexFororders", RoleName="tenant-acme.orders"),
    )
    acme, globex = f"{ROLES} RoleacmeFororders", f"{ROLES} RoleglobexFororders"
    other = "role tenant-globex.orders of account 111111111111"
    assert [what for what, _ in found(before, folder, tmp_path, edit)] == [
        moves(other, globex, acme, SAME_STACK),
        moves(ROLE, acme, globex, SAME_STACK),
    ]


def test_another_type_under_a_logical_id_needs_review(before: ReviewedEstate, folder: Path, tmp_path: Path) -> None:
    becomes = f"{PLACE} Parameterorders becomes AWS::SNS::Topic, and was {PARAMETER}"
    why = "CloudFormation changes the type of no resource, so the stack fails"
    assert found(before, folder, tmp_path, added(PLACE, "Parameterorders", TOPIC)) == [
        (f"{becomes}: {why}", "another logical id")
    ]


UNTAKEN: dict[str, Edit] = {
    "nothing edited": lambda _folder: None,
    "a role of another name": properties(ROLES, "RoleacmeFororders", RoleName="tenant-acme.other"),
    "the same name in another account": added(PREMISES, "Parameterorders", PARAMETER_OF_ORDERS),
    "a default path spelt out": properties(PLACE, "Roleorders", Path="/"),
    "a topic without a name of its own": added(ROLES, "News", {"Type": "AWS::SNS::Topic"}),
}


@pytest.mark.parametrize("name", UNTAKEN)
def test_a_name_that_is_free_is_not_reported(before: ReviewedEstate, folder: Path, tmp_path: Path, name: str) -> None:
    assert found(before, folder, tmp_path, UNTAKEN[name]) == []


def test_the_verdict_of_a_moved_role_is_that_it_needs_review(folder: Path, tmp_path: Path) -> None:
    estate = load_estate(folder / "tenants.yaml")
    after = edited(folder, tmp_path / "cdk.out", moved(ROLES, "RoleacmeFororders", ROLES, "RoleOther"))
    comparison = compare(folder / "cdk.out", estate, after, estate)
    assert comparison.verdict == "needs review"
    assert [one.rule for one in comparison.changes if one.severity is Severity.REVIEW] == ["name-taken"]
