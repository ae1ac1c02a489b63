"""`tenant-keys review` as a user runs it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from tests.command import tenant_keys
from tools.cloud_assembly import edit_template

MANIFEST = Path(__file__).parents[3] / "tenants.yaml"
NAMES = ["review.html", "review.json", "review.md"]


def test_three_files_of_one_document_are_written(sample_assembly: Path, tmp_path: Path) -> None:
    output = tmp_path / "deep" / "report"
    result = tenant_keys("review", str(sample_assembly), "--manifest", str(MANIFEST), "--output", str(output))
    assert result.exit_code == 0, result.output
    assert sorted(file.name for file in output.iterdir()) == NAMES
    assert result.stdout.startswith("proved; 6 tenants, 0 open findings; ")
    assert "removing each safeguard" in result.stderr
    document = json.loads((output / "review.json").read_text())
    assert document["summary"]["verdict"] == "proved"
    assert document["safeguards"]


def test_json_goes_to_stdout_alone_and_no_file_is_written(sample_assembly: Path, tmp_path: Path) -> None:
    output = tmp_path / "report"
    arguments = ["review", str(sample_assembly), "--manifest", str(MANIFEST), "--output", str(output), "--json"]
    result = tenant_keys(*arguments)
    assert result.exit_code == 0
    assert json.loads(result.stdout)["schema"] == "tenant-keys/review/1"
    assert not output.exists()


def test_a_refuted_estate_is_reported_and_is_exit_code_two(sample_assembly: Path, tmp_path: Path) -> None:
    copied = tmp_path / "cdk.out"
    shutil.copytree(sample_assembly, copied)

    def anyone_may_delete(template: dict[str, Any]) -> None:
        statements = template["Resources"]["Keyacme"]["Properties"]["KeyPolicy"]["Statement"]
        statements[:] = [one for one in statements if one["Sid"] != "DenyScheduleDeletionByAnyoneElse"]
        for one in statements:
            if one["Sid"] == "ScheduleDeletion":
                del one["Condition"]

    edit_template(copied, "tenant-keys-cell-eu-west-1-001", anyone_may_delete)
    output = tmp_path / "report"
    result = tenant_keys("review", str(copied), "--manifest", str(MANIFEST), "--output", str(output))
    assert result.exit_code == 2
    assert result.stdout.startswith("refuted; ")
    assert (output / "review.md").read_text().startswith("# Review of tenants' keys: refuted\n")


def test_a_folder_without_an_assembly_is_told_and_writes_nothing(tmp_path: Path) -> None:
    output = tmp_path / "report"
    result = tenant_keys("review", str(tmp_path), "--manifest", str(MANIFEST), "--output", str(output))
    assert result.exit_code == 1
    assert "cdk synth" in result.stderr
    assert not output.exists()
