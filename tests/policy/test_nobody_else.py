"""Searches over every statement of every template."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Found


def documents(resources: list[Found]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Kind (key, trust, identity), place, document."""
    for found in resources:
        properties, place = found.body["Properties"], f"{found.stack}/{found.logical_id}"
        match found.body["Type"]:
            case "AWS::KMS::Key" | "AWS::KMS::ReplicaKey" if found.logical_id != "AuditKey":
                yield "key", place, properties["KeyPolicy"]
            case "AWS::IAM::Role" if found.logical_id != "AuditForwarder":
                yield "trust", place, properties["AssumeRolePolicyDocument"]
                for policy in properties["Policies"]:
                    yield "identity", place, policy["PolicyDocument"]
            case "AWS::IAM::ManagedPolicy":
                yield "identity", place, properties["PolicyDocument"]


def allows(resources: list[Found], kind: str) -> list[tuple[str, dict[str, Any]]]:
    found = [
        (f"{place} {statement['Sid']}", statement)
        for of, place, document in documents(resources)
        for statement in document["Statement"]
        if of == kind and statement["Effect"] == "Allow"
    ]
    assert found, f"no Allow of kind {kind}: nothing would be searched"
    return found


def test_every_policy_is_of_a_kind_that_is_searched(sample_resources: list[Found]) -> None:
    """Nothing that holds a policy may be in a template without being looked at here."""
    assert {found.body["Type"] for found in sample_resources} == {
        *("AWS::KMS::Key", "AWS::KMS::Alias", "AWS::IAM::Role", "AWS::IAM::OIDCProvider", "AWS::SSM::Parameter"),
        *(
            "AWS::CloudWatch::Alarm",
            "AWS::Events::EventBusPolicy",
            "AWS::Events::Rule",
        ),  # see tests/policy/test_audit.py
        *("AWS::SNS::Topic", "AWS::SNS::TopicPolicy"),
    }
    for found in sample_resources:
        assert "PermissionsBoundary" not in found.body["Properties"]
        assert "ManagedPolicyArns" not in found.body["Properties"]


@pytest.mark.parametrize("kind", ["key", "trust", "identity"])
def test_no_statement_is_written_by_exception(kind: str, sample_resources: list[Found]) -> None:
    """NotAction, NotResource and NotPrincipal grant what nobody has thought of."""
    for of, place, document in documents(sample_resources):
        for statement in document["Statement"]:
            if of == kind:
                elements = {"Sid", "Effect", "Action", "Condition"}
                elements |= {"Principal"} if kind == "trust" else {"Resource"}
                elements |= {"Principal"} if kind == "key" else set()
                assert statement.keys() <= elements, place
                assert isinstance(statement["Action"], list)


def test_no_identity_policy_allows_on_everything(sample_resources: list[Found]) -> None:
    for place, statement in allows(sample_resources, "identity"):
        for resource in statement["Resource"]:
            assert resource.startswith(("arn:aws:kms:", "arn:aws:iam::111111111111:role/", "arn:aws:ssm:")), place
            account = resource.split(":")[4]
            assert account in {"111111111111", "222222222222", "333333333333"}, place
            assert not {"*", ""} & set(resource.split(":")[:3]), place


@pytest.mark.parametrize("kind", ["key", "trust"])
def test_no_allow_is_to_everyone(kind: str, sample_resources: list[Found]) -> None:
    for place, statement in allows(sample_resources, kind):
        principal = statement["Principal"]
        assert isinstance(principal, dict), place
        assert "*" not in str(principal), place


@pytest.mark.parametrize("kind", ["key", "identity", "trust"])
def test_no_allow_has_a_wildcard_in_an_action(kind: str, sample_resources: list[Found]) -> None:
    """A pattern would grant the operations that AWS adds later."""
    for place, statement in allows(sample_resources, kind):
        for action in statement["Action"]:
            assert "*" not in action, place
            assert "?" not in action, place


def test_every_allow_of_a_key_policy_is_to_the_root_of_the_key_account_for_named_roles(
    sample_resources: list[Found],
) -> None:
    for place, statement in allows(sample_resources, "key"):
        assert statement["Principal"] == {"AWS": "arn:aws:iam::111111111111:root"}, place
        roles = statement["Condition"]["ArnEquals"]["aws:PrincipalArn"]
        assert roles, place
        for role in roles:
            assert role.startswith("arn:aws:iam::111111111111:role/"), place
            assert not {"*", "?"} & set(role), place


def test_every_use_of_a_key_in_an_identity_policy_is_bound_to_one_alias(sample_resources: list[Found]) -> None:
    seen = 0
    for place, statement in allows(sample_resources, "identity"):
        if not any(action.startswith("kms:") for action in statement["Action"]):
            continue
        seen += 1
        condition = statement["Condition"]
        request = condition.get("StringEquals", {}).get("kms:RequestAlias")
        # StringLike where the value is a variable: no tag of a session holds a wildcard.
        by_resource = condition.get("ForAnyValue:StringEquals") or condition.get("ForAnyValue:StringLike") or {}
        (alias,) = {request, by_resource.get("kms:ResourceAliases")} - {None}
        assert alias.startswith("alias/tenant-"), place
        assert "*" not in alias, place
        if statement["Action"] != ["kms:DescribeKey"]:
            tenant = condition["StringEquals"]["kms:EncryptionContext:tenant_id"]
            assert f"alias/tenant-{tenant}" == alias, place
    assert seen == 5 * 2 + 1 + 3 + 2  # five tenant roles, wayne's decrypt by key, billing, portal


def test_no_identity_policy_of_ours_administers_a_key(sample_resources: list[Found]) -> None:
    for place, statement in allows(sample_resources, "identity"):
        assert set(statement["Action"]) <= {
            *("kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:Decrypt"),
            *("kms:DescribeKey", "sts:AssumeRole", "sts:TagSession", "ssm:GetParameter"),
        }, place


def test_no_deny_ever_speaks_of_synchronisation(sample_resources: list[Found]) -> None:
    """KMS's own service-linked role calls SynchronizeMultiRegionKey; a Deny to everyone would stop it."""
    for kind, place, document in documents(sample_resources):
        for statement in document["Statement"]:
            if kind == "key" and statement["Effect"] == "Deny":
                assert "kms:SynchronizeMultiRegionKey" not in statement["Action"], place
                assert not any(action in {"*", "kms:*"} for action in statement["Action"]), place
