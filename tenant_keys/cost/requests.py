"""What requests cost and how many there are, with the client's cache of data keys and without."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tenant_keys.cost.prices import Prices

SECONDS_A_MONTH = 2_628_000
"""730 hours, the month of AWS's own calculator."""
CACHE_SECONDS = 300
"""Age at which the client gives up a data key: its default; a test holds it to the client's."""
CACHE_MESSAGES = 10_000
"""Messages that the client encrypts under one data key: its default, held by the same test."""
SESSION_SECONDS = 3_300
"""Age at which a process of the client renews a tenant's session, 300 s before its end; a test holds it to its own."""
REQUESTS_A_MESSAGE = 2
"""A message is encrypted once (GenerateDataKey) and decrypted once (Decrypt)."""


@dataclass(frozen=True, slots=True)
class Load:
    """Use, spread evenly over the active tenants."""

    messages_per_second: float
    """Of all tenants together."""
    processes: int = 1
    """Processes that serve each tenant; every one has a cache of its own."""

    def __post_init__(self) -> None:
        if self.messages_per_second < 0 or self.processes < 1:
            raise ValueError("messages per second must be at least 0, and processes at least 1")


@dataclass(frozen=True, slots=True)
class Requests:
    """KMS requests of a load."""

    per_second: float
    month: int
    dollars_month: Decimal
    """After the free requests of the month."""


def without_cache(load: Load, prices: Prices) -> Requests:
    """One request for every encryption and every decryption."""
    return _requests(load.messages_per_second * REQUESTS_A_MESSAGE, prices)


def with_cache(load: Load, tenants: int, prices: Prices) -> Requests:
    """Requests where each process keeps data keys as the client does by default.

    A data key is made by one message and serves those of the next 300 seconds: 1 + rate * 300 on average, at most
    10,000. Each process that reads asks KMS once for each data key, as long as it reads before its copy expires.
    """
    if tenants == 0 or load.messages_per_second == 0:
        return _requests(0.0, prices)
    rate = load.messages_per_second / tenants / load.processes
    messages = min(float(CACHE_MESSAGES), 1 + rate * CACHE_SECONDS)
    data_keys = load.messages_per_second / messages
    return _requests(data_keys * (1 + min(messages, load.processes)), prices)


def _requests(per_second: float, prices: Prices) -> Requests:
    month = round(per_second * SECONDS_A_MONTH)
    charged = max(0, month - prices.free_requests_month)
    return Requests(per_second, month, (charged * prices.requests_10000 / 10_000).quantize(Decimal("0.01")))
