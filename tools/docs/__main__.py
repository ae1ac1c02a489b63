"""`make docs`: writes what README.md and docs/ show of the code; `--check` writes nothing and fails on drift.

Exit codes: 0 up to date or written, 1 could not run, 2 drifted (with `--check`).
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from tenant_keys.manifest.schema import schema_text
from tools.docs.blocks import GENERATORS, CannotGenerate
from tools.docs.estate_pins import PAGE, estate_requirements
from tools.docs.key_accounts import KEY_ACCOUNTS
from tools.docs.lint_rules import lint_rules
from tools.docs.manifest_reference import with_reference
from tools.docs.rollout import ROLLOUT
from tools.docs.synth_benchmark import synth_benchmark
from tools.docs.verify import VERIFY

BLOCK = re.compile(r"(?P<begin><!-- generated: (?P<name>[\w-]+) -->)\n.*?(?P<end><!-- end -->)", re.DOTALL)
SCHEMA, MANIFEST = Path("docs/tenants.schema.json"), Path("docs/manifest.md")
DRIFTED = 2


def main() -> int:
    """Write or check every generated part, from the root of the repository."""
    parser = argparse.ArgumentParser(prog="make docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="Write nothing; fail where a page has drifted.")
    check = parser.parse_args().check
    try:
        fresh = generated()
    except (CannotGenerate, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    drifted = {path: text for path, text in fresh.items() if not path.exists() or path.read_text("utf-8") != text}
    for path, text in drifted.items():
        if not check:
            path.write_text(text, encoding="utf-8")
        print(f"{path}: {'has drifted; run make docs' if check else 'written again'}")
    return DRIFTED if check and drifted else 0


def generated() -> dict[Path, str]:
    """Every file with generated parts, and its text brought up to date.

    Raises:
        CannotGenerate: a block names no generator, or a page lacks its markers.
    """
    pages = {page: page.read_text("utf-8") for page in [Path("README.md"), *sorted(Path("docs").glob("*.md"))]}
    fresh = {page: BLOCK.sub(_filled, text) for page, text in pages.items()}
    fresh[MANIFEST] = with_reference(fresh[MANIFEST])
    return {**fresh, SCHEMA: schema_text(), PAGE: estate_requirements()}


def _filled(block: re.Match[str]) -> str:
    simple = {"lint-rules": lint_rules, "synth-benchmark": synth_benchmark}
    generators = {**GENERATORS, **KEY_ACCOUNTS, **ROLLOUT, **VERIFY, **simple}
    if block["name"] not in generators:
        raise CannotGenerate(f"no generator {block['name']}; allowed: {', '.join(generators)}")
    return f"{block['begin']}\n{generators[block['name']]()}\n{block['end']}"


if __name__ == "__main__":
    sys.exit(main())
