"""The HTML report in a real Chromium: read, searched, printed, by mouse, by keyboard, by assistive technology."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tenant_keys.review.report import render_html
from tests.review.report.conftest import ROOT, Reader

Json = dict[str, Any]
AXE = ROOT / "node_modules/axe-core/axe.min.js"
VIEWS = ("", "tenants", "tenant/acme", "accounts", "proof", "findings", "detection", "controls", "cost")


def sampled(*every_time: str) -> list[Any]:
    """The views, of which the run tries these every time."""
    return [pytest.param(view, marks=[] if view in every_time else [pytest.mark.exhaustive]) for view in VIEWS]


EVIL = "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">{{7*7}}"


@pytest.fixture(scope="module")
def many(sample_document: Json) -> Json:
    """2,500 tenants: umbrella is among them once, the others are like globex."""
    document = copy.deepcopy(sample_document)
    like = next(one for one in document["tenants"] if one["id"] == "globex")
    document["tenants"] += [{**like, "id": f"tenant-{number:04d}"} for number in range(2_494)]
    return document


def test_the_file_names_no_other_file_and_allows_only_its_own_script(sample_document: Json) -> None:
    text = render_html(sample_document)
    assert not re.findall(r"<(?:link|iframe|object|embed|base|form[^>]*action)\b", text)
    assert not re.findall(r"\b(?:src|srcset|action|formaction)\s*=", text.partition("<script")[0])
    assert set(re.findall(r'href="([^"]*)"', text.partition("<script")[0])) >= {"#main", "#/tenants"}
    assert all(link.startswith("#") for link in re.findall(r'href="([^"]*)"', text.partition("<script")[0]))
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/=]{44}'; script-src 'sha256-[\w+/=]{44}'; "
        r"base-uri 'none'; form-action 'none'",
        policy[1],
    )


@pytest.mark.parametrize("view", sampled("", "tenant/acme"))
def test_no_view_has_a_barrier_for_assistive_technology(sample_document: Json, read: Reader, view: str) -> None:
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    assert violations(read(sample_document, view), rules) == []


@pytest.mark.parametrize("view", sampled("findings"))
def test_dark_colours_contrast_too(sample_document: Json, read: Reader, view: str) -> None:
    page = read(sample_document, view, color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(21, 24, 29)"
    assert violations(page, {"type": "rule", "values": ["color-contrast"]}) == []


def show(page: Page, view: str) -> None:
    """Go to another view of the page."""
    page.evaluate("(view) => { window.location.hash = '#/' + view; }", view)
    expect(page.locator(f"section.current[data-view={view.partition('/')[0] or 'summary'}]")).to_be_visible()


def violations(page: Page, rules: object) -> list[tuple[str, list[str]]]:
    """What axe finds wrong in the page, with the places."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("(rules) => axe.run(document, {runOnly: rules})", rules)
    assert found["passes"]
    return [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found["violations"]]


def test_the_summary_says_what_a_reviewer_decides_by(sample_document: Json, read: Reader) -> None:
    page = read(sample_document)
    assert page.title() == "Keys of 6 tenants: proved"
    shown = page.inner_text("section[data-view=summary]")
    assert "Proved: in every state reachable without an action by a trusted principal" in shown
    assert "0\nopen findings, 4 acknowledged with a reason" in shown
    row = page.locator("section:visible tr", has_text="schedule a deletion").inner_text()
    assert row.split() == ["schedule", "a", "deletion", "access", "111111111111:role/KeyBreakGlass"]
    assert page.locator("section:visible").count() == 1


