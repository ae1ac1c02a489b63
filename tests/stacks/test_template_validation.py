"""The CDK's own validation finds in a cell's examples what it finds in each tenant's resources of the whole cell."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aws_cdk as cdk
import pytest

from tenant_stacks import add_stacks, full_synth, template_validation
from tenant_stacks.template_validation import add_template_validation
from tests.policy.estates import estate_of_text, manifest

CELL = "tenant-keys-cell-eu-west-1-001"


def found(folder: Path) -> dict[tuple[str, str, str], set[tuple[str, str]]]:
    """Template and logical id of each resource, by severity, rule and description."""
    report = json.loads((folder / "validation-report.json").read_text(encoding="utf-8"))
    (plugin,) = (one for one in report["pluginReports"] if one["pluginName"] == "CloudFormation Validate")
    return {
        (one["severity"], one["ruleName"], one["description"]): {
            (where["templatePath"], where["logicalId"])
            for where in (resource["cloudFormationResource"] for resource in one["violatingConstructs"])
        }
        for one in plugin["violations"]
    }


FINDING = ("warning", "F3034", "PendingWindowInDays: 1000 is greater than the maximum of 30")


def synthesized(folder: Path, *, stamped: bool) -> dict[tuple[str, str, str], set[tuple[str, str]]]:
    """What is found where each key waits too long before its deletion."""
    estate = estate_of_text(manifest(tenants="\n".join(f"  t{n}: {{workloads: [orders]}}" for n in range(9))))
    app = cdk.App(outdir=str(folder), tree_metadata=False, builtin_cloud_formation_validation=False)
    add_stacks(app, estate, stamped=stamped)
    cell: Any = app.node.find_child(CELL)
    for tenant in cell.node.children:
        if str(tenant.node.id) in estate.tenants:
            tenant.node.find_child("Key").add_property_override("PendingWindowInDays", 1000)
    if stamped:
        validation = add_template_validation(app)
        app.synth()
        assert validation
        assert validation.completed
    else:
        cdk.Validations.of(app).add_plugins(cdk.CloudFormationValidatePlugin())
        app.synth()
    return found(folder)


def test_a_cell_is_validated_by_its_examples(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CDK_VALIDATION", raising=False)
    assert synthesized(tmp_path, stamped=True) == {FINDING: {(f"{CELL}.template.json", f"Keyt{n}") for n in range(2)}}


@pytest.mark.exhaustive
def test_every_tenant_of_the_class_has_the_examples_findings(tmp_path: Path) -> None:
    assert synthesized(tmp_path, stamped=False) == {FINDING: {(f"{CELL}.template.json", f"Keyt{n}") for n in range(9)}}


def test_a_plugin_is_reported_of_the_templates_that_it_is_to_read_and_of_no_one_place(tmp_path: Path) -> None:
    app = cdk.App(outdir=str(tmp_path))
    stacks = [
        cdk.PolicyValidationStack(stack_construct_path=name, template_path=f"{name}.json") for name in ("one", "two")
    ]
    context = template_validation._Context(app, stacks)
    assert context.app_construct is app
    assert context.stack_templates == stacks
    assert context.template_paths == ["one.json", "two.json"]
    assert (context.account_id, context.region) == (None, None)


def test_what_is_read_in_place_of_a_cell_is_of_the_same_stack(tmp_path: Path) -> None:
    examples = '{"Description":"é"}'
    plugin: Any = SimpleNamespace(_synthesizers={"cell": SimpleNamespace(examples=examples)})
    place = {"account_id": "111111111111", "region": "eu-west-1"}
    stack = cdk.PolicyValidationStack(
        stack_construct_path="cell", template_path="/assembly/cell.template.json", **place
    )
    read = template_validation.TemplateValidation._read(plugin, stack, tmp_path)
    assert (read.stack_construct_path, read.account_id, read.region) == ("cell", *place.values())
    assert read.template_path == str(tmp_path / "cell.template.json")
    assert Path(read.template_path).read_bytes().decode() == examples


def test_a_violation_is_reported_whole_at_the_template_that_is_deployed() -> None:
    resources = [
        cdk.PolicyViolatingResource(
            locations=["Properties/A"], construct_path=f"cell/{name}", resource_logical_id=name, template_path=path
        )
        for name, path in (("One", "examples.json"), ("Two", "other.json"))
    ]
    violation = cdk.PolicyViolation(
        rule_name="F1",
        description="too large",
        severity="error",
        fix="less",
        rule_metadata={"of": "x"},
        violating_resources=resources,
    )
    found = template_validation._of(violation, {"examples.json": "cell.json"})
    described = (found.rule_name, found.description, found.severity, found.fix, found.rule_metadata)
    assert described == ("F1", "too large", "error", "less", {"of": "x"})
    assert [
        (one.locations, one.construct_path, one.resource_logical_id, one.template_path)
        for one in found.violating_resources
    ] == [
        (["Properties/A"], "cell/One", "One", "cell.json"),
        (["Properties/A"], "cell/Two", "Two", "other.json"),
    ]


def test_a_synth_without_validation_is_without_this_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CDK_VALIDATION", "false")
    app = cdk.App(outdir=str(tmp_path), builtin_cloud_formation_validation=False)
    assert add_template_validation(app) is None
    app.synth()
    assert not (tmp_path / "validation-report.json").exists()


def test_a_validation_that_did_not_run_to_its_end_fails_the_synth_and_leaves_no_record(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The CDK takes a plugin that failed for one without findings."""
    monkeypatch.setattr(full_synth, "add_template_validation", lambda _: SimpleNamespace(completed=False))
    monkeypatch.setattr(full_synth, "synthesize", lambda _: None)
    with pytest.raises(RuntimeError, match="the validation of the templates failed"):
        full_synth.synthesize_everything(estate_of_text(manifest()), (), tmp_path, around="any")
    assert list(tmp_path.iterdir()) == []
