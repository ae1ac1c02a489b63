"""A call that blocks until the test releases it, and threads that make it."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from tenant_keys.client import (
    Tenant,
)
from tests.client.standin import StandIn


class Gate:
    """Calls of one operation wait here; `passed` counts them."""

    def __init__(self, aws: StandIn, operation: str, only: str = "") -> None:
        self.opened = threading.Event()
        self.at = 0
        self._only = only
        aws.meanwhile[operation] = self.wait

    def wait(self, request: dict[str, Any]) -> None:
        if self._only in str(request):
            self.at += 1
            self.opened.wait(30)


def encrypting(pool: ThreadPoolExecutor, tenant: Tenant, times: int, **options: Any) -> list[Future[bytes]]:
    return [pool.submit(tenant.encrypt, b"x", name="n", **options) for _ in range(times)]
