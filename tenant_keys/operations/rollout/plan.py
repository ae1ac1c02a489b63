"""The plan of a deployment: which stacks after which, how many at a time, and how long that takes."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Final

from tenant_keys.aws_facts.quotas import UNDOCUMENTED_PER_SECOND, is_documented, per_second
from tenant_keys.operations.rollout.calls import Bucket, Wait
from tenant_keys.operations.rollout.simulate import Run, simulate
from tenant_keys.operations.rollout.work import HOOK, MAIN, REPLICAS, StackWork

POLLS_EVERY: Final = 2
"""Seconds between two looks of the CDK CLI at the events of a stack (aws-cdk 2.1148.1, stack monitor)."""
MOST_STACKS: Final = UNDOCUMENTED_PER_SECOND * POLLS_EVERY
"""Stacks at a time at which the CDK CLI alone takes the rate that is assumed of CloudFormation's API. With 30 at a
time, deployments failed because it was throttled (github.com/aws/aws-cdk-cli, issue 1777)."""
TARGET: Final = 1.15
"""Of the time that the requests take at their rate. With more stacks at a time, a deployment is little faster, and each
request is throttled more often."""
_PHASES: Final = {
    HOOK: "the Hook, before what it judges",
    MAIN: "keys, roles and all that needs no other stack",
    REPLICAS: "replicas, after `tenant-keys lock --record`",
}
NEARLY: Final = 1.02
"""Of the least time, where the target is out of reach: few stacks, whose waits count more than their requests."""


@dataclass(frozen=True, slots=True)
class Floor:
    """What no order of the stacks goes below."""

    seconds: int
    """Requests at the rate of their API, and then the waits of the last resource."""
    api: str
    region: str
    requests: int
    rate: int
    """A second."""

    @property
    def documented(self) -> bool:
        """Whether AWS documents the rate."""
        return is_documented(self.api)

    @property
    def at_the_rate(self) -> int:
        """Seconds of the requests alone: the first second's are answered at once."""
        return _at_the_rate(self.requests, self.rate)


@dataclass(frozen=True, slots=True)
class Phase:
    """Stacks of one account that need nothing of each other."""

    what: str
    stacks: tuple[StackWork, ...]
    concurrency: int
    floor: Floor | None
    """None where no call has to be made."""
    run: Run

    @property
    def ratio(self) -> float:
        """Of the time to the floor."""
        return self.run.seconds / self.floor.seconds if self.floor and self.floor.seconds else 1.0

    @property
    def ratio_at_the_rate(self) -> float | None:
        """Of the time to that of the requests alone; None where a second has room for all of them."""
        return self.run.seconds / self.floor.at_the_rate if self.floor and self.floor.at_the_rate else None


@dataclass(frozen=True, slots=True)
class AccountPlan:
    """One account; accounts are deployed side by side."""

    account: str
    phases: tuple[Phase, ...]

    @property
    def concurrency(self) -> int:
        """For `cdk deploy --concurrency`."""
        return max((phase.concurrency for phase in self.phases), default=1)

    @property
    def seconds(self) -> float:
        return sum(phase.run.seconds for phase in self.phases)

    @property
    def unknown(self) -> Counter[str]:
        """Resources by type whose calls are not known: what they take is not in the plan."""
        return Counter(kind for phase in self.phases for stack in phase.stacks for kind in stack.unknown)


def plan(stacks: Sequence[StackWork]) -> list[AccountPlan]:
    """Plan the stacks of each account, sorted by account."""
    found = []
    for account in sorted({stack.account for stack in stacks}):
        phases = []
        for number, what in _PHASES.items():
            own = [stack for stack in stacks if stack.account == account and stack.phase == number]
            if own:
                phases.append(_phase(what, tuple(_interleaved(own))))
        found.append(AccountPlan(account, tuple(phases)))
    return found


def _interleaved(stacks: list[StackWork]) -> list[StackWork]:
    """Those with most work at the same rate first, one of each rate after the other: no rate lies idle."""
    queues: dict[Bucket | None, list[StackWork]] = {}
    for stack in sorted(stacks, key=lambda one: (-_longest(one), one.name)):
        queues.setdefault(_scarce(stack), []).append(stack)
    order: list[StackWork] = []
    while queues:
        for bucket in list(queues):
            order.append(queues[bucket].pop(0))
            if not queues[bucket]:
                del queues[bucket]
    return order


def _scarce(stack: StackWork) -> Bucket | None:
    """The bucket that the stack's requests take longest at."""
    requests = stack.requests()
    return max(requests, key=lambda bucket: (requests[bucket] / per_second(bucket[0]), bucket), default=None)


def _longest(stack: StackWork) -> float:
    return max((requests / per_second(api) for (api, _), requests in stack.requests().items()), default=0.0)


def _phase(what: str, stacks: tuple[StackWork, ...]) -> Phase:
    floor = _floor(stacks)
    most = min(len(stacks), MOST_STACKS)
    runs: dict[int, Run] = {}

    def seconds(concurrency: int) -> float:
        if concurrency not in runs:
            runs[concurrency] = simulate(stacks, concurrency)
        return runs[concurrency].seconds

    enough = TARGET * floor.at_the_rate if floor else 0.0
    if seconds(most) > enough:
        enough = NEARLY * seconds(most)
    low, high = 1, most
    while low < high:
        middle = (low + high) // 2
        if seconds(middle) <= enough:
            high = middle
        else:
            low = middle + 1
    return Phase(what, stacks, high, floor, runs[high])


def _floor(stacks: Sequence[StackWork]) -> Floor | None:
    requests: Counter[Bucket] = Counter()
    waits: dict[Bucket, int] = {}
    for stack in stacks:
        requests.update(stack.requests())
        for bucket, seconds in _waits(stack).items():
            waits[bucket] = min(seconds, waits.get(bucket, seconds))
    floors = [
        Floor(_at_the_rate(taken, per_second(api)) + waits.get((api, region), 0), api, region, taken, per_second(api))
        for (api, region), taken in requests.items()
    ]
    return max(floors, key=lambda floor: (floor.seconds, floor.api, floor.region), default=None)


def _waits(stack: StackWork) -> dict[Bucket, int]:
    """Of each bucket, the seconds that follow any of its requests at least, in this stack."""
    followers: defaultdict[int, list[int]] = defaultdict(list)
    for place, resource in enumerate(stack.resources):
        for before in resource.after:
            followers[before].append(place)
    known: dict[int, int] = {}
    # Followers first: a chain of resources may be longer than Python's stack is deep.
    for place in TopologicalSorter({place: followers[place] for place in range(len(stack.resources))}).static_order():
        known[place] = max((_all_waits(stack, one) + known[one] for one in followers[place]), default=0)
    found: dict[Bucket, int] = {}
    for place, resource in enumerate(stack.resources):
        rest = known[place]
        for step in reversed(resource.steps):
            if isinstance(step, Wait):
                rest += step.seconds
                continue
            for bucket in ((step.api, step.region), *(bucket for bucket, _ in step.also)):
                found[bucket] = min(rest, found.get(bucket, rest))
    return found


def _at_the_rate(requests: int, rate: int) -> int:
    return math.ceil(requests / rate) - 1


def _all_waits(stack: StackWork, place: int) -> int:
    return sum(step.seconds for step in stack.resources[place].steps if isinstance(step, Wait))
