"""Asks cvc5 one question: is there anything of which this holds?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Final

import cvc5
from cvc5 import Term

from tenant_keys.review.second_opinion.terms import TERMS, Formula, Text

BUDGET: Final = 50_000
"""Units of cvc5's own measure of work, `rlimit`: the same question ends the same way on any machine."""

_OPTIONS: Final = {
    "strings-exp": "true",
    "produce-models": "true",
    "strings-fmf": "true",  # the shortest texts first: examples that can be read, found several times as fast
    "decision": "internal",
}


class Answer(Enum):
    """What the solver says."""

    NO = "no"
    YES = "yes"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Model:
    """One example of which it holds."""

    solver: cvc5.Solver

    def holds(self, formula: Formula) -> bool:
        """Whether a formula is true of the example."""
        return formula if isinstance(formula, bool) else bool(self.solver.getValue(formula).getBooleanValue())

    def text(self, value: Text) -> str:
        """A text of the example."""
        return value if isinstance(value, str) else str(self.solver.getValue(value).getStringValue())

    def number(self, value: Term) -> Fraction:
        """A number of the example."""
        return Fraction(self.solver.getValue(value).getRealValue())


def ask(formulas: Iterable[Formula], budget: int = BUDGET) -> tuple[Answer, Model | None]:
    """Whether the formulas can hold together, with an example if so."""
    solver = cvc5.Solver(TERMS)
    solver.setLogic("QF_SLIRA")
    for option, setting in _OPTIONS.items():
        solver.setOption(option, setting)
    solver.setOption("rlimit-per", str(budget))
    for formula in formulas:
        if formula is False:
            return Answer.NO, None
        if formula is not True:
            solver.assertFormula(formula)
    result = solver.checkSat()
    if result.isSat():
        return Answer.YES, Model(solver)
    return (Answer.NO if result.isUnsat() else Answer.UNKNOWN), None
