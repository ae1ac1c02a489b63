"""Every mutant by both engines: what is expected of it by hand, and what the second opinion says."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tenant_keys.review.assembly import Assembly
from tenant_keys.review.errors import ReviewError
from tenant_keys.review.proof import Kind
from tenant_keys.review.second_opinion import Answered, second_opinion
from tools.mutants.mutant import Harmless, LostSafeguard, Mutant, Refuted
from tools.mutants.original import GUARDRAILS, Synthesized, Templates
from tools.random_estates.two_engines import EXCESS

_ANSWERED: Final[Answered] = {}
"""About the documents that a mutant leaves as they are: all mutants are of one estate."""


@dataclass(frozen=True)
class Compared:
    """The second opinion of a mutant beside what is expected."""

    given: bool
    """Whether there is one: time-outs, and documents that the engine does not understand, leave it without."""
    differs: str = ""
    """How it differs; empty where it does not, or was not asked for that."""


def compared(mutant: Mutant, original: Synthesized) -> Compared:
    """Ask the second engine; not about what is missing or refused."""
    templates = Templates(original.templates)
    mutant.edit(templates)
    with tempfile.TemporaryDirectory() as name:
        try:
            opinion = second_opinion(
                Assembly.open(original.write(templates, Path(name) / "cdk.out")), original.estate, answered=_ANSWERED
            )
        except ReviewError:  # the assembly cannot be read: there is nothing to have an opinion on
            return Compared(given=False)
    found = [(one.who, one.actions[:2], one.what, one.replay.outcome) for one in opinion.breaches[:3]]
    reported = f"{opinion.verdict}: {found} {opinion.not_understood[:2]} {opinion.unanswered[:2]}"
    if opinion.disagreements:
        return Compared(given=True, differs=f"the evaluator denies what it finds; {reported}")
    if opinion.verdict == "not given":
        return Compared(given=False)
    # It is asked whether control policies stop what is declared; of what is missing elsewhere it is not.
    asked = EXCESS | ({Kind.REFUSED} if templates.opened.keys() == {GUARDRAILS} else set())
    match mutant.expected:
        case Refuted(kind=kind) if kind in asked and opinion.verdict != "refuted":
            return Compared(given=True, differs=reported)
        case LostSafeguard() | Harmless() if opinion.verdict != "no such request":
            return Compared(given=True, differs=reported)
    return Compared(given=True)
