"""Findings alike are shown as one, with a count."""

from __future__ import annotations

from pathlib import Path

from tenant_keys.review.proof import Finding, Kind
from tenant_keys.review.proof.alike import folded
from tenant_keys.review.proof.record import recorded_verdict, write_record


def finding(tenant: str, action: str = "kms:Decrypt", sid: str = "Open", kind: Kind = Kind.OTHER_TENANT) -> Finding:
    by = (f"key policy of {tenant} in eu-west-1: {sid}",)
    return Finding(kind, f"{tenant} is open", "close it", tenant, {"action": action}, by)


def test_one_statement_that_opens_every_key_is_one_finding() -> None:
    first, *rest = several = [finding(tenant) for tenant in ("acme", "globex", "initech")]
    assert folded(several) == [(first, len(rest))]


def test_another_action_statement_or_kind_stands_alone() -> None:
    several = [
        finding("acme"),
        finding("acme", action="kms:Encrypt"),
        finding("acme", sid="Other"),
        finding("acme", kind=Kind.OUTSIDER),
        Finding(Kind.NOT_PROVED, "not understood", "rewrite it"),
        Finding(Kind.NOT_PROVED, "not understood either", "rewrite it"),
    ]
    assert folded(several) == [(one, 0) for one in several]


def test_a_record_of_another_assembly_is_none(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{}")
    assert recorded_verdict(tmp_path) is None
    write_record(tmp_path, "proved")
    assert recorded_verdict(tmp_path) == "proved"
    (tmp_path / "manifest.json").write_text("{} ")
    assert recorded_verdict(tmp_path) is None
