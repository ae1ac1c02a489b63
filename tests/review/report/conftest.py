"""The report of the sample estate, and a real browser to read it in."""

from __future__ import annotations

import os
import pickle
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tenant_keys.manifest import Estate, load_estate
from tenant_keys.review.proof import prove
from tenant_keys.review.report import build_document, render_html
from tests.once import once

ROOT = Path(__file__).parents[3]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
OFFLINE = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
Reader = Callable[..., Page]


@pytest.fixture(scope="session")
def sample_estate() -> Estate:
    return load_estate(ROOT / "tenants.yaml")


@pytest.fixture(scope="session")
def sample_document(
    sample_assembly: Path, sample_estate: Estate, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    def build(folder: Path) -> None:
        proof = prove(sample_assembly, sample_estate, with_safeguards=True)
        (folder / "document").write_bytes(pickle.dumps(build_document(sample_assembly, sample_estate, proof)))

    made = once(tmp_path_factory, "document", build) / "document"
    found: dict[str, Any] = pickle.loads(made.read_bytes())  # noqa: S301  # what this run wrote
    return found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A headless Chromium of the machine; where there is none the tests are skipped, but never in CI.

    It closes with its module: Playwright keeps an event loop running in the thread that it was started in, and
    `asyncio.run` of a later test in the same process would refuse to begin.
    """
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium in CI: apt-get install chromium")
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OFFLINE)
        yield browser
        browser.close()


@pytest.fixture
def read(chromium: Browser, tmp_path: Path) -> Iterator[Reader]:
    """Opens a document's report at a view; a page fails the test when it logs an error or asks for anything else."""
    troubles: list[str] = []
    contexts = []

    def open_at(document: dict[str, Any], view: str = "", **options: Any) -> Page:
        file = tmp_path / "review.html"
        file.write_text(render_html(document), encoding="utf-8")
        context = chromium.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: troubles.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on(
            "request", lambda request: None if request.url.startswith(file.as_uri()) else troubles.append(request.url)
        )
        page.goto(f"{file.as_uri()}#/{view}")
        page.wait_for_selector("html[data-ready]", state="attached")
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert troubles == []
