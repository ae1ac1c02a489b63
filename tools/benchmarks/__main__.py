"""`make bench`: every measurement, each a ratio within this run."""

from __future__ import annotations

from tools.benchmarks import evaluator, manifest, proof, review, synth


def main() -> None:
    synth.run()
    manifest.main()
    proof.run()
    review.run()
    evaluator.main()


if __name__ == "__main__":
    main()
