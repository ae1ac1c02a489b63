"""`tenant-keys cost` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.command import tenant_keys

SAMPLE = Path(__file__).parents[2] / "tenants.yaml"


def test_the_sample_fits_one_screen_with_every_part() -> None:
    result = tenant_keys("cost", "--manifest", str(SAMPLE))
    assert result.exit_code == 0
    assert len(result.output.splitlines()) <= 40
    assert max(map(len, result.output.splitlines())) <= 80
    for part in ("one shared key", "with the client's cache", "IAM roles", "A first deployment", "not documented"):
        assert part in result.output
    assert "…" not in result.output


def test_a_quota_that_breaks_is_exit_code_two_and_names_the_way_out() -> None:
    result = tenant_keys("cost", "--manifest", str(SAMPLE), "--tenants", "10000")
    assert result.exit_code == 2
    assert "exceeded: IAM roles in key account; raise to 10,000, or access: session-tag" in result.output
    assert "…" not in result.output


def test_json_carries_the_same_figures() -> None:
    result = tenant_keys("cost", "--manifest", str(SAMPLE), "--messages-per-second", "2", "--per-tenant", "--json")
    document = json.loads(result.output)
    assert document["tenants"] == 6
    assert document["load"] == {"messages_per_second": 8.0, "processes": 1}
    assert document["months"][2] == {"low": 13.0, "high": 15.0}
    roles = next(use for use in document["quotas"] if use["quota"] == "IAM roles")
    assert (roles["used"], roles["left"], document["exceeded"]) == (17, 983, [])


def test_a_missing_manifest_is_exit_code_one_and_says_so(tmp_path: Path) -> None:
    result = tenant_keys("cost", "--manifest", str(tmp_path / "none.yaml"))
    assert result.exit_code == 1
    assert "give the path of the manifest" in result.output
