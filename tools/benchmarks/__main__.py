"""`make bench`: every measurement, or those that are named, each a ratio within this run."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Final

from tools.benchmarks import evaluator, manifest, proof, review, synth

_PARTS: Final[dict[str, Callable[[], None]]] = {
    "synth": synth.run,
    "manifest": manifest.main,
    "proof": proof.run,
    "review": review.run,
    "evaluator": evaluator.main,
}


def main() -> None:
    """Run the chosen measurements, or all."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("parts", nargs="*", metavar="part", help=f"{', '.join(_PARTS)}; all if none is named")
    chosen = parser.parse_args().parts
    if unknown := [name for name in chosen if name not in _PARTS]:
        parser.error(f"got {unknown[0]}; a part is one of {', '.join(_PARTS)}")
    for name in chosen or _PARTS:
        _PARTS[name]()


if __name__ == "__main__":
    main()
