"""Keys whose use one Deny stops whole: of the suspended, and of those that are offboarded. Their other Denies stay."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tenant_keys.review.diff import Severity
from tests.review.diff.test_typical_changes import KEYS, MANIFEST, Version, changed, edited, sentences, version

STATES = MANIFEST.replace("  acme: {workloads: [orders]}", "  acme: {workloads: [orders], state: suspended}")
GONE = ("DenyUseByAnyoneElse", "DenyOtherAlias", "DenyOtherContext")
"""All that protect the use of acme's key, but for the next."""
ORGANIZATION = "DenyOutsideOrganization"
CONDITIONS = {
    "DenyUseByAnyoneElse": "ArnNotEquals aws:principalarn",
    "DenyOtherAlias": "StringNotEquals kms:requestalias",
    "DenyOtherContext": "StringNotEquals kms:encryptioncontext:tenant_id",
    "DenyOutsideOrganization": "StringNotEquals aws:principalorgid",
}
Statements = list[dict[str, Any]]


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Version:
    return version(tmp_path_factory.mktemp("suspended") / "estate", STATES)


def of_key(tenant: str, edit: Callable[[Statements], Statements]) -> Callable[[dict[str, Any]], None]:
    def apply(resources: dict[str, Any]) -> None:
        policy = resources[f"Key{tenant}"]["Properties"]["KeyPolicy"]
        policy["Statement"] = edit(policy["Statement"])

    return apply


def without(*sids: str) -> Callable[[Statements], Statements]:
    return lambda statements: [one for one in statements if one["Sid"] not in sids]


def assert_lost(reported: list[str], sid: str, still: str) -> None:
    """One sentence of the operations; the Deny of foreigners also stops grants, which all are denied."""
    gone = f"key policy in eu-west-1: no Deny {CONDITIONS[sid]} as strict as {sid} was"
    grants = [one for one in reported if one.startswith(f"{gone} (kms:CreateGrant); DenyToEveryone still denies it")]
    assert len(grants) == (sid == ORGANIZATION)
    [use] = [one for one in reported if one not in grants]
    assert use.startswith(f"{gone} (kms:De")
    assert use.endswith(f"); {still}")


@pytest.mark.parametrize("sid", CONDITIONS)
def test_a_deny_gone_under_the_deny_of_the_suspended_needs_a_review(before: Version, tmp_path: Path, sid: str) -> None:
    comparison = edited(before, tmp_path, KEYS, of_key("acme", without(sid)))
    assert (comparison.proved, comparison.verdict) == (True, "needs review")
    assert_lost(sentences(comparison, Severity.REVIEW), sid, "DenyUseWhileSuspended still denies it: tenant acme's key")


def test_of_all_denies_gone_under_the_deny_of_the_suspended_each_is_reported(before: Version, tmp_path: Path) -> None:
    comparison = edited(before, tmp_path, KEYS, of_key("acme", without(*GONE, ORGANIZATION)))
    lost = sentences(comparison, Severity.REVIEW)
    assert all(one.endswith("still denies it: tenant acme's key") for one in lost)
    assert all(any(f"as strict as {sid} was" in one for one in lost) for sid in (*GONE, ORGANIZATION))


@pytest.mark.parametrize("sid", ["DenyOtherAlias", "DenyOtherContext", "DenyOutsideOrganization"])
def test_a_deny_gone_under_the_deny_of_the_offboarded_needs_a_review(before: Version, tmp_path: Path, sid: str) -> None:
    comparison = edited(before, tmp_path, KEYS, of_key("initech", without(sid)))
    assert (comparison.proved, comparison.verdict) == (True, "needs review")
    assert_lost(
        sentences(comparison, Severity.REVIEW), sid, "DenyUseByAnyoneElse still denies it: tenant initech's key"
    )


def narrowed(statements: Statements) -> Statements:
    for one in statements:
        if one["Sid"] == "DenyOtherAlias":
            one["Action"] = ["kms:De?rypt" if name == "kms:Dec*" else name for name in one["Action"]]
    return statements


def test_a_pattern_narrowed_under_the_deny_of_the_suspended_needs_a_review(before: Version, tmp_path: Path) -> None:
    comparison = edited(before, tmp_path, KEYS, of_key("acme", narrowed))
    lost = sentences(comparison, Severity.REVIEW)
    assert any("as strict as DenyOtherAlias was (kms:Decapsulate, " in one for one in lost)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (", state: offboarding", "nothing widened"),
        ("", "needs review"),
        (", tags: {t: x}, state: suspended", "nothing widened"),
    ],
)
def test_a_tenant_leaves_its_suspension_as_ever(
    before: Version, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str, expected: str
) -> None:
    monkeypatch.setattr("tests.review.diff.test_typical_changes.MANIFEST", STATES)
    comparison = changed(before, tmp_path, ", state: suspended", state)
    assert (comparison.proved, comparison.verdict) == (True, expected)
    assert not any("still den" in change.what for change in comparison.changes)


def test_a_deny_of_the_suspended_that_loses_its_condition_denies_more(before: Version, tmp_path: Path) -> None:
    def stronger(statements: Statements) -> Statements:
        return [
            {k: v for k, v in one.items() if (one["Sid"], k) != ("DenyOtherAlias", "Condition")} for one in statements
        ]

    comparison = edited(before, tmp_path, KEYS, of_key("acme", stronger))
    assert comparison.verdict == "nothing widened"
    assert sentences(comparison, Severity.NOTE) == [
        "key policy in eu-west-1 is written differently and means the same: tenant acme's key"
    ]
