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
    a, x, other = ACME, "alias/x", "alias/z"
    sets = [None, (a,), (x,), (other,), (a, x), (a, other), (x, other), (a, x, other)]
    assert states(case, anonymous()) == [(pointing, [None, a, x, other]) for pointing in sets]


@pytest.mark.parametrize(("pattern", "named"), [("*acme", "alias/acme"), ("?*", "alias/z"), ("ali*", "alias/z")])
def test_an_alias_that_a_pattern_fits_is_one_that_kms_creates(pattern: str, named: str) -> None:
    """AWS KMS API, CreateAlias: the name begins with alias/."""
    ((pointing, names),) = states(acme("StringLike", "kms:RequestAlias", pattern), anonymous())
    assert pointing is not None
    assert named in pointing
    assert all(one is None or one.startswith("alias/") for one in names)


def test_aliases_that_are_compared_as_binary_are_not_proved() -> None:
    with pytest.raises(NotProved, match="kms:requestalias: no classes of values are derived for BinaryEquals"):
        states(acme("BinaryEquals", "kms:RequestAlias", "YWNtZQ=="), anonymous())


def test_where_no_policy_asks_which_aliases_point_at_the_key_all_of_them_name_it() -> None:
    case = acme("StringEquals", "kms:RequestAlias", "alias/x")
    named = (ACME, "alias/x", "alias/z")
    assert states(case, anonymous()) == [(named, [None, *named])]
    of_globex = (ACME, GLOBEX, "alias/x", "alias/z")
    assert states(case, replace(anonymous(), tenant="globex")) == [(of_globex, [None, *of_globex])]


def test_more_aliases_than_can_be_tried_in_all_sets_are_not_proved() -> None:
    def case(number: int) -> KeyCase:
        return acme("ForAnyValue:StringEquals", "kms:ResourceAliases", *(f"alias/{one}" for one in range(number)))

    assert len(states(case(4), anonymous())) == 64
    with pytest.raises(NotProved, match=r"^7 aliases are distinguished: write exact values$"):
        states(case(5), anonymous())
