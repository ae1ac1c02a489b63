"""What happened, reported to anyone who counts: calls to AWS, cache hits, refusals, each with its tenant."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

LOG = logging.getLogger("tenant_keys.client")
"""Structured by `extra`: event, tenant_id, operation, milliseconds, error. Never a key, token, plaintext or blob."""


@dataclass(frozen=True, slots=True)
class Event:
    """`kind` is `kms`, `sts`, `cache_hit`, `cache_miss` or `grace`; `seconds` is 0 where AWS was not called."""

    kind: str
    tenant_id: str
    operation: str
    seconds: float = 0.0
    error: str | None = None


Hook = Callable[[Event], None]

_TELLING: ContextVar[bool] = ContextVar("telling", default=False)


class Counters:
    """A ready-made hook: `TenantKeys(..., on_event=(counters := Counters()))`. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()

    def __call__(self, event: Event) -> None:
        with self._lock:
            self._counts[event.kind, event.tenant_id] += 1

    def total(self, kind: str) -> int:
        """Events of a kind, over all tenants."""
        with self._lock:
            return sum(count for (of, _), count in self._counts.items() if of == kind)

    def by_tenant(self, kind: str) -> dict[str, int]:
        with self._lock:
            return {tenant: count for (of, tenant), count in self._counts.items() if of == kind}


def notify(hook: Hook | None, event: Event) -> None:
    """A hook that fails must not lose anyone's data: its error is logged, and the work goes on.

    It may call the client: nothing is locked then. Events that the hook causes are not reported to it, or it would
    never end.
    """
    if event.seconds or event.error:
        LOG.log(
            logging.WARNING if event.error else logging.DEBUG,
            "%s %s",
            event.operation,
            event.error or "done",
            extra={
                "event": event.kind,
                "tenant_id": event.tenant_id,
                "operation": event.operation,
                "milliseconds": round(event.seconds * 1000, 1),
                "error": event.error,
            },
        )
    if hook is None or _TELLING.get():
        return
    telling = _TELLING.set(True)
    try:
        hook(event)
    except Exception:
        LOG.exception("the on_event hook failed")
    finally:
        _TELLING.reset(telling)
