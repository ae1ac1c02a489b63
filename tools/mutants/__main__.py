"""`make mutants`: the mutation score of the proof.

First real templates with one thing broken, each with its expectation by hand; then estates mutated at random, each
proved with the reduction by symmetry and by brute force over all pairs. Exit code 1 where one is judged otherwise.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

from tenant_keys.review.diff.safeguards import Texts
from tools.mutants.catalogue import MUTANTS
from tools.mutants.mutant import guards_of, judge
from tools.mutants.original import Synthesized, synthesize
from tools.random_estates.samples import PART, few_actions, part, verdict

PARTS: Final = 50


def main() -> int:
    """Print both scores; return 1 where one is not full."""
    return 1 if _by_hand() + _at_random() else 0


def _by_hand() -> int:
    """Print the score of the named mutants; return how many are judged otherwise than expected."""
    start = time.perf_counter()
    right: Counter[str] = Counter()
    wrong = []
    with tempfile.TemporaryDirectory() as name:
        original = synthesize(Path(name))
        judged = partial(_judged, original=original, guards=guards_of(original))
        with ProcessPoolExecutor() as pool:
            missed = list(pool.map(judged, range(len(MUTANTS)), chunksize=8))
    for mutant, told in zip(MUTANTS, missed, strict=True):
        if told is None:
            right[str(mutant.expected)] += 1
        else:
            wrong.append(told)
            print(f"MISSED {mutant.name}: expected {mutant.expected!r}, got {told}")
    for expected in ("refuted", "not proved", "lost safeguard", "harmless"):
        total = sum(str(mutant.expected) == expected for mutant in MUTANTS)
        print(f"{expected:<13} {right[expected]:>4} of {total}")
    print(f"{'mutants':<13} {right.total():>4} of {len(MUTANTS)} in {time.perf_counter() - start:.0f} s")
    return len(wrong)


def _judged(number: int, original: Synthesized, guards: dict[str, Texts]) -> str | None:
    """What is told of a mutant that is judged otherwise than expected."""
    outcome = judge(MUTANTS[number], original, guards)
    return None if outcome.as_expected else outcome.told


def _at_random() -> int:
    """Print how random estates are judged; return in how many reduction and brute force disagree."""
    start = time.perf_counter()
    seen: Counter[str] = Counter()
    apart = []
    with ProcessPoolExecutor() as pool:
        for verdicts, disagreeing in pool.map(_part, range(PARTS)):
            seen.update(verdicts)
            apart += disagreeing
    for seed, differences in apart:
        print(f"MISSED estate of seed {seed}: {differences}")
    print(f"at random: {', '.join(f'{count:,} {name}' for name, count in seen.most_common())}")
    seconds = time.perf_counter() - start
    print(
        f"reduced as brute force over all pairs: {PARTS * PART - len(apart):,} of {PARTS * PART:,} in {seconds:.0f} s"
    )
    return len(apart)


def _part(number: int) -> tuple[Counter[str], list[tuple[int, list[str]]]]:
    with few_actions():
        results = list(part(number))
    return Counter(verdict(one) for _, one in results), [
        (at, one.differences) for at, one in results if one.differences
    ]


if __name__ == "__main__":
    sys.exit(main())
