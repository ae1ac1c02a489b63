"""A deployment as AWS would let it run: buckets of requests, handlers that wait, and throttled requests repeated.

Time is the simulation's own. Stacks start in order, as many at a time as `cdk deploy --concurrency` says. In a stack
all resources start at the same time, but for those that wait for another (AWS re:Post, knowledge center,
cloudformation-rate-exceeded-error: "unless a dependency is defined between resources, CloudFormation creates and
updates resources at the same time").
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from tenant_keys.aws_facts.quotas import per_second
from tenant_keys.aws_facts.request_rate import RequestRate
from tenant_keys.operations.rollout.backoff import backoff
from tenant_keys.operations.rollout.calls import Bucket, Call
from tenant_keys.operations.rollout.work import StackWork

Watch = Callable[[float, str, Call, bool], None]
"""Time, account, call and whether AWS answered it, of each request in the order of their times."""


@dataclass(slots=True)
class Run:
    """What happened."""

    seconds: float = 0.0
    calls: Counter[str] = field(default_factory=Counter)
    """Answered, by API."""
    throttled: Counter[str] = field(default_factory=Counter)
    """Refused, by API."""
    longest_wait: float = 0.0
    """Seconds between the first request of a call and the answer, at most."""
    most_attempts: int = 0
    """Requests of one call."""
    ends: dict[tuple[str, str], float] = field(default_factory=dict)
    """When each stack was complete, by its Region and name."""


class _Stack:
    """A stack that is under way."""

    def __init__(self, work: StackWork) -> None:
        self.work = work
        self.left = len(work.resources)
        self.waits_for = [len(resource.after) for resource in work.resources]
        self.followers: defaultdict[int, list[int]] = defaultdict(list)
        for place, resource in enumerate(work.resources):
            for before in resource.after:
                self.followers[before].append(place)


@dataclass(order=True, slots=True)
class _Due:
    """What a resource does next, and when."""

    at: float
    number: int
    stack: _Stack = field(compare=False)
    resource: int = field(compare=False)
    step: int = field(compare=False)
    attempt: int = field(compare=False)
    since: float = field(compare=False)


class _Simulation:
    def __init__(self, stacks: Sequence[StackWork], concurrency: int, seed: int, watch: Watch | None) -> None:
        self.run = Run()
        self._queue = list(reversed(stacks))
        self._concurrency = concurrency
        self._random = Random(seed)  # noqa: S311  # jitter
        self._watch = watch
        self._rates: dict[tuple[str, Bucket], RequestRate] = {}
        self._due: list[_Due] = []
        self._number = 0

    def simulate(self) -> Run:
        for _ in range(self._concurrency):
            self._start_next(0.0)
        while self._due:
            self._step(heapq.heappop(self._due))
        return self.run

    def _start_next(self, at: float) -> None:
        while self._queue:
            stack = _Stack(self._queue.pop())
            if not stack.left:
                self._ended(stack, at)
                continue
            for place, waits in enumerate(stack.waits_for):
                if not waits:
                    self._add(at, stack, place, 0)
            return

    def _add(self, at: float, stack: _Stack, resource: int, step: int, attempt: int = 1, since: float = -1.0) -> None:
        self._number += 1
        heapq.heappush(self._due, _Due(at, self._number, stack, resource, step, attempt, at if since < 0 else since))

    def _step(self, due: _Due) -> None:
        steps = due.stack.work.resources[due.resource].steps
        if due.step == len(steps):
            self._complete(due)
            return
        step = steps[due.step]
        if not isinstance(step, Call):
            self._add(due.at + step.seconds, due.stack, due.resource, due.step + 1)
            return
        answered = self._request(due.at, due.stack.work.account, step)
        if self._watch is not None:
            self._watch(due.at, due.stack.work.account, step, answered)
        if answered:
            self.run.calls[step.api] += 1
            self.run.longest_wait = max(self.run.longest_wait, due.at - due.since)
            self.run.most_attempts = max(self.run.most_attempts, due.attempt)
            self._add(due.at, due.stack, due.resource, due.step + 1)
            return
        self.run.throttled[step.api] += 1
        again = due.at + backoff(due.attempt, self._random)
        self._add(again, due.stack, due.resource, due.step, due.attempt + 1, due.since)

    def _request(self, at: float, account: str, call: Call) -> bool:
        wanted = [(self._rate(account, (call.api, call.region)), 1)]
        wanted += [(self._rate(account, bucket), requests) for bucket, requests in call.also]
        if not all(rate.has_room(at, requests) for rate, requests in wanted):
            return False
        for rate, requests in wanted:
            rate.take(at, requests)
        return True

    def _rate(self, account: str, bucket: Bucket) -> RequestRate:
        found = self._rates.get((account, bucket))
        if found is None:
            found = self._rates[account, bucket] = RequestRate(per_second(bucket[0]))
        return found

    def _complete(self, due: _Due) -> None:
        stack = due.stack
        for follower in stack.followers[due.resource]:
            stack.waits_for[follower] -= 1
            if not stack.waits_for[follower]:
                self._add(due.at, stack, follower, 0)
        stack.left -= 1
        if not stack.left:
            self._ended(stack, due.at)
            self._start_next(due.at)

    def _ended(self, stack: _Stack, at: float) -> None:
        self.run.ends[stack.work.region, stack.work.name] = at
        self.run.seconds = max(self.run.seconds, at)


def simulate(stacks: Sequence[StackWork], concurrency: int, *, seed: int = 0, watch: Watch | None = None) -> Run:
    """Deploy the stacks in their order.

    Args:
        stacks: of one account; their Regions have rates of their own.
        concurrency: stacks under way at a time, at least 1.
        seed: of the jitter.
        watch: is called with each request.
    """
    return _Simulation(stacks, concurrency, seed, watch).simulate()
