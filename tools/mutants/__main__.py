"""`make mutants`: the mutation score of the proof.

First real templates with one thing broken, each with its expectation by hand, judged by the proof and by the second
engine; then estates mutated at random, each proved with the reduction by symmetry and by brute force over all pairs;
then estates edited by a grammar of all of IAM, judged by both engines, the evaluator deciding each request that either
finds. Exit code 1 where one is judged otherwise, or where the grammar left something out.
"""

from __future__ import annotations

import argparse
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
from tools.mutants.mutant import judge, safeguards_of
from tools.mutants.original import Synthesized, synthesize
from tools.mutants.two_engines import compared
from tools.random_estates.samples import PART, few_actions, part, verdict
from tools.random_estates.two_engines import UNDECIDED, Score, score

PARTS: Final = 50
ESTATES, ESTATES_OF_PART = 5_000, 25
"""Drawn by the grammar."""


def main() -> int:
    """Print all scores; return 1 where one is not full."""
    parser = argparse.ArgumentParser(prog="make mutants")
    parser.add_argument("--engines", action="store_true", help="only the estates that both engines judge")
    if parser.parse_args().engines:
        return 1 if _two_engines() else 0
    return 1 if _by_hand() + _at_random() + _two_engines() else 0


def _by_hand() -> int:
    """Print the score of the named mutants; return how many are judged otherwise than expected."""
    start = time.perf_counter()
    right: Counter[str] = Counter()
    wrong = []
    with tempfile.TemporaryDirectory() as name:
        original = synthesize(Path(name))
        judged = partial(_judged, original=original, safeguards=safeguards_of(original))
        with ProcessPoolExecutor() as pool:
            missed = list(pool.map(judged, range(len(MUTANTS)), chunksize=8))
    without = []
    for mutant, (reported, given) in zip(MUTANTS, missed, strict=True):
        if not given:
            without.append(mutant.name)
        if not reported:
            right[str(mutant.expected)] += 1
        else:
            wrong.append(reported)
            print(f"MISSED {mutant.name}: expected {mutant.expected!r}, got {reported}")
    for expected in ("refuted", "not proved", "lost safeguard", "harmless"):
        total = sum(str(mutant.expected) == expected for mutant in MUTANTS)
        print(f"{expected:<13} {right[expected]:>4} of {total}")
    print(f"{'mutants':<13} {right.total():>4} of {len(MUTANTS)} in {time.perf_counter() - start:.0f} s")
    print(f"{len(without)} of them without an opinion of the second engine, which is neither for nor against:")
    print("\n".join(f"  {name}" for name in without))
    return len(wrong)


def _judged(number: int, original: Synthesized, safeguards: dict[str, Texts]) -> tuple[str, bool]:
    """How the proof or the second engine judges a mutant otherwise than expected; and whether the second judges it."""
    outcome = judge(MUTANTS[number], original, safeguards)
    second = compared(MUTANTS[number], original)
    if not outcome.as_expected:
        return outcome.reported, second.given
    return f"by the second engine {second.differs}" if second.differs else "", second.given


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


def _two_engines() -> int:
    """Print what both engines say of estates edited by the grammar; return how many are not as they should be."""
    start = time.perf_counter()
    total = Score()
    parts = [range(at, at + ESTATES_OF_PART) for at in range(0, ESTATES, ESTATES_OF_PART)]
    with ProcessPoolExecutor() as pool:
        for number, part_score in enumerate(pool.map(score, parts)):
            total.add(part_score)
            for seed, one in part_score.disagreements:
                found = one.findings[:2], one.breaches[:1]
                print(f"MISSED estate of seed {seed}, {one.about}: {one.disagreement}; {found}")
            print(f"\r{(number + 1) * ESTATES_OF_PART:,} of {ESTATES:,}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    for (about, proof, opinion), count in sorted(total.verdicts.items()):
        print(f"{about:<8} proof {proof:<11} second engine {opinion:<25} {count:>6,}")
    undecided = sum(count for (_, _, opinion), count in total.verdicts.items() if opinion == UNDECIDED)
    print(f"{total.questions:,} questions, {total.unanswered:,} of them not answered within the budget")
    print(
        f"{total.not_understood.total():,} documents not understood, {undecided:,} requests undecided by the evaluator"
    )
    print(f"{total.impossible:,} refuted by the proof alone, for a principal that may not exist")
    for kind, names in total.covered().items():
        print(f"covered: {kind:<10} {len(names):>4} of {len(names) + len(total.uncovered_of(kind))}")
    for name in total.uncovered:
        print(f"MISSED by the grammar: {name} was never drawn")
    seconds = time.perf_counter() - start
    agreed = total.estates - len({seed for seed, _ in total.disagreements})
    print(f"two engines and the evaluator agree: {agreed:,} of {total.estates:,} in {seconds:.0f} s")
    return len(total.disagreements) + len(total.uncovered) + (total.estates < ESTATES)


if __name__ == "__main__":
    sys.exit(main())
