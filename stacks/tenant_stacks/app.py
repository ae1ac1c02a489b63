"""The CDK app of an estate: manifest and lock in, one template per stack out. `app.py` runs it in `cdk synth`."""

from __future__ import annotations

import sys
from pathlib import Path

import aws_cdk as cdk

from tenant_keys.manifest import EstateError, load_estate
from tenant_keys.policy.limits import PolicyTooLarge
from tenant_stacks.placement import add_stacks
from tenant_stacks.validation import add_validations, synthesize


def run(manifest: Path) -> None:
    """Synthesize the estate of a manifest, or of the one that the context names (`cdk synth -c manifest=FILE`).

    Every error of manifest and lock, and every finding of a validation, ends the process with 1.
    """
    app = cdk.App(tree_metadata=False)
    try:
        estate = load_estate(Path(app.node.try_get_context("manifest") or manifest))
        add_stacks(app, estate)
    except (EstateError, PolicyTooLarge) as error:
        sys.exit(f"{error}")
    add_validations(app, estate)
    synthesize(app)
