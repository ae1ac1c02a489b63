"""Synth of ours and of a naive app with the same resources: CPU, wall time and peak memory, in turns in one run.

Writes `docs/synth-benchmark.json`, from which `make docs` makes the table, and the chart beside it.
"""

from __future__ import annotations

import filecmp
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from tenant_keys.manifest import load_manifest
from tenant_keys.manifest.lock import render_lock
from tenant_keys.manifest.lock_text import parse_lock
from tenant_keys.manifest.update import new_lock, update
from tenant_stacks.last_synth import RECORD
from tools.benchmarks.chart import chart
from tools.benchmarks.measure import Measurement, measure
from tools.sample_manifest import BILLING, CENTRAL, ORDERS

HERE = Path(__file__).parent
RESULT = Path("docs/synth-benchmark.json")
REPEAT = 3
LADDER = (
    (1_000, "orders, billing", False),
    (1_000, "billing", False),
    (10_000, "billing", False),
    (10_000, "billing", True),
)
"""Tenants, workloads of each, and whether the synth is checked: the CDK's validation, cdk-nag and the proof.

`orders` has a role for each tenant, more than an account may have at 10,000; the role of `billing` serves all.
"""
HEAD = (
    f"{CENTRAL}  quotas: {{iam_roles: 10000}}\nworkloads:\n{ORDERS}{BILLING}"
    """\
defaults: {workloads: [orders, billing]}
tenants:
"""
)


def write_estate(tenants: int, folder: Path, workloads: str = "orders, billing") -> Path:
    """A manifest of so many tenants, with a lock where there is one, or a new lock; returns the manifest's path."""
    manifest = folder / "tenants.yaml"
    lines = (f"  tenant-{number:05d}: {{workloads: [{workloads}]}}\n" for number in range(tenants))
    manifest.write_text(HEAD + "".join(lines))
    model, locked = load_manifest(manifest), manifest.with_suffix(".lock")
    before = parse_lock(locked.read_text(), locked.name) if locked.exists() else new_lock(model)
    lock, _ = update(model, before)
    locked.write_text(render_lock(lock))
    return manifest


def run() -> None:
    """Measure the ladder, print it, and write table and chart."""
    rows = []
    print(f"synth: median of {REPEAT}, CPU s (wall s), peak MiB of the process tree")
    for tenants, workloads, checked in LADDER:
        row = _row(tenants, workloads, checked=checked)
        rows.append(row)
        ours, naive = row["ours"], row["naive"]
        print(
            f"  {tenants:>6} tenants of {workloads}{', checked' if checked else ''}: ours {_text(ours)}, "
            f"naive {_text(naive)}; ratio of CPU {ours['cpu_seconds'] / naive['cpu_seconds']:.3f}, "
            f"of memory {ours['mebibytes'] / naive['mebibytes']:.2f}"
        )
        for name in ("unchanged", "one_added"):
            if name in row:
                print(
                    f"         {name}: {_text(row[name])}; {row[name]['cpu_seconds'] / ours['cpu_seconds']:.3f} of full"
                )
    RESULT.write_text(json.dumps({"machine": _machine(), "rows": rows}, indent=1) + "\n", encoding="utf-8")
    RESULT.with_suffix(".svg").write_text(chart(rows), encoding="utf-8")


def _row(tenants: int, workloads: str, *, checked: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        manifest = write_estate(tenants, folder, workloads)
        # In turns, so that whatever else the machine does slows both.
        pairs = [
            [_run_from_nothing(f"{app}_app.py", manifest, folder / app, checked=checked) for app in ("our", "naive")]
            for _ in range(REPEAT)
        ]
        made = {app: _resources(folder / app) for app in ("our", "naive")}
        assert made["our"] == made["naive"], "the two apps differ in what they make"
        sizes = [path.stat().st_size for path in (folder / "our").glob("*cell*.template.json")]
        more = _changes(tenants, workloads, folder) if checked else {}
    ours, naive = zip(*pairs, strict=True)
    return {
        "tenants": tenants,
        "workloads": workloads,
        "checked": checked,
        "ours": _median(ours),
        "naive": _median(naive),
        "bytes_of_a_tenant": round(sum(sizes) / tenants),
        "bytes_of_the_largest_cell": max(sizes),
        **more,
    }


def _changes(tenants: int, workloads: str, folder: Path) -> dict[str, Any]:
    """What a synth takes that finds nothing changed, or the last tenant added, beside the assembly of a full one."""
    full, before, estate = folder / "our", folder / "before", folder / "of fewer"
    estate.mkdir()
    measured: dict[str, list[Measurement]] = {"unchanged": [], "one_added": []}
    manifest = write_estate(tenants - 1, estate, workloads)
    _run("our_app.py", manifest, before, checked=True)
    for number in range(REPEAT):
        output = shutil.copytree(before, folder / f"{number}")
        measured["unchanged"].append(_run("our_app.py", manifest, output, checked=True))
    write_estate(tenants, estate, workloads)
    for number in range(REPEAT):
        output = folder / f"{number}"
        measured["one_added"].append(_run("our_app.py", manifest, output, checked=True))
        names = [path.name for path in full.iterdir() if path.name != RECORD]
        _, *others = filecmp.cmpfiles(full, output, names, shallow=False)
        assert others == [[], []], f"a full synth writes other files: {others}"
    return {name: _median(tuple(several)) for name, several in measured.items()}


def _median(measurements: tuple[Measurement, ...]) -> dict[str, float]:
    each = [asdict(measurement) for measurement in measurements]
    return {name: round(median(one[name] for one in each), 2) for name in each[0]} | {
        "least_cpu_seconds": round(min(one["cpu_seconds"] for one in each), 2),
        "most_cpu_seconds": round(max(one["cpu_seconds"] for one in each), 2),
    }


def _text(measured: dict[str, float]) -> str:
    return f"{measured['cpu_seconds']:.1f} s ({measured['seconds']:.1f}) {measured['mebibytes']:.0f} MiB"


def _machine() -> str:
    cores, load = os.cpu_count(), os.getloadavg()[2]
    versions = ", ".join(f"{name} {version(name)}" for name in ("aws-cdk-lib", "cdk-nag", "jsii"))
    node = _node()
    return f"{cores} cores, load {load:.1f}, Python {platform.python_version()}, Node {node}, {versions}"


def _node() -> str:
    """Version of the Node that jsii runs on."""
    return subprocess.run(["node", "--version"], check=True, capture_output=True, text=True).stdout.strip()


def _run_from_nothing(app: str, manifest: Path, output: Path, *, checked: bool) -> Measurement:
    """Without the assembly of a run before, of which ours would take the cells."""
    shutil.rmtree(output, ignore_errors=True)
    return _run(app, manifest, output, checked=checked)


def _run(app: str, manifest: Path, output: Path, *, checked: bool) -> Measurement:
    return measure([sys.executable, str(HERE / app), str(manifest), str(output), *(["checked"] if checked else [])])


def _resources(assembly: Path) -> Counter[str]:
    """Keys, aliases and central roles by type; what else our app makes, the naive one does not."""
    found: Counter[str] = Counter()
    for path in assembly.glob("*.template.json"):
        if "workload" in path.name or "audit" in path.name:
            continue
        found.update(resource["Type"] for resource in json.loads(path.read_text())["Resources"].values())
    return found
