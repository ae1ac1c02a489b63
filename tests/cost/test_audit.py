"""What detection costs: every expected dollar is counted by hand."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO

from rich.console import Console

from tenant_keys.cli.cost import show
from tenant_keys.cost import AuditCost, Load, cost_report, with_tenants
from tenant_keys.manifest import Estate

EstateOf = Callable[..., Estate]


def of(estate: Estate, load: float = 0) -> AuditCost:
    found = cost_report(estate, Load(load)).audit
    assert found is not None
    return found


def test_three_regions_have_three_keys_and_six_alarms(estate_of: EstateOf) -> None:
    audit = of(estate_of("acme: {}"))
    assert str(audit.keys) == "3.00 to 9.00"  # 1 dollar each, 3 after two rotations
    assert str(audit.requests) == "0.00 to 0.32"  # 3 x 35,712 requests at 3 cents for 10,000
    assert str(audit.alarms) == "0.60"
    assert str(audit.months) == "3.60 to 9.92"


def test_key_material_that_expires_may_cost_ten_cents_a_key(estate_of: EstateOf) -> None:
    dated = "{{key: {{origin: imported, import_role: role/Import{number}, expires: dated}}}}"
    tenants = [f"t{number}: {dated.format(number=number)}" for number in range(10)]
    assert str(of(estate_of(*tenants)).alarms) == "0.60 to 1.30"  # 3 for quotas, and 10 keys in the other's place of 3


def test_ten_thousand_tenants_cost_what_a_hundred_do(estate_of: EstateOf) -> None:
    estate = estate_of("acme: {}", "globex: {}")
    assert of(with_tenants(estate, 100)).months == of(with_tenants(estate, 10_000)).months


def test_the_trail_that_is_not_made_would_cost_two_dollars_for_100_000_events(estate_of: EstateOf) -> None:
    """1,000 messages a second are 2,000 requests: 5,256 million a month of 730 hours."""
    assert str(of(estate_of("acme: {}"), 1_000).second_trail).endswith("105,120.00")


def test_the_own_trail_pays_for_storage_and_warns_of_the_second_copy(estate_of: EstateOf) -> None:
    """5,256 million records of 200 bytes a month are 1,051.2 GB; in 400 days 13,824 GB, at 2.3 cents each."""
    estate = estate_of("acme: {}", head=("workloads:\n", "audit: {trail: own}\nworkloads:\n"))
    assert str(of(estate, 1_000).records).endswith("317.95")
    assert str(of(estate, 0).months) == "3.60 to 9.92"
    shown = Console(width=500, file=StringIO(), record=True)
    show(cost_report(estate, Load(1_000)), shown)
    (warning,) = [line for line in shown.export_text().splitlines() if "WARNING" in line]
    assert "this trail is a second copy" in warning
    assert "105,120.00 dollars a month more" in warning


def test_an_estate_without_detection_pays_nothing_for_it(estate_of: EstateOf) -> None:
    estate = estate_of("acme: {}", head=("workloads:\n", 'audit: "off"\nworkloads:\n'))
    assert cost_report(estate, Load(0)).audit is None
