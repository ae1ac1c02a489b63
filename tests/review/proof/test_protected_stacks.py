"""Keys and aliases in the stacks that the lock records, and what guards them in stacks with termination protection."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tenant_keys.review.assembly import Resource, StackArtifact
from tenant_keys.review.proof.protected_stacks import check_stacks
from tenant_keys.review.proof.prove import prove
from tenant_keys.review.proof.reviewed import ReviewedEstate, review_estate
from tests.policy.estates import sample
from tools.cloud_assembly import edit_json, edit_template

CELL, ROLES = "tenant-keys-cell-eu-west-1-001", "tenant-keys-roles-001"
AUDIT = "tenant-keys-audit-eu-west-1"


@pytest.fixture
def folder(sample_assembly: Path, tmp_path: Path) -> Path:
    return shutil.copytree(sample_assembly, tmp_path / "cdk.out")


@pytest.fixture(scope="module")
def reviewed(sample_assembly: Path) -> ReviewedEstate:
    return review_estate(sample_assembly, sample())


def move(folder: Path, target: str, *logical_ids: str) -> None:
    moved: dict[str, Any] = {}

    def take(template: dict[str, Any]) -> None:
        moved.update({name: template["Resources"].pop(name) for name in logical_ids})

    edit_template(folder, CELL, take)
    edit_template(folder, target, lambda template: template["Resources"].update(moved))


def rename(folder: Path, stack: str, name: str) -> None:
    def edit(manifest: dict[str, Any]) -> None:
        manifest["artifacts"][stack]["properties"]["stackName"] = name

    edit_json(folder / "manifest.json", edit)


def in_stack(what: str, tenant: str, found: str) -> str:
    return f"the {what} of tenant {tenant} in eu-west-1 is in stack {found}; by tenants.lock it is in {CELL}"


@pytest.mark.parametrize("target", [ROLES, AUDIT, "tenant-keys-shared-access"])
def test_a_key_in_another_stack_is_refuted(folder: Path, target: str) -> None:
    move(folder, target, "Keyglobex", "Aliasglobex")
    proof = prove(folder, sample())
    found = [(one.what, one.tenant) for one in proof.findings if "by tenants.lock" in one.what]
    expected = [in_stack("key", "globex", target), in_stack("alias", "globex", target)]
    assert (proof.verdict, found) == ("refuted", [(one, "globex") for one in expected])


def test_a_key_that_no_alias_names_is_of_no_tenant_and_refuted(folder: Path) -> None:
    edit_template(folder, CELL, lambda template: template["Resources"].pop("Aliasglobex"))
    proof = prove(folder, sample())
    said = [one.what for one in proof.findings]
    assert proof.verdict == "refuted"
    assert f"{CELL} Keyglobex: a key that no tenant's alias names" in said
    assert [one for one in said if "by tenants.lock" in one] == []


@pytest.mark.parametrize("name", ["my-stack", "tenant-keys-cell-eu-west-1-002", "other-cell-eu-west-1-001"])
def test_a_stack_of_keys_with_another_name_is_refuted(folder: Path, name: str) -> None:
    rename(folder, CELL, name)
    proof = prove(folder, sample())
    assert proof.verdict == "refuted"
    assert in_stack("key", "acme", name) in [one.what for one in proof.findings]


def test_a_lock_that_records_another_cell_is_refuted(sample_assembly: Path) -> None:
    estate = sample()
    tenants = {**estate.tenants, "acme": replace(estate.tenants["acme"], cell=2)}
    found = [one.what for one in prove(sample_assembly, replace(estate, tenants=tenants)).findings]
    where = "the {} of tenant acme in eu-west-1 is in stack tenant-keys-cell-eu-west-1-001; by tenants.lock it is in "
    assert [one for one in found if "by tenants.lock" in one] == [
        where.format(what) + "tenant-keys-cell-eu-west-1-002" for what in ("key", "alias")
    ]


@pytest.mark.parametrize(
    ("kind", "allowed", "refused"),
    [
        ("AWS::CloudFormation::LambdaHook", "tenant-keys-hook-eu-west-1", AUDIT),
        ("AWS::CloudTrail::Trail", "tenant-keys-trail", ROLES),
        ("AWS::Organizations::Policy", "tenant-keys-guardrails", "guardrails"),
        ("AWS::S3::Bucket", "tenant-keys-trail", "other-trail"),
    ],
)
def test_what_guards_keys_is_in_a_protected_stack(
    reviewed: ReviewedEstate, kind: str, allowed: str, refused: str
) -> None:
    def found(stack: str, artifacts: Callable[[ReviewedEstate], tuple[StackArtifact, ...]]) -> list[str]:
        resource = Resource(stack, "111111111111", "eu-west-1", "Guard", kind, {}, None, None)
        resources = {("111111111111", "eu-west-1", stack, "Guard"): resource}
        return [one.what for one in check_stacks(replace(reviewed, resources=resources, artifacts=artifacts(reviewed)))]

    assert found(allowed, lambda one: one.artifacts) == []
    message = f"{refused} Guard: {kind} in a stack without termination protection"
    assert found(refused, lambda one: one.artifacts) == [message]
    assert found(refused, lambda _: ()) == []  # of stacks that come from no assembly nothing is said
