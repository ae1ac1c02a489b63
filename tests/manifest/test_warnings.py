"""Choices that are accepted, and what each of them means."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenant_keys.manifest import load_manifest, parse_manifest
from tenant_keys.manifest.warnings import warnings
from tests.command import tenant_keys
from tests.manifest.test_bad_files import SECTIONS, cases
from tests.policy.estates import manifest as small

TWO_KEY_ACCOUNTS = """
central:
  - {name: eu, account: "111111111111", home_region: eu-west-1, regions: [eu-west-1],
     administrators: [role/KeyAdministrator], break_glass: role/KeyBreakGlass}
  - {name: us, account: "333333333333", home_region: us-east-1, regions: [us-east-1],
     administrators: [role/KeyAdministrator], break_glass: role/KeyBreakGlass}
workloads:
  orders: {account: "222222222222", runs_on: lambda, key_account: eu}
  shop: {account: "444444444444", runs_on: lambda, key_account: us}
tenants:
  acme: {key_account: eu}
  globex: {key_account: us}
"""
WARNED = cases("warned_manifests.yaml")


@pytest.mark.parametrize("name", WARNED)
def test_a_choice_that_widens_who_is_trusted_is_accepted_and_reported(name: str, tmp_path: Path) -> None:
    case = dict(WARNED[name])
    reported = case.pop("says")
    path = tmp_path / "tenants.yaml"
    path.write_text("".join({**SECTIONS, **case}.values()), encoding="utf-8")
    done = tenant_keys("validate", "--manifest", str(path))
    assert (done.exit_code, done.stderr) == (0, f"warning: {reported}\n")


@pytest.mark.parametrize("name", ["sample", "everything"])
def test_an_older_estate_is_warned_of_nothing_but_alarms_that_it_could_have(name: str) -> None:
    manifest = load_manifest(Path(__file__).parents[1] / f"golden/0.1.0/{name}/tenants.yaml")
    assert {one.path[-1] for one in warnings(manifest)} == {"import_role"}


def test_an_estate_without_such_a_choice_has_no_warning() -> None:
    assert warnings(load_manifest(Path(__file__).parents[2] / "tenants.yaml")) == []


def test_more_accounts_than_a_bus_policy_takes_are_reported_unless_a_stack_set_forwards() -> None:
    def reported(accounts: int, audit: str = "") -> list[str]:
        workloads = [f"  w{one}: {{account: '{one:012}', runs_on: lambda}}" for one in range(2, 2 + accounts)]
        text = audit + small("\n".join(workloads), "  acme: {workloads: [w2]}")
        return [one.message for one in warnings(parse_manifest(text))]

    assert reported(26) == []
    (problem,) = reported(27)
    assert problem.startswith("27 accounts report to eu-west-1: about 10,611 characters of bus policy")
    assert reported(120, "audit: {forward_from: [ou-ab12-cdef3456]}\n") == []


@pytest.mark.parametrize(
    ("in_london", "said"),
    [
        (1, []),
        (26, []),
        (27, ["27 accounts report to eu-west-2: about 10,611 characters of bus policy, and EventBridge's quota is "]),
    ],
)
def test_an_account_reports_to_the_buses_of_its_workloads_regions_alone(in_london: int, said: list[str]) -> None:
    def workload(account: int, region: str) -> str:
        return f"  w{account}: {{account: '{account:012}', runs_on: lambda, regions: [{region}]}}"

    in_ireland = [workload(account, "eu-west-1") for account in range(2, 28)]
    elsewhere = [workload(account, "eu-west-2") for account in range(28, 28 + in_london)]
    text = small("\n".join(in_ireland + elsewhere), "  acme: {workloads: [w2]}", regions="eu-west-1, eu-west-2")
    reported = [one.message for one in warnings(parse_manifest(text))]
    assert [message.partition("10,240")[0] for message in reported] == said


def test_a_tenant_that_no_workload_serves_is_reported_unless_its_manifest_says_so() -> None:
    def reported(tenants: str, defaults: str = "") -> list[tuple[object, ...]]:
        text = defaults + small("  orders: {account: '222222222222', runs_on: lambda}", tenants)
        return [(one.path, one.message.partition(":")[0]) for one in warnings(parse_manifest(text))]

    assert reported("  acme: {}") == [(("tenants", "acme"), "no workload may use its key")]
    several = reported("  globex: {}\n  acme: {state: suspended}\n  initech: {workloads: [orders]}")
    assert several == [(("tenants", "acme"), "no workload may use its key (of 2 tenants in the same position)")]
    assert reported("  acme: {workloads: []}") == reported("  acme: {workloads: [orders]}") == []
    assert reported("  acme: {state: offboarded}") == []
    assert reported("  acme: {}", "defaults: {workloads: [orders]}\n") == []


def test_a_default_workload_of_another_key_account_serves_no_tenant_of_this_one(tmp_path: Path) -> None:
    path = tmp_path / "tenants.yaml"
    text = f"defaults: {{workloads: [shop]}}\n{TWO_KEY_ACCOUNTS}"
    path.write_text(text, encoding="utf-8")
    done = tenant_keys("validate", "--manifest", str(path))
    assert done.exit_code == 0
    (reported,) = done.stderr.splitlines()
    assert "tenants.acme" in reported
    assert "no workload may use its key" in reported
    path.write_text(text.replace("[shop]", "[shop, orders]"), encoding="utf-8")
    assert tenant_keys("validate", "--manifest", str(path)).stderr == ""
