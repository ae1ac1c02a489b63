"""One call to AWS with its retries, none of which begins when its time is over."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from botocore.exceptions import ClientError

from tenant_keys.client.deadline import Deadline
from tenant_keys.client.events import Event
from tenant_keys.client.refusals import AWS_ERRORS, code_of, may_pass, translate

FIRST_PAUSE = 0.5
"""Seconds at most before the second try; twice as many before each further one, with full jitter."""

LONGEST_PAUSE = 5.0
"""Seconds."""

Answer = TypeVar("Answer")


class Retries:
    """Of one flight's calls. `attempts`: tries of a call, the first included. `events`: takes one for each try."""

    __slots__ = ("_attempts", "_deadline", "_events", "_tenant_id")

    def __init__(self, tenant_id: str, *, attempts: int, deadline: Deadline, events: list[Event]) -> None:
        self._tenant_id, self._attempts, self._deadline, self._events = tenant_id, attempts, deadline, events

    def call(self, call: Callable[[], Answer], *, operation: str, target: str) -> Answer:
        """What AWS answers, or one of this package's errors. `operation` and `target` as `translate` wants them."""
        tries = 0
        while True:
            tries += 1
            try:
                return self._timed(call, operation)
            except AWS_ERRORS as error:
                pause = random.uniform(0, min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (tries - 1)))  # noqa: S311  # no secret
                if tries == self._attempts or not may_pass(error) or pause >= self._deadline.left():
                    raise translate(error, operation=operation, target=target, retries=tries - 1) from error
            time.sleep(pause)

    def _timed(self, call: Callable[[], Answer], operation: str) -> Answer:
        started, failure = time.perf_counter(), None
        try:
            return call()
        except ClientError as error:
            failure = code_of(error)
            raise
        except Exception as error:
            failure = type(error).__name__
            raise
        finally:
            kind = operation.partition(":")[0]
            self._events.append(Event(kind, self._tenant_id, operation, time.perf_counter() - started, failure))
