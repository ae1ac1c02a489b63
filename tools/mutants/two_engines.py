"""Every mutant by both engines: what is expected of it by hand, and what the second opinion says."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from tenant_keys.review.assembly import Assembly
from tenant_keys.review.errors import ReviewError
from tenant_keys.review.second_opinion import Answered, second_opinion
from tools.mutants.mutant import Harmless, LostSafeguard, Mutant, Refuted
from tools.mutants.original import Synthesized, Templates
from tools.random_estates.two_engines import EXCESS

_ANSWERED: Final[Answered] = {}
"""About the documents that a mutant leaves as they are: all mutants are of one estate."""


def apart(mutant: Mutant, original: Synthesized) -> str | None:
    """How the second opinion differs from what is expected; None where it does not, or was not asked for that.

    It is not asked about what is missing or refused, nor about documents that no engine understands.
    """
    templates = Templates(original.templates)
    mutant.edit(templates)
    with tempfile.TemporaryDirectory() as name:
        try:
            opinion = second_opinion(
                Assembly.open(original.write(templates, Path(name) / "cdk.out")), original.estate, answered=_ANSWERED
            )
        except ReviewError:  # the assembly cannot be read: there is nothing to have an opinion on
            return None
    found = [(one.who, one.actions[:2], one.what, one.replay.outcome) for one in opinion.breaches[:3]]
    told = f"{opinion.verdict}: {found}"
    told += f" {opinion.not_understood[:2]} {opinion.unanswered[:2]}"
    if opinion.disagreements:
        return f"the evaluator denies what it finds; {told}"
    match mutant.expected:
        case Refuted(kind=kind) if kind in EXCESS and opinion.verdict != "refuted":
            return told
        case LostSafeguard() | Harmless() if opinion.verdict != "no such request":
            return told
    return None
