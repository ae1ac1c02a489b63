"""`tenant-keys verify` as a team runs it: exit codes, text, JSON, the record, and what Security Hub takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from tests.command import tenant_keys
from tests.operations.verify.conftest import CELL, Runs
from tests.operations.verify.deployed import CENTRAL, Deployed

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("verify")]


def test_a_clean_estate_is_proved_and_exits_with_0(runs: Runs) -> None:
    assert runs.command.exit_code == 0, runs.command.output
    assert f"0 findings; {runs.clean.keys} keys read by" in runs.command.stdout
    assert "PROVED" in runs.command.stdout


def test_drift_exits_with_2_and_is_json_with_the_counterexample(runs: Runs) -> None:
    assert runs.command_drifted.exit_code == 2
    document = json.loads(runs.command_drifted.stdout)
    assert {one["kind"] for one in document["findings"]} >= {"alias-moved", "trail-silent", "role-unexpected"}
    assert document["proof"]["verdict"] == "refuted"
    assert any(one["request"] for one in document["proof"]["findings"])
    assert document["calls"]["kms:ListKeys"] == 2


def test_security_hub_takes_the_findings(runs: Runs, records: Path) -> None:
    """By botocore's own model of BatchImportFindings."""
    model = botocore.session.get_session().get_service_model("securityhub")
    shape: Any = model.operation_model("BatchImportFindings").input_shape
    found = 0
    for line in (records / "asff.jsonl").read_text().splitlines():
        batch = json.loads(line)
        report = ParamValidator().validate(batch, shape)
        assert not report.has_errors(), report.generate_report()
        assert len({(one["AwsAccountId"], one["ProductArn"]) for one in batch["Findings"]}) == 1
        found += len(batch["Findings"])
    assert found == len(json.loads(runs.command_drifted.stdout)["findings"])


def test_the_record_holds_what_was_read_and_found_and_is_its_owners_alone(runs: Runs, records: Path) -> None:
    path = records / "first.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [lines[0]["type"], lines[-1]["type"]] == ["run", "end"]
    findings = runs.batches["first"].found.findings
    assert len([line for line in lines if line["type"] == "finding"]) == len(findings)
    assert path.stat().st_mode & 0o077 == 0
    assert not path.with_name("first.jsonl.partial").exists()


@pytest.mark.parametrize(
    ("arguments", "reported"),
    [
        (
            ["--resume", "--record", "nowhere.jsonl"],
            "nowhere.jsonl.partial: no such file, so there is no run to resume",
        ),
        (["--since", "nowhere.jsonl"], "nowhere.jsonl: no such file or directory"),
        (
            ["--stack", "tenant-keys-roles-001"],
            "--stack: got tenant-keys-roles-001; the assembly has no stack of tenants'",
        ),
        (["--assembly", "nowhere"], "nowhere: no such directory; expected a cloud assembly"),
    ],
)
def test_what_cannot_run_exits_with_1_and_says_why(
    deployed: Deployed, arguments: list[str], reported: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    estate = ("--manifest", str(deployed.manifest), "--assembly", str(deployed.assembly))
    done = tenant_keys("verify", *estate, *arguments)
    assert (done.exit_code, reported in done.stderr) == (1, True), done.output


def test_the_record_of_a_run_over_the_whole_is_not_compared_with_one_over_a_cell(runs: Runs, records: Path) -> None:
    estate = ("--manifest", str(runs.deployed.manifest), "--assembly", str(runs.deployed.assembly))
    done = tenant_keys("verify", *estate, "--stack", CELL, "--since", str(records / "clean.jsonl"))
    assert done.exit_code == 1
    assert "clean.jsonl: the record of a run over the whole estate; compare with one over the same" in done.stderr


def test_the_record_of_another_account_is_not_compared_with(runs: Runs, records: Path) -> None:
    other = records / "other.jsonl"
    other.write_text((records / "clean.jsonl").read_text().replace(f'"account":"{CENTRAL}"', '"account":"9"'))
    estate = ("--manifest", str(runs.deployed.manifest), "--assembly", str(runs.deployed.assembly))
    done = tenant_keys("verify", *estate, "--since", str(other))
    assert done.exit_code == 1
    assert "the record of another key account" in done.stderr
