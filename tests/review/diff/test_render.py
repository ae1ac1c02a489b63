"""A comparison for a pull request's comment, for machines and for code scanning."""

from __future__ import annotations

import json
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


def test_safeguards_are_folded_where_something_graver_is_told_and_plain_where_they_are_all() -> None:
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
    many = Comparison((WIDER,) * 30, proved=True)
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
