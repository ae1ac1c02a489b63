"""`tenant-keys review` as a user runs it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from tenant_keys.cli import review
from tenant_keys.review.errors import ReviewError
from tools.cloud_assembly import edit_template

MANIFEST = Path(__file__).parents[3] / "tenants.yaml"
NAMES = ["review.html", "review.json", "review.md"]


@pytest.fixture
def app() -> typer.Typer:
    program = typer.Typer()
    program.callback()(lambda: None)
    review.register(program)
    return program


def test_three_files_of_one_document_are_written(app: typer.Typer, sample_assembly: Path, tmp_path: Path) -> None:
    output = tmp_path / "deep" / "report"
    result = CliRunner().invoke(
        app, ["review", str(sample_assembly), "--manifest", str(MANIFEST), "--output", str(output)]
    )
    assert result.exit_code == 0, result.output
    assert sorted(file.name for file in output.iterdir()) == NAMES
    assert result.stdout.startswith("proved; 6 tenants, 0 open findings; ")
    assert "taking each guard away" in result.stderr
    document = json.loads((output / "review.json").read_text())
    assert document["summary"]["verdict"] == "proved"
    assert document["safeguards"]


def test_json_goes_to_stdout_alone_and_no_file_is_written(
    app: typer.Typer, sample_assembly: Path, tmp_path: Path
) -> None:
    output = tmp_path / "report"
    arguments = ["review", str(sample_assembly), "--manifest", str(MANIFEST), "--output", str(output), "--json"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0
    assert json.loads(result.stdout)["schema"] == "tenant-keys/review/1"
    assert not output.exists()


def test_a_refuted_estate_is_reported_and_is_exit_code_two(
    app: typer.Typer, sample_assembly: Path, tmp_path: Path
) -> None:
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
    result = CliRunner().invoke(app, ["review", str(copied), "--manifest", str(MANIFEST), "--output", str(output)])
    assert result.exit_code == 2
    assert result.stdout.startswith("refuted; ")
    assert (output / "review.md").read_text().startswith("# Review of tenants' keys: refuted\n")


def test_a_folder_without_an_assembly_is_told_and_writes_nothing(app: typer.Typer, tmp_path: Path) -> None:
    output = tmp_path / "report"
    result = CliRunner().invoke(app, ["review", str(tmp_path), "--manifest", str(MANIFEST), "--output", str(output)])
    assert isinstance(result.exception, ReviewError)  # the main program says it in a sentence, exit code 1
    assert "cdk synth" in str(result.exception)
    assert not output.exists()
