"""A bounded cache of data keys: nothing in it is used after its age or its number of uses, and one load at a time."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

CLOCK_SLACK = 1.0
"""Seconds that the wall clock may be set back before cached keys are given up."""


@dataclass(slots=True)
class _Entry(Generic[Value]):
    value: Value
    steady: float
    wall: float
    uses_left: int


class _Flight:
    """Lets one thread load a value while the others wait for it."""

    __slots__ = ("lock", "waiting")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.waiting = 0


class ExpiringCache(Generic[Key, Value]):
    """One tenant's; never shared. `max_age` is in seconds, 0 keeps nothing. Thread-safe."""

    def __init__(self, *, max_age: float, capacity: int, max_uses: int) -> None:
        self._max_age, self._capacity, self._max_uses = max_age, capacity, max_uses
        self._entries: OrderedDict[Key, _Entry[Value]] = OrderedDict()
        self._flights: dict[Key, _Flight] = {}
        self._lock = threading.Lock()

    def get(self, key: Key, load: Callable[[], Value]) -> tuple[Value, bool]:
        """The value and whether it was cached. Threads that miss the same key together load it once."""
        if (cached := self._take(key)) is not None:
            return cached, True
        if self._max_age <= 0:
            return load(), False
        with self._flight(key):
            if (cached := self._take(key)) is not None:
                return cached, True
            # Age counts from before the call: AWS may have said yes just before the key was disabled. Two clocks,
            # since the steady one may stand still while AWS Lambda freezes the process, and the wall may be set back.
            steady, wall = time.monotonic(), time.time()
            value = load()
            self._put(key, _Entry(value, steady, wall, self._max_uses - 1))
            return value, False

    def sweep(self) -> None:
        """Forgets what has expired, so that an idle process keeps no plaintext key."""
        with self._lock:
            for key in [key for key, entry in self._entries.items() if self._expired(entry)]:
                del self._entries[key]

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()

    def __len__(self) -> int:
        return len(self._entries)

    def _take(self, key: Key) -> Value | None:
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            if entry.uses_left <= 0 or self._expired(entry):
                del self._entries[key]
                return None
            entry.uses_left -= 1
            self._entries.move_to_end(key)
            return entry.value

    def _put(self, key: Key, entry: _Entry[Value]) -> None:
        with self._lock:
            self._entries[key] = entry
            while len(self._entries) > self._capacity:
                self._entries.popitem(last=False)

    def _expired(self, entry: _Entry[Value]) -> bool:
        age = time.monotonic() - entry.steady
        return age >= self._max_age or not -CLOCK_SLACK <= time.time() - entry.wall < self._max_age

    @contextmanager
    def _flight(self, key: Key) -> Iterator[None]:
        with self._lock:
            flight = self._flights.setdefault(key, _Flight())
            flight.waiting += 1
        try:
            with flight.lock:
                yield
        finally:
            with self._lock:
                flight.waiting -= 1
                if not flight.waiting:
                    self._flights.pop(key, None)
