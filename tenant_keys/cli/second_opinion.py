"""`tenant-keys prove --second-opinion`: what the SMT solver says beside the proof."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.markup import escape

from tenant_keys.manifest import Estate
from tenant_keys.review.assembly import Assembly
from tenant_keys.review.errors import ReviewError
from tenant_keys.review.proof import Proof

if TYPE_CHECKING:
    from tenant_keys.review.second_opinion import Opinion

_SHOWN: Final = 10
_COLOURS: Final = {"no such request": "green", "refuted": "red", "not given": "yellow"}


class SolverMissing(ReviewError):
    """Raised when a second opinion is asked for and cvc5 is not installed."""


def ask(directory: Path, estate: Estate) -> Opinion:
    """The second opinion on a cloud assembly.

    Raises:
        SolverMissing: cvc5 is not installed.
        ReviewError: the assembly cannot be read.
    """
    if find_spec("cvc5") is None:
        raise SolverMissing(
            "--second-opinion: cvc5 is not installed; a solver that only developers need: "
            "pip install cvc5==1.4.2 (docs/second-opinion.md)"
        )
    from tenant_keys.review.second_opinion import second_opinion

    return second_opinion(Assembly.open(directory), estate)


def exit_code(proof: Proof, opinion: Opinion | None) -> int:
    """0 where both engines find nothing, 1 where the evaluator contradicts the solver, else 2."""
    if opinion is None:
        return 0 if proof.proved else 2
    if opinion.disagreements:
        return 1
    return 0 if proof.proved and opinion.verdict == "no such request" else 2


def show_opinion(opinion: Opinion, proof: Proof, console: Console) -> None:
    """The opinion, each request that it found, and what it could not answer."""
    colour = _COLOURS[opinion.verdict]
    asked = f"{opinion.questions:,} questions about {opinion.tenants:,} of {proof.tenants:,} tenants"
    console.print(
        f"[bold {colour}]SECOND OPINION: {opinion.verdict.upper()}[/]  {asked}; {len(opinion.unanswered):,} not "
        f"answered; {opinion.seconds:.2f} s"
    )
    for breach in opinion.breaches[:_SHOWN]:
        console.print(f"\n  {escape(breach.who)}, {', '.join(breach.actions)}: {escape(breach.what)}")
        for name, value in breach.example.as_document().items():
            console.print(f"  {name}: {escape(str(value))}", soft_wrap=True)
        console.print(f"  the evaluator says {breach.replay.outcome}: {escape(breach.replay.reason)}", soft_wrap=True)
    if len(opinion.breaches) > _SHOWN:
        console.print(f"  and {len(opinion.breaches) - _SHOWN:,} more; --json has them all")
    for problem in (*opinion.not_understood, *(f"not answered: {one}" for one in opinion.unanswered)):
        console.print(f"  {escape(problem)}", soft_wrap=True)
    if opinion.disagreements:
        console.print("[bold red]The evaluator denies a request that the solver found: one of the two is wrong.[/]")
    elif proof.proved and opinion.verdict == "refuted":
        console.print("[bold red]The proof missed a request that the evaluator allows: please report it.[/]")
