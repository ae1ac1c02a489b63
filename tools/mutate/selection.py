"""Which mutations are tried, and which tests could notice each."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
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


Asked = dict[str, tuple[bool, float]]
"""Of each test that could notice a mutation: whether it runs nothing of the module, and its cost."""


def tests_of(mutation: Mutation, measured: Measured) -> Asked:
    """The tests that run what was changed; all of them where that runs at import."""
    by_line = measured.lines.get(mutation.file, {})
    if mutation.lines is None:
        touching = set[str]().union(*by_line.values())
        return {test: (test not in touching, cost) for test, cost in measured.costs.items()}
    running = measured.programs.union(*(by_line.get(line, ()) for line in mutation.lines))
    return {test: (False, measured.costs[test]) for test in running}


def in_order(asked: Asked, noticed: Mapping[str, int]) -> list[str]:
    """The cheapest first; a test that noticed other mutations counts as cheaper, by how many they were."""

    def key(test: str) -> tuple[bool, float, str]:
        apart, cost = asked[test]
        return apart, cost / (1 + noticed.get(test, 0)), test

    return sorted(asked, key=key)
