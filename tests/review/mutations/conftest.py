"""One synth of the estate that is mutated, for each worker."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tools.mutants.mutant import Mutant, Outcome, judge, safeguards_of
from tools.mutants.original import Synthesized, synthesize


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    return synthesize(tmp_path_factory.mktemp("mutations"))


@pytest.fixture(scope="session")
def outcome(original: Synthesized) -> Callable[[Mutant], Outcome]:
    """What the proof says of a mutant."""
    safeguards = safeguards_of(original)
    return lambda mutant: judge(mutant, original, safeguards)
