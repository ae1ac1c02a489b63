"""Which mutations are tried, and which tests could notice each."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

from tools.mutate.coverage_plugin import Lines
from tools.mutate.mutation import Mutation


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
