"""Requests with and without the client's cache."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tenant_keys.client.assume_role import DURATION
from tenant_keys.client.limits import Limits
from tenant_keys.client.tenant_session import RENEW_BEFORE
from tenant_keys.cost import Load, load_prices
from tenant_keys.cost.requests import CACHE_MESSAGES, CACHE_SECONDS, SESSION_SECONDS, with_cache, without_cache


def test_the_cache_modelled_is_the_clients_own_default() -> None:
    assert DURATION - RENEW_BEFORE == SESSION_SECONDS == 3_300
    assert (Limits().max_age, Limits().max_messages) == (CACHE_SECONDS, CACHE_MESSAGES) == (300, 10_000)


def test_without_a_cache_every_message_costs_two_requests() -> None:
    """10 messages a second: 20 requests, 52,560,000 a month, of which 20,000 are free: $157.62."""
    requests = without_cache(Load(10), load_prices())
    assert (requests.per_second, requests.month) == (20, 52_560_000)
    assert requests.dollars_month == Decimal("157.62")


def test_the_free_requests_of_the_month_cost_nothing() -> None:
    requests = without_cache(Load(0.003), load_prices())
    assert (requests.month, requests.dollars_month) == (15_768, Decimal("0.00"))


def test_the_cache_leaves_one_data_key_made_and_read_for_each_tenant_and_five_minutes() -> None:
    """10 tenants, 1 message a second each: a data key serves 1 + 300; 10/301 are made a second and as many read."""
    requests = with_cache(Load(10), 10, load_prices())
    assert requests.per_second == pytest.approx(2 * 10 / 301)
    assert requests.month == 174_618
    assert requests.dollars_month == Decimal("0.46")


def test_a_busy_tenants_data_key_is_given_up_after_ten_thousand_messages() -> None:
    assert with_cache(Load(1_000), 1, load_prices()).per_second == pytest.approx(0.2)


def test_every_further_process_reads_each_data_key_once() -> None:
    """4 processes: 0.25 messages a second each, so a data key serves 76; it is made once and read 4 times."""
    assert with_cache(Load(1, processes=4), 1, load_prices()).per_second == pytest.approx(5 / 76)


def test_a_tenant_that_is_seldom_used_gains_nothing_from_a_cache() -> None:
    rare = with_cache(Load(0.000001), 1, load_prices()).per_second
    assert rare == pytest.approx(without_cache(Load(0.000001), load_prices()).per_second, rel=0.001)


def test_a_load_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 0"):
        Load(-1)
