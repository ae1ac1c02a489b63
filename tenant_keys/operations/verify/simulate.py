"""How long a run takes and how near it comes to the quotas, by the pace that the lanes keep and AWS's documented rates.

The simulation keeps its own time and runs the same `Pace` as the lanes. AWS is taken to refuse what exceeds the
documented rate in a second, regardless of the caller.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tenant_keys.aws_facts.quotas import READS_PER_SECOND, UNDOCUMENTED_PER_SECOND
from tenant_keys.aws_facts.request_rate import RequestRate
from tenant_keys.manifest.lock import KEY_CELL
from tenant_keys.operations.verify.lanes import workers
from tenant_keys.operations.verify.pace import SHARE, Pace, limit_of
from tenant_keys.operations.verify.reading import OF_EACH_KEY

LATENCY: Final = 0.05
"""Seconds of a call that are assumed: from another Region it takes longer than from the same."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One API in one Region."""

    api: str
    calls: int
    """Repeated ones included."""
    seconds: float
    peak: int
    """The most calls that AWS answered within one second."""
    quota: int
    """Calls a second that AWS documents, or that are assumed."""
    throttled: int


@dataclass(frozen=True, slots=True)
class Simulation:
    """A run over one Region; other Regions have quotas of their own and take the same time beside it."""

    keys: int
    seconds: float
    lanes: tuple[Lane, ...]

    @property
    def calls(self) -> int:
        return sum(lane.calls for lane in self.lanes)

    @property
    def slowest(self) -> Lane:
        return max(self.lanes, key=lambda lane: lane.seconds)


def simulate(
    keys: int, *, share: float = SHARE, latency: float = LATENCY, others: float = 0.0, last_usage: bool = False
) -> Simulation:
    """Simulate one Region with so many keys.

    Args:
        keys: of tenants, each in a stack with 79 others.
        share: of each quota, as the command's option.
        latency: seconds that a call takes.
        others: share of each quota that other principals of the account use meanwhile.
        last_usage: with GetKeyLastUsage.
    """
    cells = math.ceil(keys / KEY_CELL.fill)
    lists = {"kms:ListKeys": math.ceil(keys / 1000), "kms:ListAliases": math.ceil(keys / 100)}
    beside = {
        "cloudformation:ListStackResources": 2 * cells,  # a key and an alias each, 100 a page
        "cloudformation:GetTemplate": cells,
        "cloudformation:DescribeStacks": math.ceil(cells / 20),
    }
    each: Mapping[str, int] = {name: keys * count for name, count in Counter(OF_EACH_KEY).items()}
    each = {**each, **beside, **({"kms:GetKeyLastUsage": keys} if last_usage else {})}
    lanes, seconds = [], 0.0
    for step in (lists, each):
        of_step = [_lane(api, calls, share, latency, others) for api, calls in step.items() if calls]
        lanes += of_step
        seconds += max(lane.seconds for lane in of_step)
    return Simulation(keys, seconds, tuple(lanes))


def _lane(api: str, calls: int, share: float, latency: float, others: float) -> Lane:
    limit = limit_of(api, share)
    quota = READS_PER_SECOND.get(api, UNDOCUMENTED_PER_SECOND)
    pace, left, made, throttled, now = Pace(limit), calls, 0, 0, 0.0
    free = [0.0] * (1 if api.startswith("kms:List") and calls < 1000 else workers(limit))
    # A list's pages follow each other; everything else is asked by several workers.
    answered: list[float] = []
    rate = RequestRate(quota * (1 - others))
    while left:
        at = pace.reserve(heapq.heappop(free))
        made += 1
        if rate.accepts(at):
            answered.append(at)
            left -= 1
            pace.succeeded()
        else:
            throttled += 1
            pace.throttled(at + latency)
        now = max(now, at + latency)
        heapq.heappush(free, at + latency)
    return Lane(api, made, now, _peak(answered), quota, throttled)


def _peak(times: list[float]) -> int:
    """The most within any second, not only within those that begin with a whole one."""
    most, first = 0, 0
    times = sorted(times)
    for last, at in enumerate(times):
        while times[first] <= at - 1 + 1e-9:
            first += 1
        most = max(most, last - first + 1)
    return most
