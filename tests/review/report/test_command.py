"""`tenant-keys review` as a user runs it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tenant_keys.manifest import load_estate
from tenant_keys.manifest.bring_up_to_date import bring_up_to_date
from tenant_stacks.app import synthesize_estate
from tests.command import tenant_keys
from tests.policy.estates import manifest
from tools.cloud_assembly import edit_template

NAMES = ["review.html", "review.json", "review.md"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A manifest of two tenants, its lock, and its assembly."""
    folder = tmp_path_factory.mktemp("project")
    text = manifest(tenants="  acme: {workloads: [orders]}\n  globex: {workloads: [orders]}")
    (folder / "tenants.yaml").write_text(text)
    bring_up_to_date(folder / "tenants.yaml").write()
    synthesize_estate(load_estate(folder / "tenants.yaml"), outdir=folder / "cdk.out")
    return folder


def arguments_of(project: Path, assembly: Path, output: Path) -> list[str]:
    return ["review", str(assembly), "--manifest", str(project / "tenants.yaml"), "--output", str(output)]


def test_three_files_of_one_document_are_written(project: Path, tmp_path: Path) -> None:
    output = tmp_path / "deep" / "report"
    result = tenant_keys(
        "review", str(project / "cdk.out"), "--manifest", str(project / "tenants.yaml"), "--output", str(output)
    )
    assert result.exit_code == 0, result.output
    assert sorted(file.name for file in output.iterdir()) == NAMES
    assert result.stdout.startswith("proved; 2 tenants, 0 open findings; ")
    assert "removing each safeguard" in result.stderr
    document = json.loads((output / "review.json").read_text())
    assert document["summary"]["verdict"] == "proved"
    assert document["safeguards"]


def test_json_goes_to_stdout_alone_and_no_file_is_written(project: Path, tmp_path: Path) -> None:
    output = tmp_path / "report"
    arguments = [
        "review",
        str(project / "cdk.out"),
        "--manifest",
        str(project / "tenants.yaml"),
        "--output",
        str(output),
        "--json",
    ]
    result = tenant_keys(*arguments)
    assert result.exit_code == 0
    assert json.loads(result.stdout)["schema"] == "tenant-keys/review/1"
    assert not output.exists()


def test_a_refuted_estate_is_reported_and_is_exit_code_two(project: Path, tmp_path: Path) -> None:
    copied = tmp_path / "cdk.out"
    shutil.copytree(project / "cdk.out", copied)

    def anyone_may_delete(template: dict[str, Any]) -> None:
        statements = template["Resources"]["Keyacme"]["Properties"]["KeyPolicy"]["Statement"]
        statements[:] = [one for one in statements if one["Sid"] != "DenyScheduleDeletionByAnyoneElse"]
        for one in statements:
            if one["Sid"] == "ScheduleDeletion":
                del one["Condition"]

    edit_template(copied, "tenant-keys-cell-eu-west-1-001", anyone_may_delete)
    output = tmp_path / "report"
    result = tenant_keys(*arguments_of(project, copied, output))
    assert result.exit_code == 2
    assert result.stdout.startswith("refuted; ")
    assert (output / "review.md").read_text().startswith("# Review of tenants' keys: refuted\n")


def test_a_folder_without_an_assembly_is_reported_and_writes_nothing(project: Path, tmp_path: Path) -> None:
    output = tmp_path / "report"
    result = tenant_keys(*arguments_of(project, tmp_path, output))
    assert result.exit_code == 1
    assert "cdk synth" in result.stderr
    assert not output.exists()
