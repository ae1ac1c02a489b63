"""The CDK app of an estate: manifest and lock in, one template per stack out. `app.py` runs it in `cdk synth`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import aws_cdk as cdk

from tenant_keys.manifest import Estate, EstateError, load_estates
from tenant_keys.policy.limits import PolicyTooLarge
from tenant_stacks.pattern import NotOnlyNames
from tenant_stacks.placement import add_stacks
from tenant_stacks.synthesizer import reads_no_names
from tenant_stacks.validation import add_validations, synthesize


def run(manifest: Path, *, aspects: Sequence[cdk.IAspect] = ()) -> None:
    """Synthesize the estate of a manifest, or of the one that the context names (`cdk synth -c manifest=FILE`).

    `aspects` visit every resource. Tags (`cdk.Tag`) keep the synth fast; with an Aspect of any other type, which may
    read a tenant's name, every tenant becomes a construct of its own.

    Every error of manifest and lock, and every finding of a validation, ends the process with 1.
    """
    try:
        context = cdk.App(auto_synth=False).node
        first, *_ = load_estates(Path(context.try_get_context("manifest") or manifest))
        synthesize_estate(first, aspects)
    except (EstateError, PolicyTooLarge) as error:
        sys.exit(f"{error}")


def synthesize_estate(estate: Estate, aspects: Sequence[cdk.IAspect] = (), outdir: Path | None = None) -> None:
    """Write the cloud assembly by the fast way, and by the plain one where tenants differ by more than their names.

    The stacks of the estate's siblings, the other key accounts of its manifest, are in it too.
    """
    if all(map(reads_no_names, aspects)):
        try:
            synthesize(_app(estate, aspects, outdir, stamped=True))
        except NotOnlyNames as refused:
            sys.stderr.write(f"{refused}; every tenant becomes a construct of its own\n")
        else:
            return
    synthesize(_app(estate, aspects, outdir, stamped=False))


def _app(estate: Estate, aspects: Sequence[cdk.IAspect], outdir: Path | None, *, stamped: bool) -> cdk.App:
    app = cdk.App(tree_metadata=False, outdir=str(outdir) if outdir else None)
    without_construct = frozenset[tuple[str, str]]().union(
        *(add_stacks(app, each, stamped=stamped) for each in estate.key_accounts)
    )
    for aspect in aspects:
        cdk.Aspects.of(app).add(aspect)
    add_validations(app, estate, without_construct)
    return app
