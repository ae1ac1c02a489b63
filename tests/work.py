"""Bounds on work are counted, never timed: a busy machine is slow, and a loop of the second degree is one on any."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Final

PATIENCE: Final = 120.0
"""Seconds until what should have happened is taken for something that never will. Nothing is said about how fast."""


def calls_made(work: Callable[[], object], stop_at: int) -> int:
    """How many functions `work` calls, in Python and in C.

    Raises:
        AssertionError: more than `stop_at`; the work is not finished then.
    """
    count = 0

    def count_calls(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event.endswith("call")
        if count > stop_at:
            raise AssertionError(f"more than {stop_at:,} calls")

    before = sys.getprofile()
    sys.setprofile(count_calls)
    try:
        work()
    finally:
        sys.setprofile(before)
    assert count, "nothing was counted"
    return count


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether it holds, now or after a while."""
    end = time.monotonic() + PATIENCE
    while not (held := holds()) and time.monotonic() < end:
        time.sleep(0.05)
    return held
