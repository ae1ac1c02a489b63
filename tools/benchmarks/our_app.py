"""Our app with no validation, for a fair comparison: python tools/benchmarks/our_app.py MANIFEST OUTPUT_FOLDER."""

from __future__ import annotations

import sys
from pathlib import Path

from aws_cdk import App

from tenant_keys.manifest import load_estate
from tenant_stacks import add_stacks


def main() -> None:
    manifest, output = sys.argv[1:]
    app = App(outdir=output, tree_metadata=False, builtin_cloud_formation_validation=False)
    add_stacks(app, load_estate(Path(manifest)))
    app.synth()


if __name__ == "__main__":
    main()
