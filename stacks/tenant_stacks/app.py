"""The CDK app of an estate: manifest and lock in, one template per stack out. `app.py` runs it in `cdk synth`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tenant_keys.manifest import Estate, EstateError, load_estates
from tenant_keys.policy.limits import PolicyTooLarge
from tenant_stacks.last_synth import bring_up_to_date
from tenant_stacks.surroundings import surroundings

if TYPE_CHECKING:  # a synth that finds nothing changed does not start the CDK
    import aws_cdk as cdk


def run(manifest: Path, *, aspects: Sequence[cdk.IAspect] = ()) -> None:
    """Synthesize the estate of a manifest, or of the one that the context names (`cdk synth -c manifest=FILE`).

    `aspects` visit every resource. Tags (`cdk.Tag`) keep the synth fast; with an Aspect of any other type, which may
    read a tenant's name, every tenant becomes a construct of its own.

    Every error of manifest and lock, and every finding of a validation, ends the process with 1.
    """
    around = surroundings()
    try:
        estate, *_ = load_estates(Path(_manifest_of_the_context(known=around is not None) or manifest))
        synthesize_estate(estate, aspects, around=around)
    except (EstateError, PolicyTooLarge) as error:
        sys.exit(f"{error}")


def synthesize_estate(
    estate: Estate, aspects: Sequence[cdk.IAspect] = (), outdir: Path | None = None, *, around: str | None = None
) -> None:
    """Write the cloud assembly: the cells that changed since the last synth, or everything.

    The stacks of the estate's siblings, the other key accounts of its manifest, are in it too.

    Args:
        estate: what the manifest declares.
        aspects: visit every resource; with one, everything is written.
        outdir: the assembly; the folder that the CDK's command line names, where it is left out.
        around: digest of what a synth depends on beside the estate (`surroundings`); None: everything is written.
    """
    if len(estate.key_accounts) > 1:
        around = None  # the record is of one key account
    folder = outdir or (Path(os.environ["CDK_OUTDIR"]) if "CDK_OUTDIR" in os.environ else None)
    if folder and around and not aspects:
        changed = bring_up_to_date(folder, estate, around)
        if changed is not None:
            reported = f"changed since the last synth: {', '.join(changed)}" if changed else "no stack has changed"
            sys.stderr.write(f"{reported}; all others are reused from {folder}\n")
            return
    from tenant_stacks.full_synth import synthesize_everything

    synthesize_everything(estate, aspects, folder, around=around)


def _manifest_of_the_context(*, known: bool) -> str | None:
    if known:  # then the context is in the environment, whole
        context = json.loads(os.environ.get("CDK_CONTEXT_JSON") or "{}")
        return str(context["manifest"]) if context.get("manifest") else None
    import aws_cdk

    named = aws_cdk.App(auto_synth=False).node.try_get_context("manifest")
    return str(named) if named else None
