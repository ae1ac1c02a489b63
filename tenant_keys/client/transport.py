"""What all tenants of a process share: clients, threads, settings. It keeps nothing of any tenant."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from tenant_keys.client.deadline import Deadline
from tenant_keys.client.flight import Flight
from tenant_keys.client.lanes import Lane
from tenant_keys.client.retry import Retries

if TYPE_CHECKING:
    from tenant_keys.client.aws import Aws
    from tenant_keys.client.events import Event, Hook
    from tenant_keys.client.limits import Limits
    from tenant_keys.client.settings import Settings

Value = TypeVar("Value")


class Transport:
    """One a `TenantKeys`. Thread-safe."""

    def __init__(self, aws: Aws, settings: Settings, *, limits: Limits, on_event: Hook | None) -> None:
        self.aws, self.settings, self.limits, self.on_event = aws, settings, limits, on_event
        self._lanes: dict[str, Lane] = {}
        self._lock = threading.Lock()

    def fly(self, lane: str, tenant_id: str, about: str, work: Callable[[list[Event]], Value]) -> Flight[Value]:
        """Starts a call in a thread of its dependency's lane, such as `sts` or `kms-eu-west-1`."""
        flight: Flight[Value] = Flight(about, self.limits.timeout)
        with self._lock:
            found = self._lanes.get(lane)
            if found is None:
                found = self._lanes[lane] = Lane(lane)
        found.submit(tenant_id, lambda: flight.run(work))
        return flight

    def retries(self, tenant_id: str, events: list[Event]) -> Retries:
        return Retries(tenant_id, attempts=self.limits.attempts, deadline=Deadline(self.limits.timeout), events=events)
