"""What must never change, and what must never be lost, in the templates of the sample manifest."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_s3 as s3

from tenant_keys.manifest import load_estate
from tenant_stacks import add_stacks
from tenant_stacks.validation import accepted_findings, add_validations

ROOT = Path(__file__).parents[2]
Templates = dict[str, dict[str, Any]]
CELL = "tenant-keys-cell-eu-west-1-001"


def test_stacks_keep_their_names(sample_templates: Templates) -> None:
    assert sorted(sample_templates) == [
        "tenant-keys-audit-eu-central-1",
        "tenant-keys-audit-eu-west-1",
        CELL,
        "tenant-keys-roles-001",
        "tenant-keys-shared-access",
        "tenant-keys-workload-222222222222-eu-central-1",
        "tenant-keys-workload-222222222222-eu-west-1",
        "tenant-keys-workload-333333333333-eu-central-1",
        "tenant-keys-workload-333333333333-eu-west-1",
    ]


def test_no_resource_has_metadata_of_the_cdk(sample_templates: Templates) -> None:
    """A path takes bytes of a template that holds 100 keys, and names every tenant a second time."""
    metadata = [
        one["Metadata"] for t in sample_templates.values() for one in t["Resources"].values() if "Metadata" in one
    ]
    assert metadata
    assert not [key for one in metadata for key in one if key.startswith("aws:cdk:")]


def test_keys_and_aliases_keep_their_logical_ids(sample_templates: Templates) -> None:
    """Changing one would lose a key."""
    kms = {n: r["Type"] for n, r in sample_templates[CELL]["Resources"].items() if r["Type"].startswith("AWS::KMS::")}
    tenants = ("acme", "globex", "initech", "umbrella", "wayne", "wonka")
    assert kms == {f"Key{t}": "AWS::KMS::Key" for t in tenants} | {f"Alias{t}": "AWS::KMS::Alias" for t in tenants}


def test_every_key_is_retained_and_every_alias_but_for_a_failed_creation(sample_templates: Templates) -> None:
    resources = [r for template in sample_templates.values() for r in template["Resources"].values()]
    kept = {(r["Type"], r.get("DeletionPolicy"), r.get("UpdateReplacePolicy")) for r in resources if "KMS" in r["Type"]}
    assert kept == {
        ("AWS::KMS::Key", "Retain", "Retain"),
        ("AWS::KMS::Alias", "RetainExceptOnCreate", "Retain"),
    }


@pytest.mark.parametrize(
    ("tenant", "expected"),
    [
        ("acme", {"Enabled": True, "Origin": "AWS_KMS", "EnableKeyRotation": True, "RotationPeriodInDays": 365}),
        ("globex", {"Enabled": True, "Origin": "EXTERNAL", "EnableKeyRotation": None, "RotationPeriodInDays": None}),
        ("initech", {"Enabled": False, "Origin": "AWS_KMS", "EnableKeyRotation": True, "RotationPeriodInDays": 365}),
        ("umbrella", {"Enabled": True, "MultiRegion": True, "EnableKeyRotation": True, "RotationPeriodInDays": 180}),
        ("wonka", {"Enabled": False, "Origin": "AWS_KMS", "EnableKeyRotation": True, "RotationPeriodInDays": 365}),
    ],
)
def test_a_key_is_as_its_tenants_state_says(sample_templates: Templates, tenant: str, expected: dict[str, Any]) -> None:
    properties = sample_templates[CELL]["Resources"][f"Key{tenant}"]["Properties"]
    assert {name: properties.get(name) for name in expected} == expected
    assert properties["PendingWindowInDays"] == 30


def test_a_tenant_that_leaves_has_no_role(sample_templates: Templates) -> None:
    assert sorted(sample_templates["tenant-keys-roles-001"]["Resources"]) == [
        "RoleacmeFororders",
        "RoleglobexFororders",
        "RoleinitechFororders",
        "RoleumbrellaFororders",
        "RolewayneFororders",
    ]


def test_what_holds_keys_is_protected_from_termination(sample_assembly: Path) -> None:
    artifacts = json.loads((sample_assembly / "manifest.json").read_text())["artifacts"]
    protected = {name for name, a in artifacts.items() if a.get("properties", {}).get("terminationProtection")}
    assert protected == {CELL}


def test_tags_name_tenant_cell_project_and_what_the_manifest_adds(sample_templates: Templates) -> None:
    tags = sample_templates[CELL]["Resources"]["Keyumbrella"]["Properties"]["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {
        "plan": "enterprise",
        "tenant-keys:cell": "eu-west-1-001",
        "tenant-keys:project": "tenant-keys",
        "tenant-keys:tenant": "umbrella",
    }


def test_a_workload_learns_its_roles_and_aliases_from_its_parameter(sample_templates: Templates) -> None:
    template = sample_templates["tenant-keys-workload-222222222222-eu-west-1"]["Resources"]
    properties = template["Parameterorders"]["Properties"]
    assert properties["Name"] == "/tenant-keys/orders"
    assert json.loads(properties["Value"]) == {
        "version": 1,
        "workload": "orders",
        "access": "tenant-role",
        "role_arn": "arn:aws:iam::111111111111:role/tenant-keys/orders/tenant-{tenant_id}.orders",
        "alias_arn": "arn:aws:kms:eu-west-1:111111111111:alias/tenant-{tenant_id}",
        "operations": ["decrypt", "encrypt"],
        "exceptions": {},
    }


def test_accepted_findings_are_these_and_no_others() -> None:
    """A new acknowledgement is a decision; the proof's own findings are never among them."""
    accepted = [(entry.scope[0], entry.finding) for entry in accepted_findings(load_estate(ROOT / "tenants.yaml"))]
    packs = [f"{pack}::{pack}" for pack in ("HIPAA.Security", "NIST.800.53.R5", "PCI.DSS.321")]
    star = "AwsSolutions::AwsSolutions-IAM5[Resource::arn:aws:{}]".format
    assert [each for each in sorted(accepted) if each[1].startswith("AwsSolutions::")] == [
        (CELL, "AwsSolutions::AwsSolutions-KMS5"),
        ("tenant-keys-roles-001", star("kms:eu-central-1:111111111111:key/*")),
        ("tenant-keys-roles-001", star("kms:eu-west-1:111111111111:key/*")),
        ("tenant-keys-shared-access", star("kms:eu-central-1:111111111111:key/*")),
        ("tenant-keys-shared-access", star("kms:eu-west-1:111111111111:key/*")),
        ("tenant-keys-workload-222222222222-eu-west-1", star("iam::111111111111:role/tenant-keys/orders/*")),
    ]
    with_roles = [
        "tenant-keys-roles-001",
        "tenant-keys-shared-access",
        "tenant-keys-workload-222222222222-eu-central-1",
        "tenant-keys-workload-222222222222-eu-west-1",
        "tenant-keys-workload-333333333333-eu-central-1",
        "tenant-keys-workload-333333333333-eu-west-1",
    ]
    assert [each for each in sorted(accepted) if not each[1].startswith("AwsSolutions::")] == [
        (CELL, f"{packs[1]}-KMSBackingKeyRotationEnabled"),
        (CELL, f"{packs[2]}-KMSBackingKeyRotationEnabled"),
        *((stack, f"{pack}-IAMNoInlinePolicy") for stack in with_roles for pack in packs),
    ]


