"""Changes of templates, each decided by what it does: what stops or allows less is reported, equal meaning is not.

Decided by IAM's and CloudFormation's documents before the comparison was asked.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tenant_keys.manifest import Estate, load_estate
from tenant_keys.review.diff import Change, Severity
from tenant_keys.review.diff.keys import key_changes
from tenant_keys.review.diff.safeguards import safeguard_changes
from tenant_keys.review.diff.settings import setting_changes, stack_changes
from tenant_keys.review.proof.reviewed import ReviewedEstate, review_estate
from tests.review.diff.edits_of_the_same_meaning import SAME, SAME_SETTINGS
from tests.review.diff.effects import (
    CONTROL,
    PLACE,
    ROLES,
    Edit,
    added,
    properties,
    resource,
    synthesize,
    together,
)
from tests.review.diff.reviewed_edits import BLOCKED, NOTES, REVIEW
from tools.cloud_assembly import edit_json, rename_assets


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthesize(tmp_path_factory.mktemp("effects"))


@pytest.fixture(scope="module")
def estate(folder: Path) -> Estate:
    return load_estate(folder / "tenants.yaml")


@pytest.fixture(scope="module")
def before(folder: Path, estate: Estate) -> ReviewedEstate:
    return review_estate(folder / "cdk.out", estate)


PYTHON = re.compile(r"\b(None|True|False|NoneType|dict|frozenset)\b|<class|\['|\{'")
"""Words of Python, and how it writes lists and objects of texts, in a message."""


def changes_between(before: ReviewedEstate, folder: Path, tmp_path: Path, edit: Edit) -> list[Change]:
    copied = tmp_path / "cdk.out"
    shutil.copytree(folder / "cdk.out", copied)
    edit(copied)
    rename_assets(copied)
    after = review_estate(copied, before.estate)
    changes = [
        *key_changes(before, after, leaving=frozenset()),
        *safeguard_changes(before, after),
        *setting_changes(before, after),
        *stack_changes(before.artifacts, after.artifacts),
    ]
    for change in changes:
        assert not PYTHON.search(f"{change.what}; {change.fix or ''}"), change.what
    return changes


@pytest.mark.parametrize("name", REVIEW)
def test_what_stops_less_or_allows_more_needs_a_review(
    before: ReviewedEstate, folder: Path, tmp_path: Path, name: str
) -> None:
    edit, words = REVIEW[name]
    changes = changes_between(before, folder, tmp_path, edit)
    reported = [one.what for one in changes if one.severity is Severity.REVIEW]
    assert any(all(word in what for word in words.split("|")) for what in reported), reported


@pytest.mark.parametrize("name", BLOCKED)
def test_what_loses_a_key_is_blocked(before: ReviewedEstate, folder: Path, tmp_path: Path, name: str) -> None:
    edit, words = BLOCKED[name]
    changes = changes_between(before, folder, tmp_path, edit)
    assert any(one.severity is Severity.BLOCKED and words in one.what for one in changes), changes


@pytest.mark.parametrize("name", SAME)
def test_the_same_meaning_written_differently_is_reported_in_one_line(
    before: ReviewedEstate, folder: Path, tmp_path: Path, name: str
) -> None:
    (reported,) = changes_between(before, folder, tmp_path, SAME[name])
    assert reported.severity is Severity.NOTE
    assert "is written differently and means the same: tenant acme's key" in reported.what


@pytest.mark.parametrize("name", SAME_SETTINGS)
def test_a_default_that_is_spelt_out_changes_nothing(
    before: ReviewedEstate, folder: Path, tmp_path: Path, name: str
) -> None:
    assert changes_between(before, folder, tmp_path, SAME_SETTINGS[name]) == []


@pytest.mark.parametrize("name", NOTES)
def test_what_takes_power_away_is_a_note(before: ReviewedEstate, folder: Path, tmp_path: Path, name: str) -> None:
    edit, words = NOTES[name]
    (reported,) = changes_between(before, folder, tmp_path, edit)
    assert (reported.severity, words in reported.what) == (Severity.NOTE, True), reported


def test_a_boundary_a_session_policy_or_a_control_policy_that_goes_needs_a_review(
    folder: Path, estate: Estate, tmp_path: Path
) -> None:
    """Compared the other way round: they are in the old templates, and not in the new ones."""
    restricted = tmp_path / "restricted"
    shutil.copytree(folder / "cdk.out", restricted)
    together(
        properties(ROLES, "RoleacmeFororders", PermissionsBoundary="arn:aws:iam::111111111111:policy/b"),
        properties(PLACE, "PodIdentitymails", Policy='{"Version": "2012-10-17", "Statement": []}'),
        added(ROLES, "Control", CONTROL),
    )(restricted)
    rename_assets(restricted)
    changes = changes_between(review_estate(restricted, estate), folder, tmp_path, lambda _: None)
    assert {one.severity for one in changes} == {Severity.REVIEW}
    reported = "\n".join(one.what for one in changes)
    assert "PermissionsBoundary of role tenant-acme.orders of account 111111111111" in reported
    assert "Policy of pod identity association PodIdentitymails in eu-west-1" in reported
    assert "policy of the organization Guard in eu-west-1 is removed" in reported


def test_the_same_setting_of_many_roles_is_one_change_with_a_count(
    before: ReviewedEstate, folder: Path, tmp_path: Path
) -> None:
    (reported,) = changes_between(
        before,
        folder,
        tmp_path,
        together(
            *(
                properties(ROLES, name, MaxSessionDuration=7200)
                for name in ("RoleacmeFororders", "RoleacmeFormails", "RoleglobexFororders")
            )
        ),
    )
    assert reported.count == 3
    assert reported.what.endswith(": 3600 becomes 7200; alike for 2 more")


AUDIT, AUDIT_KEY = "tenant-keys-audit-eu-west-1", "AuditKey"


def of_the_audit_key(edit: Callable[[dict[str, Any]], object]) -> Edit:
    return resource(AUDIT, AUDIT_KEY, edit)


AUDIT_EDITS: dict[str, tuple[Edit, str]] = {
    "its description": (
        of_the_audit_key(lambda one: one["Properties"].update(Description="x")),
        f"Description of the key {AUDIT} AuditKey in eu-west-1 changes",
    ),
    "its rotation": (
        of_the_audit_key(lambda one: one["Properties"].update(EnableKeyRotation=False)),
        f"automatic rotation of the key {AUDIT} AuditKey in eu-west-1 is switched off",
    ),
    "its rotation by a number": (
        of_the_audit_key(lambda one: one["Properties"].update(EnableKeyRotation=1)),
        f"EnableKeyRotation of the key {AUDIT} AuditKey in eu-west-1: true becomes 1",
    ),
    "its state by a number": (
        of_the_audit_key(lambda one: one["Properties"].update(Enabled=1)),
        f"Enabled of the key {AUDIT} AuditKey in eu-west-1: true becomes 1",
    ),
    "its kind": (
        of_the_audit_key(lambda one: one["Properties"].update(KeySpec="RSA_4096")),
        f"KeySpec of the key {AUDIT} AuditKey in eu-west-1 changes from SYMMETRIC_DEFAULT to RSA_4096",
    ),
    "an object where text is": (
        of_the_audit_key(lambda one: one["Properties"].update(New={"a": ["b", None]})),
        f'New of the key {AUDIT} AuditKey in eu-west-1: none becomes {{"a": ["b", null]}}',
    ),
    "no longer retained": (
        of_the_audit_key(lambda one: one.update(DeletionPolicy="Delete")),
        f"the key {AUDIT} AuditKey in eu-west-1 is no longer retained",
    ),
    "another logical id": (
        lambda folder: edit_json(
            folder / f"{AUDIT}.template.json",
            lambda whole: whole["Resources"].update(Other=whole["Resources"][AUDIT_KEY]),
        ),
        f"key {AUDIT} Other in eu-west-1 is created",
    ),
}


@pytest.mark.parametrize("name", AUDIT_EDITS)
def test_a_key_without_a_tenant_is_called_by_its_stack(
    before: ReviewedEstate, folder: Path, tmp_path: Path, name: str
) -> None:
    edit, words = AUDIT_EDITS[name]
    assert words in [one.what for one in changes_between(before, folder, tmp_path, edit)]


def without_tag(name: str) -> Callable[[dict[str, Any]], object]:
    def edit(one: dict[str, Any]) -> None:
        one["Properties"]["Tags"] = [tag for tag in one["Properties"]["Tags"] if tag["Key"] != name]

    return edit


def test_of_tags_those_that_differ_are_named(before: ReviewedEstate, folder: Path, tmp_path: Path) -> None:
    project, cell = "tenant-keys:project", "tenant-keys:cell"
    changes = changes_between(
        before,
        folder,
        tmp_path,
        together(
            resource(AUDIT, AUDIT_KEY, without_tag(project)),
            resource(ROLES, "RoleacmeFororders", without_tag(project)),
            resource(ROLES, "RoleacmeFormails", without_tag(cell)),
            resource(ROLES, "RoleglobexFororders", without_tag(cell)),
            resource(PLACE, "Parameterorders", lambda one: one["Properties"]["Tags"].update({project: "other"})),
        ),
    )
    assert {one.severity for one in changes} == {Severity.NOTE}
    assert [one.what for one in changes] == [
        f'Tags of the key {AUDIT} AuditKey in eu-west-1: {project} "tenant-keys" becomes none',
        f'Tags of role tenant-acme.mails of account 111111111111: {cell} "roles-001" becomes none; alike for 1 more',
        f'Tags of role tenant-acme.orders of account 111111111111: {project} "tenant-keys" becomes none',
        f'Tags of SSM parameter /tenant-keys/orders in eu-west-1: {project} "tenant-keys" becomes "other"',
    ]
