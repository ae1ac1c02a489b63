"""The templates in other people's tools: every finding is acknowledged where that tool looks, with its reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import cdk_nag
import pytest

from tenant_keys.manifest import load_estate
from tenant_keys.manifest.bring_up_to_date import bring_up_to_date
from tenant_keys.policy.template_size import reserved_sizes
from tenant_stacks import add_stacks
from tenant_stacks.validation import accepted_findings, add_validations
from tests.policy.estates import manifest as manifest_text
from tests.stacks.synth import synthesized

ROOT = Path(__file__).parents[2]
MANIFESTS = {"sample": ROOT / "tenants.yaml", "everything": ROOT / "tests/golden/0.1.0/everything/tenants.yaml"}
PACKS = ("NIST80053R5Checks", "HIPAASecurityChecks", "PCIDSS321Checks")
Templates = dict[str, dict[str, Any]]


def app_of(manifest: Path, output: Path, *, acknowledged: bool) -> cdk.App:
    """The app with the packs of cdk-nag that a regulated team would add."""
    app = cdk.App(outdir=str(output), tree_metadata=False, builtin_cloud_formation_validation=False)
    estate = load_estate(manifest)
    add_stacks(app, estate)
    if acknowledged:
        add_validations(app, estate)
    cdk.Validations.of(app).add_plugins(*(getattr(cdk_nag, pack)(app) for pack in PACKS))
    return app


@pytest.mark.parametrize("manifest", ["sample", pytest.param("everything", marks=pytest.mark.exhaustive)])
def test_nist_hipaa_and_pci_find_nothing_that_is_not_acknowledged(manifest: str, tmp_path: Path) -> None:
    app_of(MANIFESTS[manifest], tmp_path, acknowledged=True).synth()


def test_they_find_nothing_in_the_stacks_of_the_hook_and_of_an_own_trail(tmp_path: Path) -> None:
    path = tmp_path / "tenants.yaml"
    text = manifest_text(regions="eu-west-1", deletion_hook="true")
    path.write_text(f"{text}audit: {{trail: own}}\n", encoding="utf-8")
    bring_up_to_date(path, reserved_sizes).write()
    app_of(path, tmp_path / "cdk.out", acknowledged=True).synth()
    for stack in ("hook-eu-west-1", "trail"):
        assert (tmp_path / f"cdk.out/tenant-keys-{stack}.template.json").exists()
    report = json.loads((tmp_path / "cdk.out/validation-report.json").read_text(encoding="utf-8"))
    accepted = accepted_findings(load_estate(path))
    used = {found["acknowledgedId"] for one in report["pluginReports"] for found in one["suppressedViolations"]}
    assert {entry.finding for entry in accepted} == used
    assert "AwsSolutions::AwsSolutions-S1" in used


def test_without_the_acknowledgements_they_find_rotation_and_inline_policies(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app_of(MANIFESTS["sample"], tmp_path, acknowledged=False).synth()
    report = (tmp_path / "validation-report.json").read_text()
    assert "PCI.DSS.321-KMSBackingKeyRotationEnabled" in report
    assert "HIPAA.Security-IAMNoInlinePolicy" in report


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    return synthesized(load_estate(MANIFESTS["everything"]), tmp_path_factory.mktemp("everything"))


def test_a_key_without_rotation_says_so_to_checkov_and_cfn_guard(templates: Templates) -> None:
    cell = templates["tenant-keys-cell-eu-west-1-001"]["Resources"]
    imported = "The tenant imports the key material; AWS KMS rotates no imported key automatically."
    assert cell["Keyglobex"]["Metadata"] == {
        "checkov": {"skip": [{"id": "CKV_AWS_7", "comment": imported}]},
        "guard": {"SuppressedRules": ["CMK_BACKING_KEY_ROTATION_ENABLED"], "Reason": imported},
    }
    keys = {name: body for name, body in cell.items() if body["Type"] == "AWS::KMS::Key"}
    unrotated = {name for name, body in keys.items() if not body["Properties"].get("EnableKeyRotation")}
    assert {name for name, body in keys.items() if "Metadata" in body} == unrotated
    assert unrotated == {"KeyacmeXcorp", "Keyglobex", "KeyglobexXdated", "KeyglobexXpaused", "KeyglobexXshared"}


def test_every_role_with_an_inline_policy_says_so_to_cfn_guard(templates: Templates) -> None:
    roles = [
        body
        for template in templates.values()
        for body in template["Resources"].values()
        if body["Type"] == "AWS::IAM::Role"
    ]
    assert len(roles) == 36
    for role in roles:
        assert role["Properties"]["Policies"]
        assert role["Metadata"]["guard"]["SuppressedRules"] == ["IAM_NO_INLINE_POLICY_CHECK"]
