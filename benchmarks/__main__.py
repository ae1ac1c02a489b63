"""`make bench`: every measurement, each a ratio within this run."""

from __future__ import annotations

from benchmarks import evaluator, manifest, proof, synth


def main() -> None:
    synth.run()
    manifest.main()
    proof.run()
    evaluator.main()


if __name__ == "__main__":
    main()
