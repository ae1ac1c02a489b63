"""Time as the tests have it, moved by hand, and who waits."""

from __future__ import annotations

import threading
import time
from datetime import datetime, tzinfo
from typing import Any, Self

import pytest

from tenant_keys.client import issuer_keys
from tenant_keys.client.flight import Flight


class Clock:
    """Both clocks, moved by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wall = self.steady = 0.0
        wall, steady = time.time, time.monotonic
        monkeypatch.setattr(time, "time", lambda: wall() + self.wall)
        monkeypatch.setattr(time, "monotonic", lambda: steady() + self.steady)
        monkeypatch.setattr("jwt.api_jwt.datetime", _Wall)

    def forward(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds

    def steadily(self, seconds: float) -> None:
        """The steady one alone: no token expires meanwhile."""
        self.steady += seconds


class _Wall(datetime):
    """PyJWT's clock, which is that of `time`."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls.fromtimestamp(time.time(), tz)


class Waiters:
    """How many threads have begun to wait for a flight, and in which flights."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.flights: list[Flight[Any]] = []
        self._lock = threading.Lock()
        wait = Flight.wait

        def noted(flight: Flight[Any], deadline: Any) -> Any:
            with self._lock:
                self.flights.append(flight)
            return wait(flight, deadline)

        monkeypatch.setattr(Flight, "wait", noted)

    def __len__(self) -> int:
        return len(self.flights)


def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a second for a fetch: what takes for ever is over sooner."""
    monkeypatch.setattr(issuer_keys, "FETCH_TIMEOUT", 0.5)
