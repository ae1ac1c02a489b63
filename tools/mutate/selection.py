"""Which mutations are tried, and which tests could notice each."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Final

from tools.mutate.coverage_plugin import Lines
from tools.mutate.mutation import Mutation

FIRST_FILES: Final = 3
FIRST_SECONDS: Final = 1.0
"""How many files of tests and seconds of CPU are tried before all others."""


def sample(mutations: Sequence[Mutation], count: int, seed: int) -> list[Mutation]:
    """`count` of the mutations, of each kind as many while there are any: strings must not drown comparisons."""
    by_kind: dict[str, list[Mutation]] = defaultdict(list)
    for mutation in mutations:
        by_kind[mutation.kind].append(mutation)
    dice = random.Random(seed)  # noqa: S311 - the same sample for the same seed, not a secret
    for kind in sorted(by_kind):
        dice.shuffle(by_kind[kind])
    in_turn = chain.from_iterable(zip_longest(*(by_kind[kind] for kind in sorted(by_kind))))
    return [mutation for mutation in in_turn if mutation is not None][:count]


@dataclass(frozen=True, slots=True)
class Measured:
    """A run of all tests of a folder, with nothing broken."""

    lines: Lines
    costs: dict[str, float]
    """Test to the seconds of CPU that it takes alone."""
    programs: set[str]
    """Tests that start a program of ours: any of them may run any line."""


def tests_of(mutation: Mutation, measured: Measured) -> list[str]:
    """The tests that run what was changed, the cheapest first; all of them where that runs at import."""
    costs, by_line = measured.costs, measured.lines.get(mutation.file, {})
    if mutation.lines is None:
        touching = set[str]().union(*by_line.values())
        return sorted(costs, key=lambda test: (test not in touching, costs[test]))
    running = measured.programs.union(*(by_line.get(line, ()) for line in mutation.lines))
    return sorted(running, key=lambda test: costs[test])


def in_turn(tests: Sequence[str], costs: Mapping[str, float]) -> list[tuple[list[str], float]]:
    """The tests in runs of their own, each with its seconds of CPU: few cheap tests first, then all others.

    Most mutations fall to the first run, and then nothing imports the modules of the others.
    """
    first: list[str] = []
    for test in tests:
        files = {one.partition("::")[0] for one in (*first, test)}
        if len(files) > FIRST_FILES or sum(costs[one] for one in (*first, test)) > FIRST_SECONDS:
            break
        first.append(test)
    runs = (first, list(tests[len(first) :]))
    return [(run, sum(costs[test] for test in run)) for run in runs if run]
