"""A lane of calls by itself: how many run at a time, whose turn it is, and what is left of a tenant afterwards."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tenant_keys.client.lanes import CALLS, CALLS_OF_ONE_TENANT, IDLE, Lane
from tests.work import eventually


class Held:
    """Jobs that hang until `opened` is set; `begun` has who began, in order."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.begun: list[str] = []
        self.ended: list[str] = []

    def job(self, name: str) -> Callable[[], None]:
        def run() -> None:
            self.begun.append(name)
            self.opened.wait(60)
            self.ended.append(name)

        return run


def test_the_limits_of_a_lane_are_these() -> None:
    assert (CALLS, CALLS_OF_ONE_TENANT, IDLE) == (128, 16, 10.0)


def test_a_tenant_has_sixteen_calls_at_a_time_and_another_begins_at_once() -> None:
    lane, held = Lane("test"), Held()
    for _ in range(17):
        lane.submit("acme", held.job("acme"))
    assert eventually(lambda: len(held.begun) == 16)
    lane.submit("globex", held.job("globex"))
    assert eventually(lambda: held.begun[16:] == ["globex"])
    assert lane._threads == 17
    held.opened.set()
    assert eventually(lambda: sorted(held.ended) == ["acme"] * 17 + ["globex"])


def test_a_lane_keeps_nothing_of_a_tenant_whose_calls_are_over() -> None:
    lane, held = Lane("test"), Held()
    held.opened.set()
    for tenant in ("acme", "globex", "acme"):
        lane.submit(tenant, held.job(tenant))
    assert eventually(lambda: len(held.ended) == 3 and not lane._busy)
    assert (len(lane._waiting), lane._jobs) == (0, 0)
    assert eventually(lambda: lane._idle == lane._threads), "no thread is taken for busy"
