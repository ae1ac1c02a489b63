"""The table of `docs/scale.md`, from what `make bench` measured."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

RESULT = Path("docs/synth-benchmark.json")


def synth_benchmark() -> str:
    """A row for each size, what a second synth takes, how large a tenant is, and the machine below."""
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
    second = list(_second(measured["rows"]))
    rows += (
        ["", "| since the last checked synth | CPU s | of the full synth |", "|---|---|---|", *second] if second else []
    )
    rows += ["", *_sizes(measured["rows"])]
    return "\n".join([*rows, "", f"Median of three alternating runs. {measured['machine']}."])


def _second(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """What a synth takes after another."""
    for row in rows:
        for name, what in (("unchanged", "nothing changed"), ("one_added", "one tenant was added")):
            if name in row:
                ratio = row[name]["cpu_seconds"] / row["ours"]["cpu_seconds"]
                yield f"| {row['tenants']:,} tenants, {what} | {_range(row[name])} | {ratio:.3f} |"


def _sizes(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Bytes of templates, and the time of one tenant among many and among few."""
    unchecked = [row for row in rows if not row["checked"]]
    many = max(unchecked, key=lambda row: row["tenants"])
    few = min((row for row in unchecked if row["workloads"] == many["workloads"]), key=lambda row: row["tenants"])
    each = (many["ours"]["cpu_seconds"] / many["tenants"]) / (few["ours"]["cpu_seconds"] / few["tenants"])
    if few is not many:
        yield (
            f"Without checks, one of {many['tenants']:,} tenants takes {each:.2f} times the CPU time of one of "
            f"{few['tenants']:,} (`{many['workloads']}`)."
        )
    yield (
        f"A tenant takes {many['bytes_of_a_tenant']:,} bytes of its cell's template, and the largest cell has "
        f"{many['bytes_of_the_largest_cell']:,} of the 1,000,000 bytes that CloudFormation accepts."
    )


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
