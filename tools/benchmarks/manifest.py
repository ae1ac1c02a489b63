"""How long a manifest takes to load, next to what libyaml alone takes to parse the same text.

`python -m tools.benchmarks.manifest [tenants]`. Every measurement is the best of several, in one process, each with the
garbage collector in the state that is printed; `load_manifest` pauses it by itself.
"""

from __future__ import annotations

import gc
import resource
import sys
import time
from collections.abc import Callable

import yaml

from tenant_keys.manifest import parse_manifest, resolve
from tenant_keys.manifest.document import Reader
from tenant_keys.manifest.lock import render_lock
from tenant_keys.manifest.lock_text import parse_lock
from tenant_keys.manifest.update import new_lock, update
from tools.benchmarks.generated_manifest import manifest_text

ROUNDS = 9


def best(work: Callable[[], object]) -> float:
    """Seconds of the fastest round: the one least disturbed."""
    fastest = float("inf")
    for _ in range(ROUNDS):
        gc.collect()
        start = time.perf_counter()
        work()
        fastest = min(fastest, time.perf_counter() - start)
    return fastest


def events(text: str) -> int:
    """Parses without building anything."""
    return sum(1 for _ in yaml.parse(text, yaml.CSafeLoader))


def main() -> None:
    tenants = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    text = manifest_text(tenants)
    manifest = parse_manifest(text)
    lock, _ = update(manifest, new_lock(manifest))
    lock_text = render_lock(lock)
    print(f"{tenants} tenants, {len(text) / 1e6:.2f} MB, {events(text)} events, best of {ROUNDS}")
    for collecting in (True, False):
        (gc.enable if collecting else gc.disable)()
        print(f"\ngarbage collector {'on' if collecting else 'off'}")
        ours = best(lambda: parse_manifest(text))
        print(f"{'load and validate (ours)':34}{ours:8.3f} s")
        for name, work in (
            ("libyaml, events only", lambda: events(text)),
            ("libyaml, yaml.compose", lambda: yaml.compose(text, yaml.CSafeLoader)),
            ("libyaml, yaml.load(CSafeLoader)", lambda: yaml.load(text, yaml.CSafeLoader)),
        ):
            theirs = best(work)
            print(f"{name:34}{theirs:8.3f} s   ours takes {ours / theirs:.2f} of it")
        print(f"{'of ours, reading into dicts':34}{best(lambda: Reader(text).read()):8.3f} s")
        print(f"{'reading the lock':34}{best(lambda: parse_lock(lock_text)):8.3f} s")
        print(f"{'resolving the estate':34}{best(lambda: resolve(manifest, lock)):8.3f} s")
    gc.enable()
    print(f"\npeak memory of the whole run {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
