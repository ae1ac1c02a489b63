"""A large estate is asked about by two tenants of each kind; everyone else who may ask still may."""

from __future__ import annotations

from tenant_keys.review.second_opinion import second_opinion
from tenant_keys.review.second_opinion.scope import SMALL, representatives
from tools.random_estates.small_estates import CENTRAL, estate_of, templates_of

MANY = estate_of(*(f"t{number}: {{}}" for number in range(SMALL + 4)), "late: {state: suspended}")


def test_a_small_estate_is_asked_about_as_a_whole() -> None:
    small = estate_of("acme: {}", "bolt: {state: suspended}")
    assert [tenant.id for tenant in representatives(small)] == ["acme", "bolt"]


def test_two_tenants_stand_for_those_of_whom_the_same_is_declared() -> None:
    assert sorted(tenant.id for tenant in representatives(MANY)) == ["late", "t0", "t1"]


def test_the_role_of_a_tenant_that_was_not_chosen_still_may_ask() -> None:
    """Its policies are not read: it may have any."""
    templates = templates_of(MANY)
    for tenant in ("t0", "t9"):
        policy = templates.properties("keys", f"Key{tenant}")["KeyPolicy"]
        role = f"arn:aws:iam::{CENTRAL}:role/tenant-keys/orders/tenant-t7.orders"
        policy["Statement"].append(
            {"Effect": "Allow", "Action": "kms:RevokeGrant", "Resource": "*", "Principal": {"AWS": role}}
        )
    opinion = second_opinion(templates, MANY)
    breaches = [one for one in opinion.breaches if one.kind == "key"]
    assert [one.tenant for one in breaches] == ["t0"]
    assert str(breaches[0].example.principal["role_arn"]).endswith("tenant-t7.orders")
    assert opinion.tenants == 3
