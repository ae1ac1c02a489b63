"""The mutation score: real templates with one thing broken, and what the proof says: `python -m benchmarks.mutants`.

Each mutant has its expectation by hand. Exit code 1 where one is judged otherwise.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.review.mutations.catalogue import MUTANTS
from tests.review.mutations.estate import synthesize
from tests.review.mutations.mutant import guards_of, judge


def main() -> int:
    """Print the score; return how many are judged otherwise than expected."""
    start = time.perf_counter()
    right: Counter[str] = Counter()
    wrong = []
    with tempfile.TemporaryDirectory() as name:
        original = synthesize(Path(name))
        guards = guards_of(original)
        for mutant in MUTANTS:
            outcome = judge(mutant, original, guards)
            if outcome.as_expected:
                right[str(mutant.expected)] += 1
            else:
                wrong.append(outcome)
    for outcome in wrong:
        print(f"MISSED {outcome.mutant.name}: expected {outcome.mutant.expected!r}, got {outcome.told}")
    for expected in ("refuted", "not proved", "lost barrier", "harmless"):
        total = sum(str(mutant.expected) == expected for mutant in MUTANTS)
        print(f"{expected:<13} {right[expected]:>4} of {total}")
    print(f"{'mutants':<13} {right.total():>4} of {len(MUTANTS)} in {time.perf_counter() - start:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
