"""Synth of ours and of a naive app with the same resources: wall time and peak memory, as ratios in one run."""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from statistics import median

from tenant_keys.manifest import load_manifest
from tenant_keys.manifest.lock import render_lock
from tenant_keys.manifest.update import new_lock, update
from tools.benchmarks.measure import Measurement, measure
from tools.sample_manifest import BILLING, CENTRAL, ORDERS

HERE = Path(__file__).parent
HEAD = (
    f"{CENTRAL}  quotas: {{iam_roles: 10000}}\nworkloads:\n{ORDERS}{BILLING}"
    """\
defaults: {workloads: [orders, billing]}
tenants:
"""
)


def write_estate(tenants: int, folder: Path, workloads: str = "orders, billing") -> Path:
    """A manifest of so many tenants and its lock; returns the manifest's path."""
    manifest = folder / "tenants.yaml"
    lines = (f"  tenant-{number:05d}: {{workloads: [{workloads}]}}\n" for number in range(tenants))
    manifest.write_text(HEAD + "".join(lines))
    model = load_manifest(manifest)
    lock, _ = update(model, new_lock(model))
    manifest.with_suffix(".lock").write_text(render_lock(lock))
    return manifest


def run() -> None:
    """Print the ladder."""
    print("synth, validations off in both: seconds, peak MiB of the process tree")
    for tenants in (10, 100, 1_000):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            manifest = write_estate(tenants, folder)
            repeat = 3 if tenants == 1_000 else 1
            # In turns, so that whatever else the machine does slows both.
            pairs = [[_run(f"{app}_app.py", manifest, folder / app) for app in ("our", "naive")] for _ in range(repeat)]
            ours, naive = zip(*pairs, strict=True)
            assert _resources(folder / "our") == _resources(folder / "naive"), "the two apps differ in what they make"
        mine, theirs = median(m.seconds for m in ours), median(m.seconds for m in naive)
        memory = max(m.mebibytes for m in ours), max(m.mebibytes for m in naive)
        print(
            f"  {tenants:>5} tenants: ours {mine:6.2f} s {memory[0]:5.0f} MiB, naive {theirs:6.2f} s {memory[1]:4.0f},"
            f" ratio {mine / theirs:.2f}"
        )


def _run(app: str, manifest: Path, output: Path) -> Measurement:
    return measure([sys.executable, str(HERE / app), str(manifest), str(output)])


def _resources(assembly: Path) -> Counter[str]:
    """Keys, aliases and central roles by type; what else our app makes, the naive one does not."""
    found: Counter[str] = Counter()
    for path in assembly.glob("*.template.json"):
        if "workload" in path.name:
            continue
        found.update(resource["Type"] for resource in json.loads(path.read_text())["Resources"].values())
    return found
