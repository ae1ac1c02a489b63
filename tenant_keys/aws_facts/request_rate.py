"""How AWS holds the callers of one API, in one account and Region, to its rate."""

from __future__ import annotations

from collections import Counter


class RequestRate:
    """A bucket of requests that is full again at each whole second; AWS refuses what finds the bucket empty.

    "If users in your account submit 1000 DescribeKey requests in a second, AWS KMS throttles all subsequent DescribeKey
    requests in that second" (AWS KMS guide, throttling). Time is given, so that a simulation, the local AWS and a test
    use the same code. Requests need not come in the order of their times.
    """

    def __init__(self, per_second: float) -> None:
        self.per_second = per_second
        self._taken: Counter[int] = Counter()

    def has_room(self, at: float, requests: int = 1) -> bool:
        """Whether so many more requests are answered in the second of `at`."""
        return self._taken[int(at)] + requests <= self.per_second

    def take(self, at: float, requests: int = 1) -> None:
        """Count requests that were answered."""
        self._taken[int(at)] += requests

    def accepts(self, at: float) -> bool:
        """Answer one request, or refuse it."""
        if not self.has_room(at):
            return False
        self.take(at)
        return True
