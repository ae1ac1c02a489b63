"""`make mutate`: break our own code in one place at a time, and count how often a test notices.

    python -m tools.mutate [--folder tenant_keys/policy] [--count 60] [--seed 1] [--jobs 2] [--quick]

Exit code 0 where each folder reaches its target, 2 where one does not, 1 where nothing could be measured: tests fail
although nothing is broken, a folder has no mutations, an equivalent is listed that no longer exists.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tools.mutate.equivalents import equivalents, stale
from tools.mutate.folders import FOLDERS, Folder
from tools.mutate.mutation import Mutation
from tools.mutate.selection import Asked, sample, tests_of
from tools.mutate.workbench import Workbench, import_once


def main() -> int:
    """Print the score of each folder and every survivor."""
    parser = argparse.ArgumentParser(prog="make mutate")
    parser.add_argument("--folder", choices=[folder.code for folder in FOLDERS], help="this folder alone")
    parser.add_argument("--count", type=int, default=60, help="mutations of each folder; 0 for all of them")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="without the slow tests that try the survivors of others")
    chosen = parser.parse_args()
    import_once()
    results = []
    for folder in FOLDERS:
        if chosen.folder in {None, folder.code}:
            try:
                results.append(_judge(folder, chosen.count, chosen.seed, chosen.jobs, quick=chosen.quick))
            except (RuntimeError, ValueError) as problem:
                print(problem, file=sys.stderr)
                return 1
    return 0 if all(results) else 2


def _judge(folder: Folder, count: int, seed: int, jobs: int, *, quick: bool) -> bool:
    """Print the folder's score; True where it is high enough."""
    start = time.monotonic()
    every = folder.mutations()
    listed = equivalents()
    if old := stale(listed, folder.code, {mutation.id for mutation in every}):
        raise ValueError("\n".join(["equivalents.txt: no such mutations any more:", *old]))
    tried = [mutation for mutation in sample(every, count or len(every), seed) if mutation.id not in listed]
    if not tried:
        raise ValueError(f"{folder.code}: no mutations")
    survivors = tried
    with tempfile.TemporaryDirectory() as name:
        for number, chosen in enumerate(folder.stages()[: 1 if quick else None]):
            if survivors:
                survivors = _surviving(survivors, folder, chosen, Path(name, str(number)), jobs)
    for mutation in survivors:
        print(f"SURVIVED {mutation.id}", flush=True)
    killed = len(tried) - len(survivors)
    score = 100 * killed / len(tried)
    print(
        f"{folder.code}: {killed} of {len(tried)} killed, {score:.1f} % (target {folder.target} %), seed {seed}, "
        f"{len(every):,} exist; {time.monotonic() - start:.0f} s",
        flush=True,
    )
    return score >= folder.target


def _surviving(tried: list[Mutation], folder: Folder, chosen: Sequence[str], at: Path, jobs: int) -> list[Mutation]:
    """Those of the mutations that none of the chosen tests notices, each reported as soon as it is known."""
    first = Workbench(at / "first")
    found = first.measure(folder, chosen)
    tests = [tests_of(mutation, found) for mutation in tried]
    survivors = []
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(jobs, context, initializer=_start, initargs=(at, first.root)) as pool:
        for mutation, survived in zip(tried, pool.map(_survives, tried, tests), strict=True):
            if survived:
                survivors.append(mutation)
                print(f"not noticed by {' '.join(chosen)}: {mutation.id}", flush=True)
    return survivors


_workbench: list[Workbench] = []
"""That of this process of the pool."""


def _start(folder: Path, original: Path) -> None:
    _workbench.append(Workbench(folder / str(os.getpid()), original))


def _survives(mutation: Mutation, tests: Asked) -> bool:
    return not tests or _workbench[0].survives(mutation, tests)


if __name__ == "__main__":
    sys.exit(main())