def test_a_tenants_page_has_its_own_names_and_those_of_nobody_else(sample_document: Json, read: Reader) -> None:
    page = read(sample_document, "tenant/acme")
    shown = page.inner_text("#tenant")
    assert "key policy: DenySharedRoleOfOtherTenant" in page.locator("#tenant").evaluate("(one) => one.textContent")
    for part in (
        "alias/tenant-acme",
        "eu-west-1: Keyacme in tenant-keys-cell-eu-west-1-001",
        "111111111111:role/tenant-keys/orders/tenant-acme.orders",
        "Decrypt by alias, context tenant_id=acme",
        "Nobody but sessions of role KeyBreakGlass of account 111111111111 may ScheduleKeyDeletion.",
    ):
        assert part in shown
    assert "\u27e6" not in page.content().partition('id="data"')[0]
    tried = page.locator("table", has=page.locator("caption", has_text="Another tenant tries"))
    assert tried.locator("tbody tr").count() == 24
    assert tried.locator(".outcome.allowed").count() == 0
    page.locator("summary", has_text="JSON of DenyOtherAlias").click()
    expect(page.locator("details[open] pre")).to_contain_text('"kms:RequestAlias": "alias/tenant-acme"')


def test_an_unknown_tenant_in_the_address_is_reported_and_not_run(sample_document: Json, read: Reader) -> None:
    page = read(sample_document, "tenant/%3Cimg%20src=x%20onerror=alert(1)%3E")
    assert "There is no tenant <img src=x onerror=alert(1)>." in page.inner_text("#tenant")
    assert page.locator("#tenant img").count() == 0


def test_texts_of_the_manifest_are_never_markup(sample_document: Json, read: Reader) -> None:
    document = copy.deepcopy(sample_document)
    for profile in document["profiles"]:
        profile["tags"] = {EVIL: EVIL}
    document["workloads"][0]["issuer"] = document["workloads"][0]["account"] = EVIL
    document["trusted"][0]["who"] = document["findings"]["nag"]["acknowledged"][0]["reason"] = EVIL
    page = read(document)
    for view in ("accounts", "findings", "", "tenant/acme"):
        show(page, view)
        assert page.title() == "Keys of 6 tenants: proved"
        assert page.locator("main img").count() == 0
    assert EVIL in page.inner_text("#tenant")


def test_search_and_filters_narrow_the_list_and_are_in_the_address(many: Json, read: Reader) -> None:
    page = read(many, "tenants")
    expect(page.locator("#found")).to_have_text("2,500 of 2,500 tenants")
    page.fill("#q", "enterprise")
    expect(page.locator("#found")).to_have_text("1 of 2,500 tenants")
    expect(page.locator("#rows tbody th")).to_have_text(["umbrella"])
    page.fill("#q", "tenant-004")
    expect(page.locator("#found")).to_have_text("10 of 2,500 tenants")
    expect(page).to_have_url(re.compile(r"#/tenants\?q=tenant-004$"))
    page.fill("#q", "")
    page.select_option("#state", "suspended")
    expect(page.locator("#rows tbody th")).to_have_text(["initech"])
    page.select_option("#state", "")
    page.select_option("#workload", "portal")
    expect(page.locator("#rows tbody th")).to_have_text(["acme"])
    page.reload()
    expect(page.locator("#found")).to_have_text("1 of 2,500 tenants")
    page.get_by_role("button", name="Show all").click()
    expect(page.locator("#found")).to_have_text("2,500 of 2,500 tenants")


def test_the_matrix_stays_readable_at_many_tenants(many: Json, read: Reader) -> None:
    page = read(many, "tenants")
    rows = page.locator("#patterns tbody tr").all_inner_texts()
    assert len(rows) == 6
    assert rows[0].replace("\n", " ").split("\t")[0].strip() == "2,495 tenants"
    assert page.locator("#rows tbody tr").count() == 100
    page.get_by_role("link", name="Next page").click()
    expect(page.locator("#rows caption")).to_have_text("Tenants, page 2 of 25")
    page.locator("#patterns a", has_text="1 tenant").first.click()
    expect(page.locator("#found")).to_have_text("1 of 2,500 tenants, of those alike")
    box = page.locator("#map").bounding_box()
    assert box is not None
    assert box["height"] < 400


