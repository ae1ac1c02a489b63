"""The table of `docs/scale.md`, from what `make bench` measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RESULT = Path("docs/synth-benchmark.json")


def synth_benchmark() -> str:
    """A row for each size, and the machine below."""
    measured = json.loads(RESULT.read_text(encoding="utf-8"))
    head = [
        "tenants",
        "workloads",
        "checked",
        "ours: CPU s",
        "naive: CPU s",
        "ratio",
        "ours: MiB",
        "naive: MiB",
        "ratio",
    ]
    rows = [f"| {' | '.join(head)} |", "|---|---|---|---|---|---|---|---|---|"]
    rows += [f"| {' | '.join(_cells(row))} |" for row in measured["rows"]]
    return "\n".join([*rows, "", f"Median of three runs in turns. {measured['machine']}."])


def _cells(row: dict[str, Any]) -> list[str]:
    ours, naive = row["ours"], row["naive"]
    return [
        f"{row['tenants']:,}",
        row["workloads"],
        "yes" if row["checked"] else "no",
        *(_range(each) for each in (ours, naive)),
        f"{ours['cpu_seconds'] / naive['cpu_seconds']:.2f}",
        *(f"{each['mebibytes']:,.0f}" for each in (ours, naive)),
        f"{ours['mebibytes'] / naive['mebibytes']:.2f}",
    ]


def _range(measured: dict[str, float]) -> str:
    return f"{measured['cpu_seconds']:.1f} ({measured['least_cpu_seconds']:.1f} to {measured['most_cpu_seconds']:.1f})"
