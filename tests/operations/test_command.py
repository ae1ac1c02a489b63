"""`tenant-keys tenant` as a user runs it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.command import Done, tenant_keys

Run = Callable[..., Any]


@pytest.fixture
def run(manifest: Path) -> Run:
    def invoke(*arguments: str) -> Done:
        return tenant_keys("tenant", *arguments, "--manifest", str(manifest))

    return invoke


def contents(manifest: Path) -> tuple[bytes, bytes]:
    return manifest.read_bytes(), manifest.with_suffix(".lock").read_bytes()


def test_a_dry_run_shows_the_diff_and_the_effect_and_writes_nothing(run: Run, manifest: Path) -> None:
    before = contents(manifest)
    result = run("suspend", "acme", "--dry-run")
    assert result.exit_code == 0
    assert "+    state: suspended" in result.output
    assert "would be: disables the key of acme" in result.output
    assert contents(manifest) == before


def test_adding_writes_manifest_and_lock(run: Run, manifest: Path) -> None:
    result = run("add", "hooli", "--workload", "billing", "--rotation-days", "off", "--tag", "plan=gold")
    assert result.exit_code == 0, result.output
    assert '  hooli: {workloads: [billing], rotation_days: "off", tags: {plan: gold}}\n' in manifest.read_text()
    assert '"tenant": "hooli"' in manifest.with_suffix(".lock").read_text()
    assert "written: tenants.yaml, tenants.lock" in result.output
    assert run("show", "hooli").exit_code == 0


def test_offboarding_without_yes_shows_and_writes_nothing(run: Run, manifest: Path) -> None:
    before = contents(manifest)
    result = run("offboard", "wonka")
    assert result.exit_code == 2
    assert "confirm with --yes" in result.output
    assert contents(manifest) == before


def test_offboarding_twice_asks_aws_and_does_not_skip_the_deployment_between(
    run: Run, manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("offboard", "wonka", "--yes").exit_code == 0
    before = contents(manifest)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in [name for name in os.environ if name.startswith("AWS_") and name != "AWS_EC2_METADATA_DISABLED"]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    again = run("offboard", "wonka", "--yes")
    assert (again.exit_code, "use credentials of the key account" in again.output) == (1, True), again.output
    assert contents(manifest) == before
    last = run("offboard", "wonka", "--final", "--yes")
    assert last.exit_code == 0
    assert "as arn:aws:iam::111111111111:role/BreakGlass, 30 days after the last use" in last.output
    gone = run("show", "wonka")
    assert (gone.exit_code, "offboarded; the id stays reserved for ever" in gone.output) == (0, True)


def test_an_error_says_where_and_the_way_out_as_text_and_as_json(run: Run) -> None:
    assert "no tenant globx; did you mean globex?" in run("suspend", "globx").output
    failed = run("suspend", "globx", "--json")
    assert failed.exit_code == 1
    assert json.loads(failed.output) == {"error": "tenants.yaml tenants: no tenant globx; did you mean globex?"}


def test_show_says_key_roles_and_stacks(run: Run) -> None:
    shown = json.loads(run("show", "acme", "--json").output)
    assert shown["aliases"] == ["arn:aws:kms:eu-west-1:111111111111:alias/tenant-acme"]
    assert shown["stacks"] == ["tenant-keys-cell-eu-west-1-001"]
    assert shown["rotation"] == "every 365 days"
    assert shown["users"] == [
        {
            "workload": "billing",
            "may": ["decrypt"],
            "role": "arn:aws:iam::111111111111:role/tenant-keys/billing/shared.billing",
            "assumed_by": "arn:aws:iam::333333333333:role/tenant-keys-billing",
            "chosen_by": "session tag tenant_id=acme",
            "stack": "tenant-keys-shared-access",
        },
        {
            "workload": "orders",
            "may": ["decrypt", "encrypt"],
            "role": "arn:aws:iam::111111111111:role/tenant-keys/orders/tenant-acme.orders",
            "assumed_by": "arn:aws:iam::222222222222:role/tenant-keys-orders",
            "chosen_by": "which role is assumed",
            "stack": "tenant-keys-roles-001",
        },
    ]


def test_the_stacks_shown_are_stacks_of_the_app(
    sample_templates: dict[str, dict[str, Any]],
) -> None:
    sample = str(Path(__file__).parents[2] / "tenants.yaml")
    shown = json.loads(tenant_keys("tenant", "show", "acme", "--manifest", sample, "--json").output)
    assert {*shown["stacks"], *(user["stack"] for user in shown["users"])} <= sample_templates.keys()


def test_list_filters_by_state_and_workload_and_keeps_to_its_limit(run: Run) -> None:
    assert [row["id"] for row in json.loads(run("list", "--json").output)] == [
        "acme",
        "globex",
        "initech",
        "umbrella",
        "wonka",
    ]
    assert [row["id"] for row in json.loads(run("list", "--state", "suspended", "--json").output)] == ["initech"]
    assert [row["id"] for row in json.loads(run("list", "--workload", "billing", "--json").output)] == [
        "acme",
        "initech",
    ]
    limited = run("list", "--limit", "2")
    assert "2 of 5 tenants; --limit 0 shows all" in limited.output
    assert "initech" not in limited.output
    assert run("list", "--workload", "order").exit_code == 1
