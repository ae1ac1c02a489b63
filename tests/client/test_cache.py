"""The cache of data keys: which entries it keeps, and for how long."""

from __future__ import annotations

import pytest

from tenant_keys.client.cache import ExpiringCache
from tests.client.clock import Clock


def cache_with_a_key(*, max_uses: int = 10, capacity: int = 5) -> ExpiringCache[str, str]:
    cache = ExpiringCache[str, str](max_age=60, capacity=capacity, max_uses=max_uses, grace=600)
    cache.load("a", lambda: "data key")
    return cache


@pytest.mark.parametrize(("age", "taken", "kept"), [(0, "data key", 1), (61, None, 1), (661, None, 0)])
def test_a_data_key_is_kept_beyond_its_age_for_the_grace_and_then_forgotten(
    clock: Clock, age: float, taken: str | None, kept: int
) -> None:
    cache = cache_with_a_key()
    clock.forward(age)
    assert cache.take("a") == taken
    assert len(cache) == kept


@pytest.mark.parametrize(("age", "kept"), [(61, 1), (661, 0)])
def test_a_sweep_forgets_what_is_beyond_its_grace_and_nothing_else(clock: Clock, age: float, kept: int) -> None:
    cache = cache_with_a_key()
    clock.forward(age)
    cache.sweep()
    assert len(cache) == kept


def test_a_data_key_that_is_used_up_is_forgotten_by_the_next_who_asks() -> None:
    cache = cache_with_a_key(max_uses=2)
    assert [cache.take("a"), cache.take("a")] == ["data key", "data key"]
    assert len(cache) == 1
    assert cache.take("a") is None
    assert len(cache) == 0


def test_a_data_key_is_not_shared_or_used_late_more_often_than_its_uses(clock: Clock) -> None:
    cache = ExpiringCache[str, str](max_age=60, capacity=5, max_uses=3, grace=600)
    entry = cache.load("a", lambda: "data key")
    assert cache.share(entry) == "data key"
    clock.forward(61)
    assert [cache.late("a"), cache.late("a"), cache.late("a")] == ["data key", "data key", None]
    assert cache.share(entry) is None


def test_a_data_key_used_late_serves_for_ten_seconds_before_aws_is_asked_again(clock: Clock) -> None:
    cache = cache_with_a_key()
    clock.forward(61)
    assert cache.take("a") is None
    assert cache.late("a") == "data key"
    clock.forward(9)
    assert cache.take("a") == "data key"
    clock.forward(2)
    assert cache.take("a") is None


def test_the_least_recently_used_data_key_makes_room() -> None:
    cache = cache_with_a_key(capacity=2)
    cache.load("b", lambda: "b")
    cache.take("a")
    cache.load("c", lambda: "c")
    assert [cache.take(key) for key in "abc"] == ["data key", None, "c"]


def test_without_an_age_nothing_is_kept_and_no_grace_changes_that(clock: Clock) -> None:
    cache = ExpiringCache[str, str](max_age=0, capacity=5, max_uses=10, grace=600)
    assert cache.load("a", lambda: "data key").value == "data key"
    assert len(cache) == 0
    assert cache.late("a") is None


@pytest.mark.parametrize(("max_age", "taken"), [(0.5, "data key"), (1, "data key"), (0, None)])
def test_a_data_key_of_less_than_a_second_is_kept_too(clock: Clock, max_age: float, taken: str | None) -> None:
    cache = ExpiringCache[str, str](max_age=max_age, capacity=5, max_uses=10)
    cache.load("a", lambda: "data key")
    clock.forward(max_age * 0.9)
    assert cache.take("a") == taken
