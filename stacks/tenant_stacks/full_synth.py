"""A synth of everything, by the fast way, and by the plain one where tenants differ by more than their names."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import aws_cdk as cdk

from tenant_keys.manifest import Estate
from tenant_stacks.isolation import IsolationProof
from tenant_stacks.last_synth import forget, record
from tenant_stacks.pattern import NotOnlyNames
from tenant_stacks.placement import add_stacks
from tenant_stacks.synthesizer import reads_no_names, synthesizers
from tenant_stacks.template_validation import add_template_validation
from tenant_stacks.validation import add_validations, synthesize


def synthesize_everything(
    estate: Estate, aspects: Sequence[cdk.IAspect], folder: Path | None, *, around: str | None
) -> None:
    """Write the cloud assembly, and with `around` the record by which the next synth knows what changed.

    Raises:
        RuntimeError: the validation of the templates did not run to its end.
    """
    if folder:
        forget(folder)
    if all(map(reads_no_names, aspects)):
        app, proof = _app(estate, aspects, folder, stamped=True)
        validation = add_template_validation(app)
        try:
            synthesize(app)
        except NotOnlyNames as refused:
            sys.stderr.write(f"{refused}; every tenant becomes a construct of its own\n")
        else:
            if validation and not validation.completed:
                raise RuntimeError("the validation of the templates failed; to skip it, set CDK_VALIDATION=false")
            if folder and around and not aspects:
                templates = {name: one.examples for name, one in synthesizers(app).items()}
                record(folder, estate, around, templates, proof.classes)
            return
    synthesize(_app(estate, aspects, folder, stamped=False)[0])


def _app(
    estate: Estate, aspects: Sequence[cdk.IAspect], folder: Path | None, *, stamped: bool
) -> tuple[cdk.App, IsolationProof]:
    app = cdk.App(tree_metadata=False, outdir=str(folder) if folder else None)
    without_construct = frozenset[tuple[str, str]]().union(
        *(add_stacks(app, each, stamped=stamped) for each in estate.key_accounts)
    )
    for aspect in aspects:
        cdk.Aspects.of(app).add(aspect)
    return app, add_validations(app, estate, without_construct)
