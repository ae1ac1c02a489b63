"""What keys cost: every expected dollar is counted by hand."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from tenant_keys.cost import Load, cost_report, load_prices
from tenant_keys.manifest import Estate

EstateOf = Callable[..., Estate]


def months(estate: Estate) -> list[str]:
    return [str(dollars) for dollars in cost_report(estate, Load(0)).months]


def test_a_key_costs_one_dollar_then_two_then_three(estate_of: EstateOf) -> None:
    assert months(estate_of("acme: {}")) == ["1.00", "2.00", "3.00"]


def test_a_key_whose_rotation_is_off_stays_at_one_dollar(estate_of: EstateOf) -> None:
    assert months(estate_of("acme: {rotation_days: off}")) == ["1.00", "1.00", "1.00"]


def test_an_imported_key_is_not_rotated_by_aws_and_stays_at_one_dollar(estate_of: EstateOf) -> None:
    assert months(estate_of("acme: {key: {origin: imported, import_role: role/Import}}")) == ["1.00", "1.00", "1.00"]


def test_a_suspended_key_is_still_charged_but_no_longer_rotates(estate_of: EstateOf) -> None:
    assert months(estate_of("acme: {state: suspended}")) == ["1.00", "1.00", "1.00"]


def test_three_tenants_of_which_one_has_replicas_in_two_regions(estate_of: EstateOf) -> None:
    """3 keys and 2 replicas: 5; each rotation adds 3 for the keys, and 0 to 2 for the replicas."""
    estate = estate_of("acme: {}", "globex: {}", "umbrella: {key: {multi_region: true}}")
    assert months(estate) == ["5.00", "8.00 to 10.00", "11.00 to 15.00"]


def test_the_mixed_estate_adds_up_region_by_region(estate_of: EstateOf) -> None:
    report = cost_report(
        estate_of(
            "acme: {}",
            "frozen: {state: suspended, key: {multi_region: true}}",
            "globex: {key: {origin: imported, import_role: role/Import}}",
            "north: {key: {region: eu-north-1}}",
            "plain: {rotation_days: off}",
            "umbrella: {key: {multi_region: true, region: eu-central-1}}",
        ),
        Load(0),
    )
    counted = {region.region: (region.keys, region.replicas, region.waiting) for region in report.regions}
    assert counted == {"eu-west-1": (4, 1, 1), "eu-central-1": (1, 1, 1), "eu-north-1": (1, 2, 2)}
    dollars = {region.region: [str(stage) for stage in region.months] for region in report.regions}
    assert dollars == {
        "eu-west-1": ["5.00", "6.00 to 7.00", "7.00 to 9.00"],  # acme rotates; the replica of umbrella may
        "eu-central-1": ["2.00", "3.00", "4.00"],  # umbrella rotates; frozen's replica does not
        "eu-north-1": ["3.00", "4.00 to 5.00", "5.00 to 7.00"],
    }
    assert [str(stage) for stage in report.months] == ["10.00", "13.00 to 15.00", "16.00 to 20.00"]


def test_recorded_replicas_no_longer_wait_and_cost_the_same(
    estate_of: EstateOf, recorded: Callable[[Estate], Estate]
) -> None:
    estate = estate_of("umbrella: {key: {multi_region: true}}")
    report = cost_report(recorded(estate), Load(0))
    assert [region.waiting for region in report.regions] == [0, 0, 0]
    assert months(recorded(estate)) == months(estate) == ["3.00", "4.00 to 6.00", "5.00 to 9.00"]


def test_the_price_file_is_dated_and_sourced() -> None:
    prices = load_prices()
    assert prices.date == "2026-09"
    assert all(source.startswith("https://") for source in prices.sources)
    assert (prices.key_month, prices.rotation_month) == (Decimal("1.00"), Decimal("1.00"))
    assert (prices.rotations_charged, prices.requests_10000) == (2, Decimal("0.03"))


def test_beside_it_stand_a_key_per_service_and_one_shared_key(estate_of: EstateOf) -> None:
    """acme: 2 services, umbrella: 1 with 2 replicas."""
    report = cost_report(
        estate_of("acme: {workloads: [orders, billing]}", "umbrella: {key: {multi_region: true}}"), Load(0)
    )
    beside = {each.name: (each.keys, [str(stage) for stage in each.months]) for each in report.arrangements}
    assert beside == {
        "one key per tenant": (4, ["4.00", "6.00 to 8.00", "8.00 to 12.00"]),
        "per service and tenant": (5, ["5.00", "8.00 to 10.00", "11.00 to 15.00"]),
        "one shared key": (3, ["3.00", "4.00 to 6.00", "5.00 to 9.00"]),
    }


def test_what_is_not_documented_is_said(estate_of: EstateOf) -> None:
    report = cost_report(estate_of("umbrella: {key: {multi_region: true}}"), Load(0))
    assert any(line.startswith("not documented: whether a replica") for line in report.assumptions)
