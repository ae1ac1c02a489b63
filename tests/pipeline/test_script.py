"""`scripts/pipeline.sh`: the order of its calls and their flags, typed by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Assembly = Callable[..., None]
SHIP = "--exclusively --require-approval never --concurrency 7 --no-notices"
PREPARE = f"{SHIP} --method prepare-change-set --change-set-name tenant-keys"
EXECUTE = (
    "--exclusively --require-approval never --no-notices --method execute-change-set --change-set-name tenant-keys"
)
CELL, COPY = "tenant-keys-cell-eu-west-1-001", "tenant-keys-replica-eu-central-1-of-eu-west-1-001"
ROLES, WORKLOAD = "tenant-keys-roles-001", "tenant-keys-workload-222222222222-eu-west-1"
STACKS = {
    COPY: "111111111111",
    ROLES: "111111111111",
    CELL: "111111111111",
    WORKLOAD: "222222222222",
}


FILES = "--ready FILE --canary FILE --verify FILE"


def planned(account: str, manifest: str = "") -> str:
    return f"tenant-keys plan cdk.out --account {account} --concurrency{manifest}"


def shipped(account: str, *stacks: str, manifest: str = "", lock: str = "") -> list[str]:
    """Change sets are prepared together, judged, and executed one after the other."""
    names = " ".join(stacks)
    return [
        f"cdk deploy --app cdk.out {PREPARE} {names}",
        f"tenant-keys gate {account} {names} --assembly cdk.out {FILES}{manifest}{lock}",
        *(f"cdk deploy --app cdk.out {EXECUTE} {stack}" for stack in stacks),
    ]


def test_the_key_account_is_deployed_replicas_last_after_their_ids_are_recorded(
    checkout: Any, assembly: Assembly
) -> None:
    assembly(**STACKS)
    done = checkout.run("scripts/pipeline.sh deploy 111111111111")
    assert done.returncode == 0, done.stderr
    assert checkout.calls == [
        planned("111111111111"),
        "tenant-keys preflight 111111111111 --assembly cdk.out --repair",
        *shipped("111111111111", CELL, ROLES),
        "tenant-keys lock --record",
        *shipped("111111111111", COPY),
        "tenant-keys deployed 111111111111 --assembly cdk.out --output deployed",
        "tenant-keys prove deployed",
    ]


def test_newly_recorded_ids_are_synthesized_and_proved_before_their_replicas_are_deployed(
    checkout: Any, assembly: Assembly
) -> None:
    assembly(**{CELL: "111111111111"})
    checkout.when("tenant-keys lock --record", "echo after > tenants.lock")
    # The second synth has the replicas.
    checkout.when(
        "cdk synth *",
        f'sed -i \'s/"{CELL}"/"{COPY}": {{"type": "aws:cloudformation:stack", '
        '"environment": "aws:\\/\\/111111111111\\/eu-central-1", "properties": {"templateFile": "x.json"}}, &/\' '
        "cdk.out/manifest.json",
    )
    done = checkout.run("scripts/pipeline.sh deploy 111111111111")
    assert done.returncode == 0, done.stderr
    assert checkout.calls == [
        planned("111111111111"),
        "tenant-keys preflight 111111111111 --assembly cdk.out --repair",
        *shipped("111111111111", CELL),
        "tenant-keys lock --record",
        "tenant-keys lock --check",
        "cdk synth --quiet --no-notices --output cdk.out",
        "tenant-keys prove cdk.out",
        *shipped("111111111111", COPY),
        "tenant-keys deployed 111111111111 --assembly cdk.out --output deployed",
        "tenant-keys prove deployed",
    ]


@pytest.mark.parametrize(
    "staged", ["git add tenants.lock", "git -c user.name=x -c user.email=x@example.com commit -qam x"]
)
def test_ids_are_synthesized_whatever_git_knows_of_the_lock(checkout: Any, assembly: Assembly, staged: str) -> None:
    assembly(**STACKS)
    checkout.when("tenant-keys lock --record", f"echo after > tenants.lock; {staged}")
    done = checkout.run("scripts/pipeline.sh deploy 111111111111")
    assert done.returncode == 0, done.stderr
    assert "cdk synth --quiet --no-notices --output cdk.out" in checkout.calls


@pytest.mark.parametrize("number", ["0", "abc", "-1", "07", "2x"])
def test_a_concurrency_that_is_no_number_from_1_stops_before_anything_else(
    checkout: Any, assembly: Assembly, number: str
) -> None:
    assembly(**STACKS)
    done = checkout.run(f"CONCURRENCY={number} scripts/pipeline.sh deploy 111111111111")
    assert done.returncode == 1
    assert f"CONCURRENCY: got '{number}'; allowed is a whole number from 1" in done.stderr
    assert not [call for call in checkout.calls if not call.startswith("tenant-keys stacks")]


def test_a_workload_account_gets_its_own_stacks_and_records_nothing(checkout: Any, assembly: Assembly) -> None:
    assembly(**STACKS)
    assert checkout.run("scripts/pipeline.sh deploy 222222222222").returncode == 0
    assert checkout.calls == [
        planned("222222222222"),
        "tenant-keys preflight 222222222222 --assembly cdk.out --repair",
        *shipped("222222222222", WORKLOAD),
        "tenant-keys deployed 222222222222 --assembly cdk.out --output deployed",
        "tenant-keys prove deployed",
    ]


def test_an_account_without_stacks_deploys_nothing_and_fails(checkout: Any, assembly: Assembly) -> None:
    assembly(**STACKS)
    done = checkout.run("scripts/pipeline.sh deploy 999999999999")
    assert (done.returncode, checkout.calls) == (1, [])
    assert "no stack of account 999999999999" in done.stderr


def test_a_proof_that_fails_stops_the_plan(checkout: Any, assembly: Assembly) -> None:
    assembly(**STACKS)
    checkout.when("tenant-keys prove *", "echo REFUTED; exit 2")
    done = checkout.run("scripts/pipeline.sh plan")
    assert done.returncode == 2
    assert "accounts=" not in done.stdout


@pytest.mark.parametrize(
    "call",
    [
        "tenant-keys plan *",
        "tenant-keys preflight *",
        "cdk deploy *",
        "tenant-keys lock --record",
        "tenant-keys deployed *",
    ],
)
def test_a_failure_stops_the_deployment_there(checkout: Any, assembly: Assembly, call: str) -> None:
    assembly(**STACKS)
    checkout.when(call, "exit 1")
    assert checkout.run("scripts/pipeline.sh deploy 111111111111").returncode == 1
    assert checkout.calls[-1].startswith(call.rstrip("*"))


def test_a_difference_is_proved_too_and_fails_the_job_though_all_is_proved(checkout: Any, assembly: Assembly) -> None:
    assembly(**STACKS)
    checkout.when("tenant-keys deployed *", "exit 2")
    assert checkout.run("scripts/pipeline.sh deploy 222222222222").returncode == 2
    assert checkout.calls[-1] == "tenant-keys prove deployed"


def test_a_proof_that_fails_after_the_deployment_fails_the_job(checkout: Any, assembly: Assembly) -> None:
    assembly(**STACKS)
    checkout.when("tenant-keys prove *", "exit 2")
    assert checkout.run("scripts/pipeline.sh deploy 222222222222").returncode == 2


@pytest.mark.parametrize("code", [0, 2])
def test_what_needs_review_blocks_with_a_report_that_the_run_shows(checkout: Any, code: int) -> None:
    checkout.when("tenant-keys check *", f"echo text > report/comment.md; exit {code}")
    summary = checkout.folder / "summary.md"
    assert checkout.run("scripts/pipeline.sh check", GITHUB_STEP_SUMMARY=str(summary)).returncode == code
    assert summary.read_text() == "text\n"


def test_what_could_not_run_blocks_without_a_report(checkout: Any) -> None:
    checkout.when("tenant-keys check *", "exit 1")
    summary = checkout.folder / "summary.md"
    assert checkout.run("scripts/pipeline.sh check", GITHUB_STEP_SUMMARY=str(summary)).returncode == 1
    assert not summary.exists()


def test_concurrency_base_and_folders_are_settings(checkout: Any, assembly: Assembly) -> None:
    assembly(**STACKS)
    checkout.run("CONCURRENCY=2 scripts/pipeline.sh deploy 222222222222")
    assert "--concurrency 2 " in checkout.calls[1]
    checkout.when("tenant-keys check *", "echo text > out/comment.md")
    checkout.run("BASE=origin/release REPORT=out scripts/pipeline.sh check")
    assert "tenant-keys check --base origin/release --report out" in checkout.calls


def test_without_a_subcommand_it_says_how_it_is_used(checkout: Any) -> None:
    done = checkout.run("scripts/pipeline.sh")
    assert done.returncode == 1
    assert "pipeline.sh deploy ACCOUNT" in done.stderr


def test_a_change_set_that_the_gate_refuses_stops_the_deployment_before_anything_is_executed(
    checkout: Any, assembly: Assembly
) -> None:
    assembly(**STACKS)
    assert checkout.run("scripts/pipeline.sh deploy 111111111111", GATE="refuses").returncode == 2
    assert checkout.calls[-1].startswith("tenant-keys gate 111111111111")


def test_the_hook_is_deployed_before_the_stacks_that_it_judges(checkout: Any, assembly: Assembly) -> None:
    hook = "tenant-keys-hook-eu-west-1"
    assembly(**{CELL: "111111111111", hook: "111111111111"})
    assert checkout.run("scripts/pipeline.sh deploy 111111111111").returncode == 0
    assert checkout.calls[2:8] == [*shipped("111111111111", hook), *shipped("111111111111", CELL)]


def executed(stack: str) -> str:
    return f"cdk deploy --app cdk.out {EXECUTE} {stack}"


VERIFIED = f"tenant-keys verify --stack {CELL} --assembly cdk.out --record FILE"


def test_a_canary_is_executed_and_verified_before_the_other_stacks(checkout: Any, assembly: Assembly) -> None:
    assembly(**{ROLES: "111111111111", CELL: "111111111111"})
    done = checkout.run("READER=role/Pipeline scripts/pipeline.sh deploy 111111111111", FIRST=CELL)
    assert done.returncode == 0, done.stderr
    assert checkout.calls[3].endswith("--verify FILE --role role/Pipeline")
    assert checkout.calls[4:7] == [executed(CELL), f"{VERIFIED} --role role/Pipeline", executed(ROLES)]


def test_a_canary_that_does_not_verify_stops_the_deployment_and_names_the_remedy(
    checkout: Any, assembly: Assembly
) -> None:
    assembly(**STACKS)
    checkout.when("tenant-keys verify *", "exit 2")
    done = checkout.run("scripts/pipeline.sh deploy 111111111111", FIRST=CELL)
    assert (done.returncode, checkout.calls[-1]) == (2, VERIFIED)
    assert f"stopped: {CELL} did not verify, and the other stacks are not deployed" in done.stderr
    assert "Revert the change and run plan and deploy again" in done.stderr


def test_an_emergency_goes_without_a_canary(checkout: Any, assembly: Assembly) -> None:
    assembly(**{CELL: "111111111111"})
    assert checkout.run("CANARY=no scripts/pipeline.sh deploy 111111111111").returncode == 0
    assert f"tenant-keys gate 111111111111 {CELL} --assembly cdk.out --ready FILE" in checkout.calls
    assert checkout.calls[4] == executed(CELL)


def test_every_step_takes_the_manifest_of_the_estate(checkout: Any, assembly: Assembly) -> None:
    assembly(**STACKS)
    (checkout.folder / "estates").mkdir()
    estate = "estates/prod"
    (checkout.folder / f"{estate}.lock").write_text("before\n")
    assert checkout.run("git add . && git -c user.name=x -c user.email=x@example.com commit -qm x").returncode == 0
    for command in ("plan", "deploy 111111111111"):
        done = checkout.run(f"MANIFEST={estate}.yaml scripts/pipeline.sh {command}")
        assert done.returncode == 0, done.stderr
    checkout.when("tenant-keys check *", "echo text > report/comment.md")
    assert checkout.run(f"MANIFEST={estate}.yaml scripts/pipeline.sh check").returncode == 0
    assert checkout.calls == [
        f"tenant-keys lock --check --manifest {estate}.yaml",
        f"cdk synth --quiet --no-notices --output cdk.out --context manifest={estate}.yaml",
        f"tenant-keys prove cdk.out --manifest {estate}.yaml",
        planned("111111111111", f" --manifest {estate}.yaml"),
        f"tenant-keys preflight 111111111111 --assembly cdk.out --repair --lock {estate}.lock",
        *shipped("111111111111", CELL, ROLES, manifest=f" --manifest {estate}.yaml", lock=f" --lock {estate}.lock"),
        f"tenant-keys lock --record --manifest {estate}.yaml",
        *shipped("111111111111", COPY, manifest=f" --manifest {estate}.yaml", lock=f" --lock {estate}.lock"),
        "tenant-keys deployed 111111111111 --assembly cdk.out --output deployed",
        f"tenant-keys prove deployed --manifest {estate}.yaml",
        f"tenant-keys check --base origin/main --report report --manifest {estate}.yaml",
    ]
