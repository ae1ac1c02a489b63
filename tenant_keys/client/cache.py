"""A bounded cache of data keys: nothing in it is used after its age or its number of uses, and one load at a time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from tenant_keys.client.flight import Flight
from tenant_keys.client.instant import Instant

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


@dataclass(slots=True)
class Entry(Generic[Value]):
    """`since` is from before KMS was asked: it may have said yes just before the key was disabled."""

    value: Value
    since: Instant
    uses_left: int
    late_since: Instant | None = None
    """When it was last used beyond its age, for want of an answer."""


PAUSE: Final = 10.0
"""Seconds between two attempts to reach AWS for an entry that is used beyond its age."""


class ExpiringCache(Generic[Key, Value]):
    """One tenant's; never shared. `max_age` is in seconds, 0 keeps nothing. Thread-safe.

    `grace`: seconds that an entry is kept beyond its age for `late`, which is asked where AWS gave no answer.
    """

    __slots__ = ("_capacity", "_entries", "_flights", "_grace", "_lock", "_max_age", "_max_uses")

    def __init__(self, *, max_age: float, capacity: int, max_uses: int, grace: float = 0) -> None:
        self._max_age, self._capacity, self._max_uses = max_age, capacity, max_uses
        self._grace = grace if max_age > 0 else 0
        self._entries: OrderedDict[Key, Entry[Value]] = OrderedDict()
        self._flights: dict[Key, Flight[Entry[Value]]] = {}
        self._lock = threading.Lock()

    def take(self, key: Key) -> Value | None:
        """Uses an entry once, if there is a live one."""
        with self._lock:
            entry = self._alive(key)
            if entry is None:
                return None
            entry.uses_left -= 1
            self._entries.move_to_end(key)
            return entry.value

    def join(self, key: Key, start: Callable[[], Flight[Entry[Value]]]) -> tuple[Flight[Entry[Value]], bool] | None:
        """The load under way, and whether it is the caller's own; None if the entry has arrived meanwhile.

        Who misses a key together loads it once. `start` makes a flight whose work is `load`. With `max_age=0`
        each caller loads it alone.
        """
        if self._max_age <= 0:
            return start(), True
        with self._lock:
            if self._alive(key) is not None:
                return None
            flight = self._flights.get(key)
            if flight is not None and not flight.done() and not flight.overdue():
                return flight, False
            flight = self._flights[key] = start()
            return flight, True

    def load(self, key: Key, load: Callable[[], Value]) -> Entry[Value]:
        """Keeps what `load` gives, which runs in the flight's thread."""
        since = Instant.now()
        try:
            entry = Entry(load(), since, self._max_uses)
        except BaseException:
            self._landed(key)
            raise
        if self._max_age > 0:
            with self._lock:
                self._entries[key] = entry
                while len(self._entries) > self._capacity:
                    self._entries.popitem(last=False)
        self._landed(key)
        return entry

    def share(self, entry: Entry[Value]) -> Value | None:
        """Uses an entry that has just been loaded; None if the others who waited for it have used it up."""
        with self._lock:
            if entry.uses_left <= 0:
                return None
            entry.uses_left -= 1
            return entry.value

    def late(self, key: Key) -> Value | None:
        """Uses an entry that is over its age and within the grace, once; AWS is asked again after a pause."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or entry.uses_left <= 0 or not entry.since.within(self._max_age + self._grace):
                return None
            entry.uses_left -= 1
            entry.late_since = Instant.now()
            return entry.value

    def forget(self, key: Key) -> None:
        """Drops an entry: AWS has said no."""
        with self._lock:
            self._entries.pop(key, None)

    def sweep(self) -> None:
        """Forgets what has expired, so that an idle process keeps no plaintext key."""
        if not self._entries:
            return
        with self._lock:
            kept = self._max_age + self._grace
            for key in [key for key, entry in self._entries.items() if not entry.since.within(kept)]:
                del self._entries[key]

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()

    def __len__(self) -> int:
        return len(self._entries)

    def _alive(self, key: Key) -> Entry[Value] | None:
        entry = self._entries.get(key)
        if entry is None or (entry.uses_left > 0 and entry.since.within(self._max_age)):
            return entry
        if entry.uses_left <= 0 or not entry.since.within(self._max_age + self._grace):
            del self._entries[key]
        elif entry.late_since is not None and entry.late_since.within(PAUSE):
            return entry
        return None

    def _landed(self, key: Key) -> None:
        with self._lock:
            self._flights.pop(key, None)
