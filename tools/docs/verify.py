"""What docs/verify.md shows of the code."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tenant_keys.manifest import load_estate
from tenant_keys.operations.probe.plan import READINGS
from tenant_keys.operations.verify.kinds import KINDS
from tenant_keys.operations.verify.reader_policy import reader_policy
from tenant_keys.operations.verify.simulate import simulate

SAMPLE: Final = Path("tenants.yaml")


def _kinds() -> str:
    rows = ["| id | severity | meaning | remedy |", "|---|---|---|---|"]
    rows += [f"| `{name}` | {one.severity} | {one.means} | {one.way_back} |" for name, one in KINDS.items()]
    return "\n".join(rows)


def _reader(account: str) -> str:
    estate = load_estate(SAMPLE)
    policy = reader_policy(estate, estate.central.account if account == "central" else account)
    return f"```json\n{json.dumps(policy, indent=1)}\n```"


def _rates() -> str:
    rows = [
        "| keys in a Region | Regions | calls | seconds | decided by | highest use of a quota |",
        "|---|---|---|---|---|---|",
    ]
    for keys, regions in ((1_000, 1), (10_000, 1), (1_000, 4), (10_000, 4)):
        run = simulate(keys)
        highest = max(lane.peak / lane.quota for lane in run.lanes)
        calls, seconds = f"{run.calls * regions:,}", f"{run.seconds:.0f}"
        rows.append(f"| {keys:,} | {regions} | {calls} | {seconds} | {run.slowest.api} | {highest:.0%} |")
    return "\n".join(rows)


def _readings() -> str:
    rows = ["| id in `probe.json` | reading that it decides |", "|---|---|"]
    return "\n".join([*rows, *(f"| `{name}` | {claim} |" for name, claim in READINGS.items())])


VERIFY: Final[Mapping[str, Callable[[], str]]] = {
    "probe-readings": _readings,
    "verify-kinds": _kinds,
    "verify-rates": _rates,
    "verify-reader-central": lambda: _reader("central"),
    "verify-reader-workload": lambda: _reader("222222222222"),
}
"""Blocks by name."""
