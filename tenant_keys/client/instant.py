"""A moment by two clocks: the steady one may stop while AWS Lambda freezes the process, the wall may be set back."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Self

SLACK = 1.0
"""Seconds that the wall clock may be set back before nothing is known about an age any more."""


@dataclass(frozen=True, slots=True)
class Instant:
    steady: float
    wall: float

    @classmethod
    def now(cls) -> Self:
        return cls(time.monotonic(), time.time())

    def age(self) -> float:
        """Seconds since then by the clock that says more; infinite if the wall clock was set back."""
        wall = time.time() - self.wall
        return math.inf if wall < -SLACK else max(time.monotonic() - self.steady, wall)

    def within(self, seconds: float) -> bool:
        """Whether that is less than so many seconds ago."""
        return time.monotonic() - self.steady < seconds and -SLACK <= time.time() - self.wall < seconds
