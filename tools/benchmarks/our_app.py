"""Our app with no validation, or with all that its synth checks.

python tools/benchmarks/our_app.py MANIFEST OUTPUT_FOLDER [checked]

`checked` takes the cells that have not changed from the assembly that is in the folder.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tenant_keys.manifest import load_estate
from tenant_stacks.app import synthesize_estate
from tenant_stacks.surroundings import surroundings


def main() -> None:
    manifest, output, *checked = sys.argv[1:]
    around, estate = surroundings(), load_estate(Path(manifest))
    if checked:
        synthesize_estate(estate, outdir=Path(output), around=around)
        return
    from aws_cdk import App

    from tenant_stacks import add_stacks

    app = App(outdir=output, tree_metadata=False, builtin_cloud_formation_validation=False)
    add_stacks(app, estate, stamped=True)
    app.synth()


if __name__ == "__main__":
    main()
