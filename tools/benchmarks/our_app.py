"""Our app with no validation, or with all that its synth checks.

python tools/benchmarks/our_app.py MANIFEST OUTPUT_FOLDER [checked]

`checked` runs `app.py`, which takes the cells that have not changed from the assembly that is in the folder.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

APP = Path(__file__).parents[2] / "app.py"


def main() -> None:
    manifest, output, *checked = sys.argv[1:]
    if checked:
        os.environ |= {"CDK_OUTDIR": output, "CDK_CONTEXT_JSON": json.dumps({"manifest": manifest})}
        os.execv(sys.executable, [sys.executable, str(APP)])  # this process becomes the app: it is what is measured
    from aws_cdk import App

    from tenant_keys.manifest import load_estate
    from tenant_stacks import add_stacks

    estate = load_estate(Path(manifest))
    app = App(outdir=output, tree_metadata=False, builtin_cloud_formation_validation=False)
    add_stacks(app, estate, stamped=True)
    app.synth()


if __name__ == "__main__":
    main()
