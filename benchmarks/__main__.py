"""`make bench`: every measurement, each a ratio within this run."""

from __future__ import annotations

from benchmarks import evaluator, proof, synth


def main() -> None:
    synth.run()
    proof.run()
    evaluator.main()


if __name__ == "__main__":
    main()
