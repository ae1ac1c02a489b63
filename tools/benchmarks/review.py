"""The review of 10,000 tenants of every kind: time beside the proof's in one run, sizes, and a search in a browser."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

from tenant_keys.manifest import load_estate, load_manifest
from tenant_keys.manifest.lock import render_lock
from tenant_keys.manifest.update import new_lock, update
from tenant_keys.review.proof import prove
from tenant_keys.review.report import build_document, render_html, render_json, render_markdown
from tools.benchmarks.generated_manifest import manifest_text
from tools.benchmarks.measure import measure
from tools.benchmarks.synth import HERE

TENANTS = 10_000
QUERIES = ("0", "00", "enterprise", "suspended 7", "tenant-04242")


def run() -> None:
    """Print the times, the sizes, and how long a search takes until its result is drawn."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        manifest, assembly = folder / "tenants.yaml", folder / "cdk.out"
        manifest.write_text(manifest_text(TENANTS))
        model = load_manifest(manifest)
        manifest.with_suffix(".lock").write_text(render_lock(update(model, new_lock(model))[0]))
        measure([sys.executable, str(HERE / "our_app.py"), str(manifest), str(assembly)])
        estate = load_estate(manifest)
        start = time.perf_counter()
        proof = prove(assembly, estate)
        proved = time.perf_counter()
        assert proof.proved, proof.findings[:1]
        document = build_document(assembly, estate, prove(assembly, estate, with_safeguards=True))
        texts = [render_html(document), render_markdown(document), render_json(document)]
        written = time.perf_counter()
        sizes = ", ".join(
            f"{kind} {len(t) / 1e6:.1f} MB" for kind, t in zip(("HTML", "Markdown", "JSON"), texts, strict=True)
        )
        print(f"review of {TENANTS:,} tenants in {proof.classes} classes, its own proof and safeguards included")
        print(
            f"  proof {proved - start:.2f} s, review {written - proved:.2f} s, "
            f"ratio {(written - proved) / (proved - start):.1f}; {sizes}"
        )
        page = folder / "review.html"
        page.write_text(texts[0], encoding="utf-8")
        _search(page)


def _search(page: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("  no Chromium on this machine: search not measured")
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        tab = browser.new_page()
        start = time.perf_counter()
        tab.goto(f"{page.as_uri()}#/tenants")
        tab.wait_for_function("document.documentElement.dataset.ready !== undefined")
        opened = time.perf_counter() - start
        drawn = []
        for query in QUERIES:
            tab.fill("#q", query)
            drawn.append(float(tab.evaluate("document.documentElement.dataset.shownMs")))
        browser.close()
    print(f"  Chromium opens it in {opened:.1f} s; a search is drawn in {max(drawn):.0f} ms at most")


if __name__ == "__main__":
    run()
