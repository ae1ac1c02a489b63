"""The pace of calls, and how long runs take by it: in time that the test keeps."""

from __future__ import annotations

import pytest

from tenant_keys.operations.verify.pace import Pace, limit_of
from tenant_keys.operations.verify.simulate import simulate


def test_the_limit_is_half_of_what_aws_documents() -> None:
    assert limit_of("kms:ListGrants") == 50
    assert limit_of("kms:DescribeKey") == 1000
    assert limit_of("kms:GetKeyLastUsage") == 2.5
    assert limit_of("kms:ListGrants", 0.1) == 10


def test_calls_are_spaced_evenly_and_never_saved_up() -> None:
    pace = Pace(10)
    assert [pace.reserve(0) for _ in range(3)] == [0, 0.1, 0.2]
    assert pace.reserve(100) == 100  # nine seconds of silence give nobody a burst
    assert pace.reserve(100) == pytest.approx(100.1)


def test_throttling_halves_the_rate_once_a_second_and_success_restores_it() -> None:
    pace = Pace(100)
    pace.throttled(5.0)
    pace.throttled(5.5)  # the other calls that were under way
    assert pace.rate == 50
    pace.throttled(6.0)
    assert pace.rate == 25
    for _ in range(1000):
        pace.succeeded()
    assert pace.rate == 100


def test_throttling_never_stops_a_lane() -> None:
    pace = Pace(2.5)
    for second in range(20):
        pace.throttled(second)
    assert pace.rate == 0.5


@pytest.mark.parametrize("latency", [0.01, 0.05, 0.1])
def test_ten_thousand_keys_of_a_region_are_read_within_four_minutes(latency: float) -> None:
    run = simulate(10_000, latency=latency)
    assert run.seconds < 240
    assert run.slowest.api == "kms:ListGrants"
    assert run.calls > 60_000


@pytest.mark.parametrize("keys", [1, 80, 1_000, 10_000])
def test_no_lane_ever_makes_more_calls_in_a_second_than_half_of_its_quota(keys: int) -> None:
    for lane in simulate(keys, latency=0.005).lanes:
        assert lane.peak <= lane.quota / 2, lane
        assert lane.throttled == 0


def test_a_run_gives_way_to_others_who_use_most_of_the_quota() -> None:
    run = simulate(10_000, others=0.8)
    [grants] = [lane for lane in run.lanes if lane.api == "kms:ListGrants"]
    assert grants.throttled > 0
    assert grants.throttled < 0.05 * grants.calls
    assert grants.peak <= 2 * 0.2 * grants.quota  # half of two seconds may fall into any one


def test_last_use_decides_how_long_a_run_takes() -> None:
    assert simulate(1_000, last_usage=True).slowest.api == "kms:GetKeyLastUsage"
    assert simulate(1_000, last_usage=True).seconds > 400
