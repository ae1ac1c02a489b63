"""AWS's request rates, enforced where the launcher asks for it; else every request is answered.

The time of the rates is given, and stands still: anyone who deploys says when an operation starts, and in the operation
only CloudFormation's waits take time. So a deployment of an hour runs in seconds, and tests need no clock.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final, TypeVar

from tenant_keys.aws_facts.quotas import CREATE_KEYS_A_REPLICA, per_second
from tenant_keys.aws_facts.request_rate import RequestRate
from tenant_keys.local.fault import Fault
from tenant_keys.operations.rollout.backoff import backoff

_THROTTLED: Final[Mapping[str, tuple[str, str]]] = {
    "kms": (
        "ThrottlingException",
        "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.",
    ),
    "iam": ("Throttling", "Rate exceeded"),
}
"""Code and message by service (AWS KMS guide, throttling; IAM API, CommonErrors)."""
_began: contextvars.ContextVar[float] = contextvars.ContextVar("stack_operation_began", default=0.0)
_Answer = TypeVar("_Answer")


class Rates:
    """The buckets of every API, account and Region, and the time that they are asked at."""

    def __init__(self) -> None:
        self.enforced = False
        self.now = 0.0
        """Seconds."""
        self.latest = 0.0
        """When the last resource of the operation was complete that began last."""
        self._buckets: dict[tuple[str, str, str], RequestRate] = {}
        self._done: dict[str, float] = {}
        """When each resource was complete, by its physical id."""
        self._random = Random(0)  # noqa: S311  # jitter

    def enforce(self, now: float) -> None:
        """Enforce from now on, and have the next operation begin at this time."""
        self.enforced, self.now, self.latest = True, now, now

    def lift(self) -> None:
        """Answer every request, and forget all."""
        self.enforced = False
        self._buckets.clear()
        self._done.clear()
        self._random = Random(0)  # noqa: S311  # jitter

    def check(self, api: str, account: str, region: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Answer a request, or throttle it.

        Raises:
            Fault: the rate is exceeded, in the words of the service.
        """
        if not self.enforced:
            return
        wanted = [(self._bucket(api, account, region), 1)]
        if api == "kms:ReplicateKey":
            copy = self._bucket("kms:CreateKey", account, str((parameters or {}).get("ReplicaRegion", "")))
            wanted.append((copy, CREATE_KEYS_A_REPLICA))
        if not all(bucket.has_room(self.now, requests) for bucket, requests in wanted):
            raise Fault(*_THROTTLED[api.partition(":")[0]])
        for bucket, requests in wanted:
            bucket.take(self.now, requests)

    def _bucket(self, api: str, account: str, region: str) -> RequestRate:
        return self._buckets.setdefault((api, account, region), RequestRate(per_second(api)))

    # --- what CloudFormation does with its time

    def begin(self) -> None:
        """A stack operation begins: all its resources that wait for no other start now."""
        _began.set(self.now)

    def wait(self, seconds: float) -> None:
        """A handler waits."""
        if self.enforced:
            self.now += seconds

    def repeated(self, request: Callable[[], _Answer]) -> _Answer:
        """Make a request, again and again while AWS throttles it."""
        attempt = 1
        while True:
            try:
                return request()
            except Fault as fault:
                if not self.enforced or (fault.code, fault.message) not in _THROTTLED.values():
                    raise
                self.wait(backoff(attempt, self._random))
                attempt += 1

    def resource(self, properties: Mapping[str, Any], make: Callable[[], tuple[str, _Answer]]) -> tuple[str, _Answer]:
        """Make a resource beside the others of its stack: after the resources whose ids its properties have."""
        if not self.enforced:
            return make()
        needed = (self._done[value] for value in properties.values() if isinstance(value, str) and value in self._done)
        self.now = max([_began.get(), *needed])
        made = make()
        self._done[made[0]] = self.now
        self.latest = max(self.latest, self.now)
        return made
