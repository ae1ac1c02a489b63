"""`tenant-keys check` on a pull request: a project of its own in git, changed and checked against its base."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from tenant_keys.manifest.bring_up_to_date import bring_up_to_date
from tenant_keys.operations import checks
from tenant_keys.policy.template_size import reserved_sizes
from tools.cloud_assembly import edit_template

ROOT = Path(__file__).parents[2]
PARTS = (".gitignore", "app.py", "cdk.json", "constructs", "stacks", "tenant_keys")
MANIFEST = """\
organization: o-a1b2c3d4e5
central:
  account: "111111111111"
  home_region: eu-west-1
  regions: [eu-west-1]
  administrators: [role/KeyAdministrator]
  break_glass: role/KeyBreakGlass
workloads:
  orders: {account: "222222222222", runs_on: lambda}
defaults: {workloads: [orders]}
tenants:
  acme: {}
  globex: {}
"""


pytestmark = pytest.mark.slow


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    for name in PARTS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name)  # with what Python has compiled
        else:
            shutil.copy(ROOT / name, folder / name)
    (folder / "tenants.yaml").write_text(MANIFEST)
    bring_up_to_date(folder / "tenants.yaml", reserved_sizes).write()
    git = ["git", "-C", str(folder), "-c", "user.name=x", "-c", "user.email=x@example.com"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "base"]):
        subprocess.run([*git, *arguments], check=True)
    return folder


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command of this checkout, on another one."""
    environment = os.environ | {"NO_COLOR": "1", "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    command = [sys.executable, "-c", "from tenant_keys.cli import main; main()", *arguments]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_tenant_more_passes_and_leaves_a_report(project: Path) -> None:
    edit(project / "tenants.yaml", "tenants:\n", "tenants:\n  hooli: {}\n")
    assert run(project, "lock").returncode == 0
    done = run(project, "check", "--base", "HEAD", "--report", "report")
    assert done.returncode == 0, done.stdout + done.stderr
    comment = (project / "report/comment.md").read_text()
    assert comment.startswith(
        "## tenant-keys: nothing widened\n\n- `tenants: + hooli, tenants.yaml:12`\n\n"
        "isolation is proved of the new templates\n"
    )
    assert "- key created for tenant hooli in eu-west-1\n" in comment
    assert "- the keys cost $3.00 a month instead of $2.00 a month; " in comment
    assert "### Failed" not in comment
    names = {"comment.md", "diff.json", "diff.sarif", "review.html", "review.md", "review.json", "cdk.out"}
    assert {path.name for path in (project / "report").iterdir()} == names
    review = json.loads((project / "report/review.json").read_text())
    assert review["safeguards"]
    assert review["findings"]["lint"] == []
    assert json.loads((project / "report/diff.sarif").read_text())["version"] == "2.1.0"
    assert json.loads((project / "report/diff.json").read_text())["only_adds_tenants"] is True


def test_a_lock_that_was_forgotten_ends_the_check_and_says_the_command(project: Path) -> None:
    edit(project / "tenants.yaml", "tenants:\n", "tenants:\n  hooli: {}\n")
    done = run(project, "check", "--base", "HEAD", "--report", "report", "--json")
    assert done.returncode == 2
    (step,) = json.loads(done.stdout)
    assert (step["check"], step["passed"]) == ("manifest and lock", False)
    assert step["said"] == ["tenants.yaml:12 tenants.hooli: not in tenants.lock yet; run tenant-keys lock"]
    comment = (project / "report/comment.md").read_text()
    assert comment.startswith("## tenant-keys: could not compare\n\n### Failed: manifest and lock\n")
    assert {path.name for path in (project / "report").iterdir()} == {"comment.md"}


@pytest.mark.exhaustive
def test_a_safeguard_dropped_from_the_code_needs_review_though_all_is_still_proved(project: Path) -> None:
    edit(project / "tenant_keys/policy/key_policy.py", '"DenyOtherContext"', '"Unused"')
    edit(
        project / "tenant_keys/policy/key_policy.py",
        "def key_policy(",
        "def key_policy(tenant, estate):  # type: ignore\n"
        "    document = _key_policy(tenant, estate)\n"
        "    kept = [one for one in document['Statement'] if one['Sid'] != 'Unused']\n"
        "    return {**document, 'Statement': kept}\n\n\n"
        "def _key_policy(",
    )
    done = run(project, "check", "--base", "HEAD", "--report", "report")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "passed  proof of isolation" in done.stdout
    comment = (project / "report/comment.md").read_text()
    assert comment.startswith("## tenant-keys: needs review\n\n- `code: tenant_keys/policy/key_policy.py`\n\n")
    assert "no Deny StringNotEquals kms:encryptioncontext:tenant\\_id as strict as DenyOtherContext was" in comment


def test_a_door_in_the_templates_is_blocked_by_the_synth_the_rules_and_the_proof(
    sample_assembly: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record of the synth's proof is of the templates as they were."""

    def open_a_door(template: dict[str, Any]) -> None:
        policy = template["Resources"]["Keyacme"]["Properties"]["KeyPolicy"]
        kept = [one for one in policy["Statement"] if one["Sid"] != "DenyReadByAnyoneElse"]
        door = {"Sid": "Door", "Effect": "Allow", "Principal": "*", "Action": "kms:ListGrants", "Resource": "*"}
        policy["Statement"] = [*kept, door]

    def with_a_door(_project: Path, output: Path, _manifest: Path) -> None:
        shutil.copytree(sample_assembly, output)
        edit_template(output, "tenant-keys-cell-eu-west-1-001", open_a_door)

    def not_asked(_assembly: Path) -> Iterator[str]:
        return iter(())

    monkeypatch.setattr(checks, "synthesize", with_a_door)
    monkeypatch.setattr(checks, "cfn_lint", not_asked)
    found = checks.Checks(ROOT, tmp_path, None, for_review=False, begin=lambda _name: None)
    assert [(step.name, step.passed) for step in found.run()] == [
        ("manifest and lock", True),
        ("synth, with cdk-nag and the proof as validations", False),
        ("rules on policies", False),
        ("cfn-lint", True),
        ("proof of isolation", False),
        ("quotas", True),
    ]
    assert found.proof is not None
    assert found.proof.verdict == "refuted"


@pytest.mark.exhaustive
def test_a_door_in_the_code_is_blocked_by_the_synth_the_rules_the_proof_and_the_diff(project: Path) -> None:
    edit(
        project / "tenant_keys/policy/key_policy.py",
        "def key_policy(",
        "def key_policy(tenant, estate):  # type: ignore\n"
        "    document = _key_policy(tenant, estate)\n"
        "    door = {'Sid': 'Door', 'Effect': 'Allow', 'Principal': '*', 'Action': 'kms:ListGrants', 'Resource': '*'}\n"
        "    kept = [one for one in document['Statement'] if 'DenyReadByAnyoneElse' != one['Sid']]\n"
        "    return {**document, 'Statement': [*kept, door]}\n\n\n"
        "def _key_policy(",
    )
    done = run(project, "check", "--base", "HEAD", "--report", "report")
    assert done.returncode == 2, done.stdout + done.stderr
    for name in ("synth, with cdk-nag and the proof as validations", "rules on policies", "proof of isolation"):
        assert f"failed  {name}" in done.stdout
    comment = (project / "report/comment.md").read_text()
    assert comment.startswith(
        "## tenant-keys: blocked\n\n- `code: tenant_keys/policy/key_policy.py`\n\n"
        "isolation is NOT proved of the new templates\n"
    )
    assert "Traceback" not in done.stdout + done.stderr + comment
    assert "may now ListGrants with the keys of 2 tenants" in comment
    assert (project / "report/review.md").read_text().startswith("# Review of tenants' keys: refuted\n")


def test_a_synth_whose_validations_did_not_run_fails(
    sample_assembly: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_validations(_project: Path, output: Path, _manifest: Path) -> None:
        shutil.copytree(sample_assembly, output)
        for name in ("validation-report.json", "tenant-keys-proof.json"):
            (output / name).unlink()

    monkeypatch.setattr(checks, "synthesize", without_validations)
    found = checks.Checks(ROOT, tmp_path, None, for_review=False, begin=lambda _name: None)
    lock, synth = islice(found.run(), 2)
    assert (lock.passed, synth.passed) == (True, False)
    fix = "app.py adds it with add_validations"
    assert synth.said == (
        "the validation AwsSolutions did not run: validation-report.json of the assembly does not name it; " + fix,
        "the validation tenant-keys-proof did not run: tenant-keys-proof.json is not of this assembly; " + fix,
    )


@pytest.mark.exhaustive
def test_a_validation_that_does_not_run_fails_the_check_and_the_app_that_left_it_out_is_reported(project: Path) -> None:
    added = "    Validations.of(app).add_plugins(AwsSolutionsChecks(app), proof)\n"
    edit(project / "stacks/tenant_stacks/validation.py", added, "")
    done = run(project, "check", "--base", "HEAD", "--report", "report")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "failed  synth, with cdk-nag and the proof as validations" in done.stdout
    assert "the validation AwsSolutions did not run: validation-report.json of the assembly does not" in done.stdout
    assert "the validation tenant-keys-proof did not run: tenant-keys-proof.json is not of this assembly" in done.stdout
    comment = (project / "report/comment.md").read_text()
    assert comment.startswith("## tenant-keys: needs review\n\n- `code: stacks/tenant_stacks/validation.py`\n\n")
    judges = "stacks/tenant\\_stacks/validation.py"
    assert f"- the change touches what judges it: {judges} — review these files before the verdict" in comment


def test_a_base_that_git_does_not_know_is_reported(project: Path) -> None:
    done = run(project, "check", "--base", "nowhere")
    assert done.returncode == 1
    assert "nowhere" in done.stderr
    assert "Traceback" not in done.stderr
