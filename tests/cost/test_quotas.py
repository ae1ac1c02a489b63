"""Quotas: used, left, and the number of tenants at which each breaks."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tenant_keys.aws_facts.quotas import symmetric_requests_per_second
from tenant_keys.cost import Load, cost_report, with_tenants
from tenant_keys.cost.usage import QuotaUse
from tenant_keys.manifest import Estate

EstateOf = Callable[..., Estate]


def uses(estate: Estate, load: Load | None = None) -> dict[tuple[str, str], QuotaUse]:
    report = cost_report(estate, load or Load(0))
    return {(use.quota, use.where): use for use in report.quotas}


def test_the_roles_quota_breaks_where_pairs_shared_and_bootstrap_roles_exceed_it(estate_of: EstateOf) -> None:
    """1 shared role, 3 Regions of 5 bootstrap roles; a role a tenant: 984 tenants fit into 1,000."""
    use = uses(estate_of("acme: {}", "globex: {}"))["IAM roles", "key account"]
    assert (use.used, use.limit, use.left, use.breaks_at) == (18, 1_000, 982, 985)
    assert use.way_out == "raise to 10,000, or access: session-tag"
    fits = uses(with_tenants(estate_of("acme: {}"), 984))["IAM roles", "key account"]
    breaks = uses(with_tenants(estate_of("acme: {}"), 985))["IAM roles", "key account"]
    assert (fits.left, breaks.left) == (0, -1)


def test_a_raised_roles_quota_moves_the_breaking_point_and_is_not_advised_again(estate_of: EstateOf) -> None:
    estate = estate_of("acme: {}", head=("central:\n", "central:\n  quotas: {iam_roles: 10000}\n"))
    use = uses(estate)["IAM roles", "key account"]
    assert (use.breaks_at, use.way_out) == (9_985, "access: session-tag")


def test_shared_roles_never_exhaust_the_roles_quota(estate_of: EstateOf) -> None:
    assert uses(estate_of("acme: {workloads: [billing]}"))["IAM roles", "key account"].breaks_at is None


def test_keys_and_replicas_count_in_their_own_region(estate_of: EstateOf) -> None:
    """Half the tenants have replicas: 100,000 keys in the home Region, but replicas of 200,000 tenants elsewhere."""
    found = uses(estate_of("acme: {}", "umbrella: {key: {multi_region: true}}"))
    assert found["KMS keys", "eu-west-1"].breaks_at == 100_001
    assert (found["KMS keys", "eu-north-1"].used, found["KMS keys", "eu-north-1"].breaks_at) == (1, 200_001)


def test_the_request_rate_of_the_region_breaks_at_the_load_of_each_tenant(estate_of: EstateOf) -> None:
    """2 tenants, 100 messages a second together: 100 requests a second each; 100,000 hold 1,000 of them."""
    use = uses(estate_of("acme: {}", "globex: {}"), Load(100))["requests a second", "eu-west-1"]
    assert (use.used, use.limit, use.breaks_at) == (200, 100_000, 1_001)


def test_a_slower_region_breaks_earlier(estate_of: EstateOf) -> None:
    use = uses(estate_of("acme: {key: {region: eu-north-1}}"), Load(50))["requests a second", "eu-north-1"]
    assert (use.limit, use.breaks_at) == (10_000, 101)


def test_suspended_tenants_make_no_requests(estate_of: EstateOf) -> None:
    assert ("requests a second", "eu-west-1") not in uses(estate_of("acme: {state: suspended}"), Load(5))


def test_the_rates_are_those_of_the_guide() -> None:
    assert symmetric_requests_per_second("us-east-1") == 100_000
    assert symmetric_requests_per_second("eu-central-1") == 20_000
    assert symmetric_requests_per_second("eu-south-2") == 10_000


def test_stacks_are_counted_by_cell_and_replicas_by_the_cell_they_copy(estate_of: EstateOf) -> None:
    """81 tenants: 2 key cells, 1 role cell, shared access and CDKToolkit at home; 2 replica stacks and CDKToolkit."""
    found = uses(with_tenants(estate_of("umbrella: {key: {multi_region: true}}"), 81))
    assert found["stacks", "eu-west-1"].used == 5
    assert found["stacks", "eu-north-1"].used == 3
    # 2,000 less CDKToolkit, each stack the replicas of 80 tenants
    assert found["stacks", "eu-north-1"].breaks_at == 159_921
    # one replicated tenant in ten puts a replica stack beside every cell all the same
    sparse = estate_of("acme: {}", "umbrella: {key: {multi_region: true}}")
    assert uses(sparse)["stacks", "eu-north-1"].breaks_at == 159_921


def test_a_full_key_cell_holds_a_third_of_what_a_stack_may(estate_of: EstateOf) -> None:
    use = uses(with_tenants(estate_of("acme: {}"), 80))["resources of a stack", "fullest"]
    assert (use.used, use.limit, use.breaks_at) == (160, 500, None)


def test_parameters_do_not_grow_with_tenants_but_exceptions_in_them_do(estate_of: EstateOf) -> None:
    """`"north":"arn:aws:kms:eu-north-1:111111111111:alias/tenant-north",` has 9 + 23 + 13 + 18 + 2 = 65 characters.

    Of 4,096 the frame takes 400; a third of the tenants takes 65 each.
    """
    found = uses(estate_of("acme: {}", "globex: {}", "north: {key: {region: eu-north-1}}"))
    assert found["SSM parameters", "fullest account"].used == 1
    parameter = found["characters of a parameter", "largest"]
    assert (parameter.used, parameter.breaks_at) == (465, 171)


def test_what_exceeds_a_quota_is_listed(estate_of: EstateOf) -> None:
    report = cost_report(with_tenants(estate_of("acme: {}"), 2_000), Load(0))
    assert [use.quota for use in report.exceeded] == ["IAM roles"]


def test_what_if_repeats_the_mix_in_order(estate_of: EstateOf) -> None:
    estate = with_tenants(estate_of("acme: {}", "globex: {state: suspended}"), 5)
    assert [tenant.state for tenant in estate.tenants.values()] == [
        "active",
        "suspended",
        "active",
        "suspended",
        "active",
    ]
    assert len(with_tenants(estate, 1).tenants) == 1
    with pytest.raises(ValueError, match="at least 1 tenant"):
        with_tenants(estate, 0)


def test_sts_breaks_where_the_sessions_of_one_workload_account_are_renewed_600_times_a_second(
    estate_of: EstateOf,
) -> None:
    """600 a second x 3,300 s = 1,980,000 sessions; with 1,000 processes a tenant that is 1,980 tenants."""
    estate = estate_of("acme: {}", "globex: {workloads: [orders, billing]}")
    found = uses(estate, Load(0, processes=1_000))["STS requests a second", "222222222222"]
    assert (found.used, found.limit, found.breaks_at) == (1, 600, 1_981)
    assert uses(with_tenants(estate, 1_981), Load(0, processes=1_000))["STS requests a second", "222222222222"].left < 0


def test_identity_providers_count_once_for_each_issuer(estate_of: EstateOf) -> None:
    portal = """\
identity_providers: {login: {issuer: "https://login.example.com"}}
workloads:
  portal: {account: "222222222222", access: web-identity, identity_provider: login, audience: a}
  mobile: {account: "222222222222", access: web-identity, identity_provider: login, audience: b}
"""
    use = uses(estate_of("acme: {}", head=("workloads:\n", portal)))["OIDC providers", "key account"]
    assert (use.used, use.limit) == (1, 100)
