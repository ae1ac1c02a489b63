"""The connections of the tenants in use: as many as the limit says, and none with keys past their age."""

from __future__ import annotations

import os
import threading
import weakref
from collections import OrderedDict
from typing import TYPE_CHECKING

from tenant_keys.client.connection import Connection
from tenant_keys.client.errors import ConfigurationError

if TYPE_CHECKING:
    from tenant_keys.client.transport import Transport

SWEEPS_PER_AGE = 10
"""An idle process forgets a plaintext key at most a tenth of `max_age` after its last permitted use."""


class Connections:
    """The least recently used tenant goes first; it connects anew when it comes back."""

    def __init__(self, transport: Transport) -> None:
        self._transport, self._limits = transport, transport.limits
        self._open: OrderedDict[str, Connection] = OrderedDict()
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._start_sweeper()

    def _start_sweeper(self) -> None:
        self._stop = threading.Event()
        if self._limits.max_age > 0:
            # A weak reference: the thread must not keep alive what is used nowhere else any more.
            threading.Thread(
                target=_sweep,
                args=(weakref.ref(self), self._stop, self._limits.max_age / SWEEPS_PER_AGE),
                name="tenant-keys-sweeper",
                daemon=True,
            ).start()
            weakref.finalize(self, self._stop.set)

    def to(self, tenant_id: str) -> Connection:
        if os.getpid() != self._process:
            # The sweeper does not live on in a forked process, and a TLS connection must not be used by two.
            raise ConfigurationError("this TenantKeys was created before a fork; create one in each worker process")
        with self._lock:
            if self._stop.is_set():  # used after close
                self._start_sweeper()
            connection = self._open.get(tenant_id)
            if connection is None:
                connection = self._open[tenant_id] = Connection(self._transport, tenant_id)
                if len(self._open) > self._limits.max_tenants:
                    self._open.popitem(last=False)[1].data_keys.clear()
            else:
                self._open.move_to_end(tenant_id)
            return connection

    def forget(self, tenant_id: str) -> None:
        with self._lock:
            if connection := self._open.pop(tenant_id, None):
                connection.data_keys.clear()

    def sweep(self) -> None:
        with self._lock:
            connections = list(self._open.values())
        for connection in connections:
            connection.data_keys.sweep()

    def close(self) -> None:
        self._stop.set()
        with self._lock:
            while self._open:
                self._open.popitem()[1].data_keys.clear()

    def __len__(self) -> int:
        return len(self._open)


def _sweep(connections: weakref.ref[Connections], stop: threading.Event, interval: float) -> None:
    while not stop.wait(interval):
        if (alive := connections()) is None:
            return
        alive.sweep()
        del alive
