"""Choices that are accepted, and what each of them means."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenant_keys.manifest import load_manifest, parse_manifest
from tenant_keys.manifest.warnings import warnings
from tests.command import tenant_keys
from tests.manifest.test_bad_files import SECTIONS, cases
from tests.policy.estates import manifest as small

WARNED = cases("warned_manifests.yaml")


@pytest.mark.parametrize("name", WARNED)
def test_a_choice_that_widens_who_is_trusted_is_accepted_and_told(name: str, tmp_path: Path) -> None:
    case = dict(WARNED[name])
    told = case.pop("says")
    path = tmp_path / "tenants.yaml"
    path.write_text("".join({**SECTIONS, **case}.values()), encoding="utf-8")
    done = tenant_keys("validate", "--manifest", str(path))
    assert (done.exit_code, done.stderr) == (0, f"warning: {told}\n")


@pytest.mark.parametrize("name", ["sample", "everything"])
def test_an_older_estate_is_warned_of_nothing_but_alarms_that_it_could_have(name: str) -> None:
    manifest = load_manifest(Path(__file__).parents[1] / f"golden/0.1.0/{name}/tenants.yaml")
    assert {one.path[-1] for one in warnings(manifest)} == {"import_role"}


def test_an_estate_without_such_a_choice_has_no_warning() -> None:
    assert warnings(load_manifest(Path(__file__).parents[2] / "tenants.yaml")) == []


def test_more_accounts_than_a_bus_policy_takes_are_told_unless_a_stack_set_forwards() -> None:
    def told(accounts: int, audit: str = "") -> list[str]:
        workloads = [f"  w{one}: {{account: '{one:012}', runs_on: lambda}}" for one in range(2, 2 + accounts)]
        text = audit + small("\n".join(workloads), "  acme: {workloads: [w2]}")
        return [one.message for one in warnings(parse_manifest(text))]

    assert told(26) == []
    (problem,) = told(27)
    assert problem.startswith("27 accounts report to eu-west-1: about 10,611 characters of bus policy")
    assert told(120, "audit: {forward_from: [ou-ab12-cdef3456]}\n") == []
