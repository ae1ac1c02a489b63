"""How the client measures time: how old something is by two clocks, and what is left of a wait."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

from tenant_keys.client.deadline import Deadline
from tenant_keys.client.events import Event
from tenant_keys.client.instant import Instant


def set_clocks(monkeypatch: pytest.MonkeyPatch, steady: float, wall: float) -> None:
    clocks = SimpleNamespace(monotonic=lambda: steady, time=lambda: wall)
    for module in ("deadline", "instant"):
        monkeypatch.setattr(f"tenant_keys.client.{module}.time", clocks)


@pytest.mark.parametrize(
    ("steady", "wall", "age", "within_ten"),
    [
        (109, 1005, 9, True),
        (105, 1009, 9, True),  # a suspended machine stops the steady clock
        (110, 1005, 10, False),
        (105, 1010, 10, False),
        (105, 999, 5, True),  # a clock that is corrected by a second was not set back
        (105, 998.9, math.inf, False),
    ],
)
def test_an_age_is_that_of_the_clock_that_says_more(
    steady: float, wall: float, age: float, within_ten: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_clocks(monkeypatch, steady, wall)
    then = Instant(100, 1000)
    assert (then.age(), then.within(10)) == (age, within_ten)


@pytest.mark.parametrize(("now", "left"), [(100, 20), (119.5, 0.5), (120, 0), (121, 0)])
def test_no_less_than_nothing_is_left_of_a_wait(now: float, left: float, monkeypatch: pytest.MonkeyPatch) -> None:
    set_clocks(monkeypatch, 100, 0)
    deadline = Deadline(20)
    set_clocks(monkeypatch, now, 0)
    assert (deadline.left(), deadline.seconds) == (left, 20)


def test_an_event_that_is_no_call_took_no_time() -> None:
    assert Event("grace", "acme", "kms:Decrypt") == Event("grace", "acme", "kms:Decrypt", 0, None)
