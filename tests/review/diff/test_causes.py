"""Edits of a manifest in words, each with the line that shows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenant_keys.review.diff.causes import manifest_edits

BEFORE = """\
organization: o-a1b2c3d4e5
central:
  account: "111111111111"
  administrators: [role/A, role/B]
  readers: []
workloads:
  orders: {account: "222222222222", runs_on: lambda}
tenants:
  acme: {workloads: [orders]}
  globex: {}
"""


@pytest.mark.parametrize(
    ("old", "new", "reported"),
    [
        ("[role/A, role/B]", "[role/A, role/X, role/B]", ["administrators: + role/X, tenants.yaml:4"]),
        ("[role/A, role/B]", "[role/A]", ["administrators: - role/B, tenants.yaml:4"]),
        ("[role/A, role/B]", "[role/X]", ["administrators: + role/X - role/A - role/B, tenants.yaml:4"]),
        ("[role/A, role/B]", "[role/B, role/A]", ["administrators: another order, tenants.yaml:4"]),
        ("lambda}", "ecs}", ["workloads.orders.runs_on: lambda becomes ecs, tenants.yaml:7"]),
        ("  globex: {}\n", "", ["tenants: - globex, tenants.yaml:8"]),
        ("  globex: {}\n", "  globex: {}\n  hooli: {}\n", ["tenants: + hooli, tenants.yaml:11"]),
        ("globex: {}", "globex: {state: suspended}", ["tenants.globex: + state: suspended, tenants.yaml:10"]),
        ("organization: o-a1b2c3d4e5\n", "", ["manifest: - organization, tenants.yaml:1"]),
        ('"111111111111"', '"111111111111"  # said', []),
        ("orders]}", "orders], decrypt_by: key}", ["tenants.acme: + decrypt_by: key, tenants.yaml:9"]),
    ],
)
def test_each_edit_is_reported_with_its_line(tmp_path: Path, old: str, new: str, reported: list[str]) -> None:
    assert old in BEFORE
    before, after = tmp_path / "before.yaml", tmp_path / "tenants.yaml"
    before.write_text(BEFORE)
    after.write_text(BEFORE.replace(old, new))
    assert list(manifest_edits(before, after)) == reported
