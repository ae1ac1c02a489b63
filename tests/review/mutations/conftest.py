"""One synth of the estate that is mutated."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.once import once
from tools.mutants.mutant import Mutant, Outcome, judge, safeguards_of
from tools.mutants.original import Synthesized, read, synthesize


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    return read(once(tmp_path_factory, "mutations", synthesize))


@pytest.fixture(scope="session")
def outcome(original: Synthesized) -> Callable[[Mutant], Outcome]:
    """What the proof says of a mutant."""
    safeguards = safeguards_of(original)
    return lambda mutant: judge(mutant, original, safeguards)
