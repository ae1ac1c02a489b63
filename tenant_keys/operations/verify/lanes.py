"""Calls in parallel lanes, one for each API, account and Region, since AWS gives each a quota of its own."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from tenant_keys.operations.verify.apis import APIS
from tenant_keys.operations.verify.journal import Ask, Journal, Reading, plain
from tenant_keys.operations.verify.pace import SHARE, Pace, limit_of
from tenant_keys.operations.verify.sessions import ClientOf, Unreachable

_SLOW_CALL: Final = 0.1
"""Seconds of a call that the workers of a lane make up for: a Region on another continent."""
_MOST_WORKERS: Final = 16
ATTEMPTS: Final = 8
"""Of a call that AWS throttles or that fails on the way."""
_THROTTLED: Final = frozenset(
    {
        *("Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException"),
        *("TooManyRequestsException", "RequestLimitExceeded", "SlowDown", "LimitExceededException"),
    }
)
"""botocore's own list of throttling codes (botocore.retries.standard), and KMS's LimitExceededException of reads."""
_SERVER_ERROR: Final = 500
Progress = Callable[[str, int, int, float], None]
"""Lane, calls that ended, calls planned, seconds that the lane still takes at its pace."""


def workers(limit: float) -> int:
    """Calls of a lane that are under way at a time, for so many a second."""
    return max(2, min(_MOST_WORKERS, math.ceil(limit * _SLOW_CALL)))


class Interrupted(Exception):
    """Raised in a lane when the run is to end."""


class Lanes:
    """Makes calls at the pace of each lane and notes every page in the journal."""

    def __init__(
        self,
        client_of: ClientOf,
        journal: Journal,
        *,
        share: float = SHARE,
        progress: Progress | None = None,
    ) -> None:
        self.calls: Counter[str] = Counter()
        """Calls by API, repeated ones included."""
        self._client_of = client_of
        self._journal = journal
        self._share = share
        self._progress = progress or (lambda *_: None)
        self._paces: dict[tuple[str, str, str], Pace] = {}
        self._lock = threading.Lock()
        self._end = threading.Event()

    def read(self, asks: Iterable[tuple[Ask, Mapping[str, Any]]]) -> None:
        """Read everything that is asked for and not known yet; returns when all lanes have ended.

        Raises:
            KeyboardInterrupt: the run was interrupted; what was read is in the journal.
        """
        by_lane: defaultdict[tuple[str, str, str], list[tuple[Ask, Mapping[str, Any]]]] = defaultdict(list)
        for ask, parameters in dict(asks).items():
            known = self._journal.readings.get(ask)
            if known is None or not known.complete:
                by_lane[ask.lane].append((ask, parameters))
        pools = [ThreadPoolExecutor(workers(limit_of(lane[2], self._share))) for lane in by_lane]
        futures: list[Future[None]] = []
        try:
            for pool, (lane, several) in zip(pools, by_lane.items(), strict=True):
                futures += self._start(pool, lane, several)
            wait(futures, return_when="FIRST_EXCEPTION")
            for future in futures:
                if future.done():
                    future.result()
        finally:
            self._end.set()
            for pool in pools:
                pool.shutdown(cancel_futures=True)
            self._end.clear()

    def _start(
        self, pool: ThreadPoolExecutor, lane: tuple[str, str, str], several: list[tuple[Ask, Mapping[str, Any]]]
    ) -> list[Future[None]]:
        ended = 0
        name = " ".join((lane[2].partition(":")[2], lane[0], lane[1]))

        def one(ask: Ask, parameters: Mapping[str, Any]) -> None:
            nonlocal ended
            self._ask(ask, parameters)
            with self._lock:
                ended += 1
                left = (len(several) - ended) / self._paces[lane].rate
            self._progress(name, ended, len(several), left)

        return [pool.submit(one, ask, parameters) for ask, parameters in several]

    def _ask(self, ask: Ask, parameters: Mapping[str, Any]) -> None:
        api = APIS[ask.api]
        reading = self._journal.readings.get(ask) or Reading()
        token, first = reading.next, reading.next is None
        while True:
            given = {**api.fixed, **parameters, **({api.token: token} if token else {})}
            page = self._page(ask, given)
            more = page.pop("more", None)
            reading = self._journal.page(ask, datetime.now(UTC), page | {"next": more, "first": first})
            token, first = more, False
            if reading.complete:
                return

    def _page(self, ask: Ask, given: Mapping[str, Any]) -> dict[str, Any]:
        """One page, or why there is none."""
        api, service = APIS[ask.api], ask.api.partition(":")[0]
        refusal = ""
        for _ in range(ATTEMPTS):
            self._wait(ask.lane)
            try:
                call = getattr(self._client_of(ask.account, ask.region, service), api.operation)
                answer = call(**given)
            except Unreachable as error:
                return {"error": str(error)}
            except ClientError as error:
                code = error.response["Error"]["Code"]
                status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
                if code in api.absent:
                    self._succeeded(ask)
                    return {"absent": True}
                refusal = str(error)
                if code in _THROTTLED:
                    self._throttled(ask)
                elif status < _SERVER_ERROR:
                    self._succeeded(ask)
                    return {"error": refusal}
            except BotoCoreError as error:
                refusal = str(error)
                self._throttled(ask)
            else:
                self._succeeded(ask)
                return {"items": plain(api.members(answer)), "more": answer.get(api.next_token) or None}
        return {"error": f"given up after {ATTEMPTS} attempts: {refusal}"}

    def _wait(self, lane: tuple[str, str, str]) -> None:
        with self._lock:
            pace = self._paces.setdefault(lane, Pace(limit_of(lane[2], self._share)))
            at = pace.reserve(time.monotonic())
        if self._end.wait(max(0.0, at - time.monotonic())):
            raise Interrupted

    def _succeeded(self, ask: Ask) -> None:
        with self._lock:
            self.calls[ask.api] += 1
            self._paces[ask.lane].succeeded()

    def _throttled(self, ask: Ask) -> None:
        with self._lock:
            self.calls[ask.api] += 1
            self._paces[ask.lane].throttled(time.monotonic())
