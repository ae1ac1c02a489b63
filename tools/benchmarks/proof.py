"""The proof from `cdk.out` on disk beside json.loads of the same templates, at 1,000 and 10,000 tenants, in one run."""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

from tenant_keys.manifest import load_estate
from tenant_keys.review.proof import prove
from tools.benchmarks.measure import measure
from tools.benchmarks.synth import HERE, write_estate


def run() -> None:
    """Print both sizes and how the time per tenant grows."""
    print("proof from cdk.out on disk")
    each = {}
    for tenants in (1_000, 10_000):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            manifest, assembly = write_estate(tenants, folder, "billing"), folder / "cdk.out"
            measure([sys.executable, str(HERE / "our_app.py"), str(manifest), str(assembly)])
            estate = load_estate(manifest)
            parsing, proving = _parse(assembly), _prove(assembly, estate)
        each[tenants] = proving / tenants
        print(
            f"  {tenants:>6} tenants: json.loads {parsing:.2f} s, proof {proving:.2f} s, "
            f"ratio {proving / parsing:.1f} (at most 5 at 10,000)"
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  time per tenant at 10,000 is {each[10_000] / each[1_000]:.2f} of that at 1,000 (at most 1.3)")
    print(f"  peak {peak:.0f} MiB (below 1,024)")


def _parse(assembly: Path) -> float:
    start = time.process_time()
    for path in assembly.glob("*.template.json"):
        json.loads(path.read_bytes())
    return time.process_time() - start


def _prove(assembly: Path, estate: object) -> float:
    start = time.process_time()
    proof = prove(assembly, estate)  # type: ignore[arg-type]
    assert proof.proved, proof.findings[:1]
    return time.process_time() - start
