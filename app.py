#!/usr/bin/env python3
"""The CDK app: `tenants.yaml` and `tenants.lock` in, one template per stack out. Run it through `cdk synth`."""

import sys
from pathlib import Path

# Also without `pip install -e .`: constructs/ and stacks/ are source roots, not packages.
sys.path[:0] = [str(Path(__file__).parent / root) for root in ("constructs", "stacks")]

from tenant_stacks.app import run

if __name__ == "__main__":
    run(Path(__file__).parent / "tenants.yaml")
