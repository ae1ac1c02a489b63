"""The Markdown report: the same facts, and no text from outside that could become markup."""

from __future__ import annotations

import copy
from typing import Any

from tenant_keys.review.report import render_markdown

Json = dict[str, Any]


def test_it_begins_with_the_verdict_and_the_claim(sample_document: Json) -> None:
    lines = render_markdown(sample_document).splitlines()
    assert lines[0] == "# Review of tenants' keys: proved"
    assert lines[2].startswith("**Proved:** in every state reachable without an action by a trusted principal")


def test_each_tenant_has_one_line_that_names_its_key_and_its_class(sample_document: Json) -> None:
    text = render_markdown(sample_document)
    line = "| umbrella | active | [3](#class-3) | Keyumbrella in tenant-keys-cell-eu-west-1-001 (eu-west-1) "
    assert f"{line}| every 180 days | billing, orders | plan=enterprise |" in text.splitlines()
    assert all(text.count(f"\n| {name} | ") >= 1 for name in ("acme", "globex", "initech", "wayne", "wonka"))


def test_a_class_is_reported_with_the_names_of_its_first_tenant_and_no_token_is_left(sample_document: Json) -> None:
    text = render_markdown(sample_document)
    row = "| tenant globex, through orders | kms:Decrypt | alias/tenant-acme | tenant\\_id=acme | EXPLICIT\\_DENY |"
    assert f"{row} key policy: DenyUseByAnyoneElse |" in text
    assert "\u27e6" not in text
    assert "\u27e7" not in text


def test_tags_of_a_manifest_are_text_and_never_markup(sample_document: Json) -> None:
    document = copy.deepcopy(sample_document)
    document["profiles"][0]["tags"] = {"note": "</td>|\n# hi <img src=x onerror=alert(1)> [a](javascript:x) `@all`"}
    text = render_markdown(document)
    said = "note=&lt;/td&gt;\\| # hi &lt;img src=x onerror=alert(1)&gt; \\[a\\](javascript:x) \\`&#64;all\\`"
    assert said in text
    assert "<img" not in text


def test_a_refuted_estate_says_so_first_with_the_request_that_gets_through(sample_document: Json) -> None:
    document = copy.deepcopy(sample_document)
    document["summary"]["verdict"] = "refuted"
    document["trusted"] = document["safeguards"] = []
    document["findings"]["proof"] = [
        {
            "kind": "cross-tenant",
            "tenant": "acme",
            "what": "globex may Decrypt with acme's key",
            "request": {"Principal": "role/x", "KeyId": "alias/tenant-acme"},
            "statements": ["key policy: Door"],
            "fix": "take Door away",
            "others": 7,
        }
    ]
    text = render_markdown(document)
    assert text.startswith("# Review of tenants' keys: refuted\n")
    start = text.index("## What breaks the claim")
    reported = text[start : text.index("## Who must be trusted")]
    for part in ("globex may Decrypt", "7 more tenants", "KeyId: alias/tenant-acme", "decided by key policy: Door"):
        assert part in reported
    assert "take Door away" in reported
    assert "Not computed: there is no proof." in text


def test_every_table_has_as_many_cells_in_each_row_as_in_its_head(sample_document: Json) -> None:
    width, rows = None, 0
    for line in render_markdown(sample_document).splitlines():
        if not line.startswith("|"):
            width = None
            continue
        cells = line.replace("\\|", "").strip().count("|")
        width = cells if width is None else width
        assert cells == width, line
        rows += 1
    assert rows > 300