@pytest.mark.parametrize(
    ("plant", "reported"),
    [
        ("bucket", "AwsSolutions-S1"),
        ("role", "does not declare is allowed"),
        ("stage", "AWS::IAM::User: the proof does not know what it grants"),
    ],
)
def test_a_planted_violation_fails_the_synth(plant: str, reported: str, tmp_path: Path) -> None:
    estate = load_estate(ROOT / "tenants.yaml")
    app = cdk.App(outdir=str(tmp_path), tree_metadata=False, builtin_cloud_formation_validation=False)
    add_stacks(app, estate)
    stack: Any = app.node.find_child("tenant-keys-shared-access")
    if plant == "bucket":
        s3.CfnBucket(stack, "Planted")
    elif plant == "stage":
        stage = cdk.Stage(app, "Aside", env=cdk.Environment(account="111111111111", region="eu-west-1"))
        cdk.aws_iam.CfnUser(cdk.Stack(stage, "Planted"), "User")
    else:
        _plant_role(stack)
    add_validations(app, estate)

    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()

    assert reported in (tmp_path / "validation-report.json").read_text()


def _plant_role(stack: Any) -> None:
    anyone = {"Version": "2012-10-17", "Statement": [{"Sid": "Use", "Effect": "Allow", "Action": "kms:Decrypt"}]}
    anyone["Statement"][0]["Resource"] = "arn:aws:kms:eu-west-1:111111111111:key/1"  # type: ignore[index]
    trust = {
        "Sid": "Run",
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "lambda.amazonaws.com"},
    }
    cdk.aws_iam.CfnRole(
        stack,
        "Planted",
        role_name="planted",
        assume_role_policy_document={"Version": "2012-10-17", "Statement": [trust]},
        policies=[cdk.aws_iam.CfnRole.PolicyProperty(policy_name="Use", policy_document=anyone)],
    )


@pytest.mark.slow
def test_cfn_lint_has_nothing_against_any_template(sample_assembly: Path) -> None:
    templates = sorted(map(str, sample_assembly.glob("*.template.json")))
    command = [str(Path(sys.executable).with_name("cfn-lint")), "--format", "parseable", *templates]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert len(templates) == 9
    assert (done.returncode, done.stdout) == (0, "")
