#!/usr/bin/env python3
"""The CDK app: `tenants.yaml` and `tenants.lock` in, one template per stack out. Run it through `cdk synth`."""

import sys
from pathlib import Path

# Also without `pip install -e .`: constructs/ and stacks/ are source roots, not packages.
sys.path[:0] = [str(Path(__file__).parent / root) for root in ("constructs", "stacks")]

import aws_cdk as cdk

from tenant_keys.manifest import EstateError, load_estate
from tenant_keys.policy.limits import PolicyTooLarge
from tenant_stacks import add_stacks
from tenant_stacks.validation import add_validations, synthesize


def main() -> None:
    app = cdk.App(tree_metadata=False)
    manifest = app.node.try_get_context("manifest") or Path(__file__).parent / "tenants.yaml"
    try:
        estate = load_estate(Path(manifest))
        add_stacks(app, estate)
    except (EstateError, PolicyTooLarge) as error:
        sys.exit(f"{error}")
    add_validations(app, estate)
    synthesize(app)


if __name__ == "__main__":
    main()
