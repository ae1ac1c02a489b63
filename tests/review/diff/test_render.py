"""A comparison for a pull request's comment, for machines and for code scanning."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from tenant_keys.review.diff import Comparison, Severity
from tenant_keys.review.diff.change import Change
from tenant_keys.review.diff.render import as_json, markdown, sarif

LOST = Change(Severity.BLOCKED, "key-lost", "the key of tenant bolt is lost", ("bolt",), stack="cell", fix="keep it")
WIDER = Change(Severity.REVIEW, "access-widened", "Role x may now Decrypt [a](http://evil) @all", ("acme",), 3)
COST = Change(Severity.NOTE, "cost-changed", "the keys cost $2.00 a month instead of $1.00 a month")
MANIFEST = "central: {}\ntenants:\n  acme: {}\n\n  bolt: {}\n"


def test_the_comment_has_the_verdict_first_and_folds_what_only_informs() -> None:
    assert markdown(Comparison((LOST, WIDER, COST), proved=False)).splitlines() == [
        "## tenant-keys: blocked",
        "",
        "isolation is NOT proved of the new templates",
        "",
        "### Blocked (1)",
        "",
        "- the key of tenant bolt is lost — keep it",
        "",
        "### Needs review (1)",
        "",
        "- Role x may now Decrypt \\[a\\](http://evil) &#64;all",
        "",
        "<details><summary>Also changes (1)</summary>",
        "",
        "- the keys cost $2.00 a month instead of $1.00 a month",
        "",
        "</details>",
    ]


def test_safeguards_are_folded_where_something_graver_is_reported_and_plain_where_they_are_all() -> None:
    safeguard = Change(Severity.REVIEW, "safeguard-loosened", "key policy: no Deny x")
    assert "<details><summary>Safeguards that are gone or let more through (1)</summary>" in markdown(
        Comparison((WIDER, safeguard), proved=True)
    )
    assert "### Safeguards that are gone or let more through (1)\n\n- key policy: no Deny x\n" in markdown(
        Comparison((safeguard,), proved=True)
    )


def test_a_change_of_cost_alone_is_no_change_of_access() -> None:
    text = markdown(Comparison((COST,), proved=True))
    assert text.startswith("## tenant-keys: nothing widened\n")
    assert "No access changes, no key changes.\n" in text
    assert "the keys cost $2.00 a month" in text


def test_many_changes_are_cut_in_the_comment_and_whole_in_the_json() -> None:
    many = Comparison(tuple(replace(WIDER, what=f"{WIDER.what} {number}") for number in range(30)), proved=True)
    assert "- and 10 more, in the JSON" in markdown(many)
    document = json.loads(as_json(many))
    assert (document["verdict"], len(document["changes"])) == ("needs review", 30)
    assert document["changes"][0]["count"] == 3


def test_code_scanning_is_shown_the_line_of_the_tenant(tmp_path: Path) -> None:
    manifest = tmp_path / "tenants.yaml"
    manifest.write_text(MANIFEST)
    (run,) = json.loads(sarif(Comparison((LOST, WIDER, COST), proved=True), manifest))["runs"]
    places = [
        (one["ruleId"], one["level"], one["locations"][0]["physicalLocation"]["region"]["startLine"])
        for one in run["results"]
    ]
    assert places == [("key-lost", "error", 5), ("access-widened", "warning", 3), ("cost-changed", "note", 2)]
    assert run["results"][0]["message"]["text"] == "the key of tenant bolt is lost; keep it"
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} == {"key-lost", "access-widened", "cost-changed"}


def test_a_comment_begins_with_what_was_edited_and_shows_ten_edits() -> None:
    causes = tuple(f"tenants: + t{number}, tenants.yaml:{number}" for number in range(12))
    lines = markdown(Comparison((WIDER,), proved=True, causes=causes)).splitlines()
    assert lines[:3] == ["## tenant-keys: needs review", "", "- `tenants: + t0, tenants.yaml:0`"]
    assert "- and 2 edits more, in the JSON" in lines
    assert lines.index("### Needs review (1)") > lines.index("- and 2 edits more, in the JSON")


def test_an_edit_cannot_end_its_line_or_its_code() -> None:
    text = markdown(Comparison((WIDER,), proved=True, causes=("tenants: + x`\n# Proved\n`, tenants.yaml:1",)))
    assert "- `tenants: + x' # Proved ', tenants.yaml:1`" in text.splitlines()


def test_changes_alike_are_one_line_with_a_count_the_one_of_most_tenants_first() -> None:
    changes = tuple(
        Change(Severity.REVIEW, "access-widened", f"Role X may now {verb}", count=count, like="Role X")
        for verb, count in (("Decrypt", 1), ("DescribeKey", 5), ("ListGrants", 2))
    )
    other = Change(Severity.REVIEW, "access-widened", "Role Y may now Decrypt", like="Role Y")
    lines = markdown(Comparison((*changes, other), proved=True)).splitlines()
    assert "- Role X may now DescribeKey (and 2 like it)" in lines
    assert "- Role Y may now Decrypt" in lines
    assert "### Needs review (4)" in lines
