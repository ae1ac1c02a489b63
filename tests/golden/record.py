"""Records the golden assemblies of a version: `python -m tests.golden.record 0.2.0`, once, when it is released.

A version's folder holds manifests with their locks; recording adds `assembly.json` to each, and never overwrites one.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tenant_keys.manifest import load_estate
from tests.golden.assembly import lasting_part, render
from tests.stacks.synth import synthesized

FOLDER = Path(__file__).parent


def main() -> None:
    """Synthesize each manifest of the version and write what must last."""
    manifests = sorted((FOLDER / sys.argv[1]).glob("*/tenants.yaml"))
    if not manifests:
        sys.exit(f"tests/golden/{sys.argv[1]}: no manifest; copy tenants.yaml and tenants.lock into a folder of it")
    for manifest in manifests:
        golden = manifest.with_name("assembly.json")
        with tempfile.TemporaryDirectory() as output:
            synthesized(load_estate(manifest), Path(output))
            text = render(lasting_part(Path(output)))
        with golden.open("x", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main()
