"""What a first deployment takes at least."""

from __future__ import annotations

from collections.abc import Callable

from tenant_keys.cost import Load, cost_report, with_tenants
from tenant_keys.manifest import Estate

EstateOf = Callable[..., Estate]


def steps(estate: Estate) -> list[tuple[str, float, str]]:
    return [(step.what, step.seconds, step.bound_by) for step in cost_report(estate, Load(0)).deployment]


def test_a_thousand_keys_take_two_hundred_seconds_however_many_stacks_run_at_once(estate_of: EstateOf) -> None:
    assert steps(with_tenants(estate_of("acme: {}"), 1_000)) == [
        ("keys and aliases", 200.0, "CreateKey 5/s in eu-west-1")
    ]


def test_regions_work_side_by_side(estate_of: EstateOf) -> None:
    estate = with_tenants(estate_of("acme: {}", "north: {key: {region: eu-north-1}}"), 1_000)
    assert steps(estate) == [("keys and aliases", 100.0, "CreateKey 5/s in eu-west-1")]


def test_replicas_come_second_and_count_twice_as_created_keys_in_their_region(estate_of: EstateOf) -> None:
    """100 keys with 2 replicas each: 200 ReplicateKey at 5/s at home, 2 * 100 CreateKey at 5/s in each Region."""
    estate = with_tenants(estate_of("umbrella: {key: {multi_region: true}}"), 100)
    assert steps(estate) == [
        ("keys and aliases", 20.0, "CreateKey 5/s in eu-west-1"),
        ("replicas", 40.0, "ReplicateKey 5/s in eu-west-1"),
    ]


def test_replicas_into_one_region_are_bound_by_that_region(estate_of: EstateOf) -> None:
    head = ("eu-central-1, eu-north-1", "eu-central-1")
    estate = with_tenants(estate_of("umbrella: {key: {multi_region: true}}", head=head), 100)
    assert steps(estate)[1] == ("replicas", 40.0, "CreateKey 5/s in eu-central-1")
