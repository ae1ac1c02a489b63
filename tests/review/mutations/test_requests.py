"""Each mutant of `requests.py` is judged as was written down by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.sampled import sampled
from tools.mutants.mutant import Mutant, Outcome
from tools.mutants.requests import MUTANTS


@pytest.mark.parametrize("mutant", sampled(MUTANTS))
def test_the_mutant_is_judged_as_expected(mutant: Mutant, outcome: Callable[[Mutant], Outcome]) -> None:
    judged = outcome(mutant)
    assert judged.as_expected, f"expected {mutant.expected!r}, got {judged.reported}"
