"""Our app with no validation, or with all that its synth checks.

python tools/benchmarks/our_app.py MANIFEST OUTPUT_FOLDER [checked]
"""

from __future__ import annotations

import sys
from pathlib import Path

from aws_cdk import App

from tenant_keys.manifest import load_estate
from tenant_stacks import add_stacks
from tenant_stacks.app import synthesize_estate


def main() -> None:
    manifest, output, *checked = sys.argv[1:]
    estate = load_estate(Path(manifest))
    if checked:
        synthesize_estate(estate, outdir=Path(output))
        return
    app = App(outdir=output, tree_metadata=False, builtin_cloud_formation_validation=False)
    add_stacks(app, estate, stamped=True)
    app.synth()


if __name__ == "__main__":
    main()
