"""One synth of the estate that is mutated, for each worker."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.review.mutations.estate import Synthesized, synthesize
from tests.review.mutations.mutant import Mutant, Outcome, guards_of, judge


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    return synthesize(tmp_path_factory.mktemp("mutations"))


@pytest.fixture(scope="session")
def outcome(original: Synthesized) -> Callable[[Mutant], Outcome]:
    """What the proof says of a mutant."""
    guards = guards_of(original)
    return lambda mutant: judge(mutant, original, guards)
