"""The states to which somebody brings a key who moves aliases: which point at it, and which may name it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tenant_keys.review.proof import NotProved
from tenant_keys.review.proof.actor import Actor, anonymous
from tenant_keys.review.proof.key_targets import repointed
from tenant_keys.review.proof.reviewed import review_estate
from tenant_keys.review.proof.world import KeyCase, build_world
from tests.review.proof.test_kinds import adding, estate_of, without
from tools.random_estates.small_estates import templates_of

ESTATE = estate_of()
ACME, GLOBEX = "alias/tenant-acme", "alias/tenant-globex"
States = list[tuple[tuple[str, ...] | None, list[str | None]]]


def acme(operator: str, key: str, *values: str) -> KeyCase:
    """The key of acme, whose policy allows use under one condition."""
    templates = templates_of(ESTATE)
    without()(templates)
    adding(Principal="*", Condition={operator: {key: list(values)}})(templates)
    reviewed = review_estate(templates, ESTATE)
    world = build_world(ESTATE, reviewed.inventory, reviewed.promises, reviewed.classes)
    (case,) = (one for one in world.keys if one.promise.tenant == "acme")
    return case


def states(case: KeyCase, actor: Actor) -> States:
    """Aliases that point at the key, and those by which a request may name it; None: the request names its ARN."""
    found: list[Any] = [one.choices for one in repointed(case, actor)]
    return [(one["kms:resourcealiases"][0], list(one["kms:requestalias"])) for one in found]


def test_every_set_of_the_aliases_that_a_policy_distinguishes_may_point_at_the_key() -> None:
    case = acme("ForAnyValue:StringEquals", "kms:ResourceAliases", "alias/x")
    a, x, other, unnamed = ACME, "alias/x", "other", "alias/other"
    sets = [
        *(None, (a,), (x,), (other,), (unnamed,)),
        *((a, x), (a, other), (a, unnamed), (x, other), (x, unnamed), (other, unnamed)),
        *((a, x, other), (a, x, unnamed), (a, other, unnamed), (x, other, unnamed)),
        (a, x, other, unnamed),
    ]
    assert states(case, anonymous()) == [(pointing, [None, a, x, other, unnamed]) for pointing in sets]


def test_where_no_policy_asks_which_aliases_point_at_the_key_all_of_them_name_it() -> None:
    case = acme("StringEquals", "kms:RequestAlias", "alias/x")
    named = (ACME, "alias/x", "other", "alias/other")
    assert states(case, anonymous()) == [(named, [None, *named])]
    of_globex = (ACME, GLOBEX, "alias/x", "other", "alias/other")
    assert states(case, replace(anonymous(), tenant="globex")) == [(of_globex, [None, *of_globex])]


def test_more_aliases_than_can_be_tried_in_all_sets_are_not_proved() -> None:
    def case(number: int) -> KeyCase:
        return acme("ForAnyValue:StringEquals", "kms:ResourceAliases", *(f"alias/{one}" for one in range(number)))

    assert len(states(case(3), anonymous())) == 64
    with pytest.raises(NotProved, match=r"^7 aliases are distinguished: write exact values$"):
        states(case(4), anonymous())
