"""The pace of one API's calls in one account and Region: evenly spaced, slower once AWS throttles."""

from __future__ import annotations

from typing import Final

from tenant_keys.aws_facts.quotas import READS_PER_SECOND, UNDOCUMENTED_PER_SECOND

SHARE: Final = 0.5
"""Of the quota, which every principal of the account shares."""
_SLOWEST: Final = 0.5
"""Calls a second, below which throttling lowers no rate."""
_RECOVERY: Final = 200
"""Calls that must succeed to go from nothing to the full rate."""


def limit_of(api: str, share: float = SHARE) -> float:
    """Calls a second to this API: a share of its documented quota, or of what is assumed where AWS documents none."""
    return READS_PER_SECOND.get(api, UNDOCUMENTED_PER_SECOND) * share


class Pace:
    """When the next call may be made. Time is given, never asked for, so that a simulation runs the same code."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.rate = limit
        """Calls a second, now."""
        self._next = 0.0
        self._lowered: float | None = None

    def reserve(self, now: float) -> float:
        """Take the next free moment; answers it, in seconds of the caller's clock."""
        at = max(now, self._next)
        self._next = at + 1 / self.rate
        return at

    def throttled(self, now: float) -> None:
        """Halve the rate, once a second at most: several calls are under way when AWS begins to refuse."""
        if self._lowered is None or now - self._lowered >= 1:
            self.rate = max(self.rate / 2, min(_SLOWEST, self.limit))
            self._lowered = now
        self._next = max(self._next, now + 1 / self.rate)

    def succeeded(self) -> None:
        """Recover step by step, up to the limit."""
        self.rate = min(self.limit, self.rate + self.limit / _RECOVERY)