def test_the_keyboard_alone_reaches_a_tenants_page_and_the_focus_follows(sample_document: Json, read: Reader) -> None:
    page = read(sample_document)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    for _ in range(2):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Tenants"
    page.keyboard.press("Enter")
    expect(page.locator("#h-tenants")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("wayne")
    expect(page.locator("#found")).to_have_text("1 of 6 tenants")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "wayne":
            break
    page.keyboard.press("Enter")
    expect(page.locator("#h-tenant")).to_be_focused()
    expect(page.locator("#tenant")).to_contain_text("alias/tenant-wayne")


def test_on_a_telephone_nothing_is_wider_than_the_screen(sample_document: Json, read: Reader) -> None:
    page = read(sample_document, viewport={"width": 360, "height": 740})
    for view in VIEWS:
        show(page, view)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), view


def test_on_paper_every_view_is_there_and_a_tenants_page_stands_alone(
    sample_document: Json, read: Reader, tmp_path: Path
) -> None:
    page = read(sample_document, "")
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("section[data-view]:visible").count() == 8
    assert page.locator("header nav:visible").count() == 0
    page.evaluate("window.location.hash = '#/tenant/acme'")
    expect(page.locator("body.on-tenant")).to_have_count(1)
    assert page.locator("section[data-view]:visible").evaluate_all("all => all.map(one => one.dataset.view)") == [
        "tenant"
    ]
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_what_concerns_all_tenants_is_read_without_scripts(sample_document: Json, read: Reader) -> None:
    document = copy.deepcopy(sample_document)
    page = read(document)
    context = page.context.browser.new_context(java_script_enabled=False)  # type: ignore[union-attr]
    plain = context.new_page()
    plain.goto(page.url)
    shown = plain.inner_text("main")
    context.close()
    for part in (
        "Who must be trusted",
        "What is not proved",
        "Safeguards",
        "KMS.4",
        "Read the Markdown or JSON report",
    ):
        assert part.lower() in shown.lower()


@pytest.mark.parametrize("view", sampled("tenant/acme", "proof"))
def test_nothing_but_pictures_is_wider_than_a_phone(sample_document: Json, read: Reader, view: str) -> None:
    page = read(sample_document, view)
    page.set_viewport_size({"width": 390, "height": 844})
    wide = page.evaluate(
        "() => [...document.querySelectorAll('section.current *, header *')]"
        ".filter((one) => !one.closest('.picture, pre, thead, .scroll:has(.picture)') && one.offsetParent !== null)"
        ".filter((one) => one.getBoundingClientRect().right > 391).map((one) => one.outerHTML.slice(0, 120))"
    )
    assert wide == []
    # A table's headings are clipped to a point, and each cell carries its own: nothing scrolls sideways.
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390


def test_on_a_phone_each_cell_carries_its_heading(sample_document: Json, read: Reader) -> None:
    page = read(sample_document, "accounts")
    page.set_viewport_size({"width": 390, "height": 844})
    cells = page.locator("section:visible table").first.locator("tbody tr").first.locator("th, td")
    labels = cells.evaluate_all("(cells) => cells.map((cell) => getComputedStyle(cell, '::before').content)")
    assert labels[:4] == ['"Workload"', '"Account"', '"Runs on"', '"Runs as"']
    assert '"Identified by"' in labels


def test_what_was_tried_is_folded_unless_it_went_wrong(sample_document: Json, read: Reader) -> None:
    page = read(sample_document, "tenant/acme")
    reported = page.locator("#tenant details > summary", has_text="decided as declared")
    assert "Another tenant tries: 24 of 24 decided as declared" in reported.all_inner_texts()
    assert page.locator("#tenant details[open]").count() == 0
    document = copy.deepcopy(sample_document)
    number = next(one["class"] for one in document["tenants"] if one["id"] == "acme")
    wrong = next(one for one in document["classes"][number]["attempts"] if one["group"] == "another tenant")
    wrong.update(outcome="ALLOWED", as_expected=False)
    page = read(document, "tenant/acme")
    assert "Another tenant tries: 23 of 24" in page.locator("#tenant details[open] > summary").inner_text()
