"""How long one operation may still wait: for the session, the data key and all retries together."""

from __future__ import annotations

import time

from tenant_keys.client.errors import ConfigurationError


class Deadline:
    """So many seconds from now, by the steady clock."""

    __slots__ = ("_ends", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._ends = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds, 0 when none are left."""
        return max(0.0, self._ends - time.monotonic())


def check_timeout(timeout: float | None, longest: float) -> float:
    """A handle's `timeout` in seconds, or `ConfigurationError`."""
    if timeout is None:
        return longest
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not 0 < timeout <= longest:
        raise ConfigurationError(
            f"timeout: got {timeout!r}; allowed are seconds above 0, and at most Limits.timeout ({longest:g})"
        )
    return float(timeout)
