"""Which tenants represent each other, and which represent themselves alone, document by document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tenant_keys.review.proof.equivalence import by_class, class_of_each
from tenant_keys.review.proof.inventory import take_inventory
from tenant_keys.review.proof.promise import Promise, promises
from tools.random_estates.small_estates import CENTRAL, Templates, estate_of, templates_of

Edit = Callable[[Templates], None]
ROLE = f"arn:aws:iam::{CENTRAL}:role"


def groups(*tenants: str, edit: Edit | None = None, promised: Callable[[Promise], Promise] = lambda one: one) -> Any:
    """The first tenants of each class and its size, by the ids of the tenants."""
    estate = estate_of(*(one if ":" in one else f"'{one}': {{}}" for one in tenants))
    templates = templates_of(estate).copy()
    if edit is not None:
        edit(templates)
    known = {tenant: promised(one) for tenant, one in promises(estate).items()}
    found = by_class(class_of_each(take_inventory(templates, known), known)).values()
    return sorted((*one.first, one.count) for one in found)


TRUST = {"Statement": {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}}
ALIKE = ("acme", "bolt", "boom", "zed")


DENY = {"Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}


def denying(resource: Any = "*", **condition: Any) -> Edit:
    """Add a Deny to acme's key policy."""
    body = {**DENY, "Resource": resource}

    def edit(templates: Templates) -> None:
        statements = templates.properties("keys", "Keyacme")["KeyPolicy"]["Statement"]
        statements.append({**body, **({"Condition": condition} if condition else {})})

    return edit


def test_tenants_of_whom_the_same_is_declared_stand_for_each_other() -> None:
    assert groups(*ALIKE) == [("acme", "bolt", 4)]
    assert groups("acme", "bolt", "'stop': {state: suspended}") == [("acme", "bolt", 2), ("stop", 1)]


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (denying(), [("acme", 1), ("bolt", "boom", 3)]),
        (
            denying(StringEquals={"kms:RequestAlias": "alias/tenant-bolt"}),
            [("acme", 1), ("bolt", 1), ("boom", "zed", 2)],
        ),
        (
            denying(StringLike={"kms:RequestAlias": "alias/tenant-bo*"}),
            [("acme", 1), ("bolt", "boom", 2), ("zed", 1)],
        ),
        (
            denying(ArnEquals={"aws:PrincipalArn": f"{ROLE}/tenant-keys/orders/tenant-bolt.orders"}),
            [("acme", 1), ("bolt", 1), ("boom", "zed", 2)],
        ),
        (denying(f"arn:aws:kms:eu-west-1:{CENTRAL}:alias/tenant-bolt"), [("acme", 1), ("bolt", 1), ("boom", "zed", 2)]),
        (
            denying(StringEquals={"aws:PrincipalTag/tenant_id": "${aws:PrincipalTag/team, 'bolt'}"}),
            [("acme", 1), ("bolt", 1), ("boom", "zed", 2)],
        ),
        (
            denying(StringLike={"kms:RequestAlias": "alias/${aws:PrincipalTag/team}"}),
            [("acme", 1), ("bolt", "boom", 3)],
        ),
        (denying(StringEquals={"kms:RequestAlias": "alias/tenant-acme"}), [("acme", 1), ("bolt", "boom", 3)]),
    ],
)
def test_who_is_named_by_anothers_document_is_apart_from_who_is_not(edit: Edit, expected: Any) -> None:
    assert groups(*ALIKE, edit=edit) == expected


@pytest.mark.parametrize(
    "word",
    [
        *("account", "user", "assumedrole", "federateduser", "true", "false", "external", "primary", "replica"),
        *("anonymous", CENTRAL, "222222222222", "eu-west-1", "orders"),
    ],
)
def test_a_tenant_whose_id_is_another_value_of_the_estate_represents_itself(word: str) -> None:
    assert groups("acme", "bolt", word) == sorted([("acme", "bolt", 2), (word, 1)])


def test_a_tenant_whose_id_is_the_account_or_a_tag_of_a_role_represents_itself() -> None:
    """No document names either."""

    def edit(templates: Templates) -> None:
        templates.places["elsewhere"] = ("888888888888", "eu-west-1")
        tags = [{"Key": "of", "Value": "boom"}]
        role = {"RoleName": "stray", "AssumeRolePolicyDocument": TRUST, "Tags": tags}
        templates.add("elsewhere", "Stray", "AWS::IAM::Role", role)

    assert groups("acme", "bolt", "888888888888", edit=edit) == [("888888888888", 1), ("acme", "bolt", 2)]
    assert groups(*ALIKE, edit=edit) == [("acme", "bolt", 3), ("boom", 1)]


@pytest.mark.parametrize("operator", ["NumericEquals", "DateLessThan", "Bool", "IpAddress"])
def test_a_tenant_whose_id_is_a_number_represents_itself_where_numbers_are_read(operator: str) -> None:
    values = {"NumericEquals": "5", "DateLessThan": "2027-01-01", "Bool": "true", "IpAddress": "10.0.0.0/8"}
    edit = denying(**{operator: {"aws:PrincipalTag/team": values[operator]}})
    tenants = ("acme", "bolt", "boom", "77", "7-8")
    assert groups(*tenants) == [("7-8", "77", 5)]
    assert groups(*tenants, edit=edit) == [("7-8", 1), ("77", 1), ("acme", 1), ("bolt", "boom", 2)]


@pytest.mark.parametrize(("days", "apart"), [("30", False), ("${aws:PrincipalTag/team}", True)])
def test_a_key_of_numbers_holds_no_id_but_what_it_is_compared_with_may(days: str, apart: bool) -> None:
    edit = denying(NumericLessThan={"kms:TrailingDaysWithoutKeyUsage": days})
    assert (("77", 1) in groups("acme", "bolt", "boom", "77", "7-8", edit=edit)) is apart


def test_two_tenants_that_share_a_name_stand_for_themselves() -> None:
    """The manifest refuses it; the reduction does not lean on that."""
    importer = f"{ROLE}/both"

    def share(one: Promise) -> Promise:
        return replace(one, import_role=importer, own_importer=True) if one.tenant in {"acme", "bolt"} else one

    assert groups(*ALIKE, promised=share) == [("acme", 1), ("bolt", 1), ("boom", "zed", 2)]


def test_a_tenant_whose_import_role_is_in_the_templates_represents_itself() -> None:
    def own(one: Promise) -> Promise:
        return replace(one, import_role=f"{ROLE}/{one.tenant}-import", own_importer=True)

    def edit(templates: Templates) -> None:
        role = {"RoleName": "bolt-import", "AssumeRolePolicyDocument": TRUST}
        templates.add("roles", "Importer", "AWS::IAM::Role", role)

    assert groups(*ALIKE, promised=own) == [("acme", "bolt", 4)]
    assert groups(*ALIKE, promised=own, edit=edit) == [("acme", "boom", 3), ("bolt", 1)]


def test_tenants_whose_keys_carry_a_tag_that_is_asked_for_in_different_regions_represent_themselves() -> None:
    """Of two keys each, of which one is gold and one silver; the first of each in the templates is silver."""
    estate = estate_of(*(f"{name}: {{key: {{multi_region: true}}}}" for name in ALIKE), recorded=True)
    known = promises(estate)
    for asked, expected in ((False, [(*ALIKE[:2], 4)]), (True, [("acme", 1), ("bolt", "boom", 3)])):
        templates = templates_of(estate).copy()
        for name in ALIKE:
            plans = ("silver", "gold") if name == "acme" else ("gold", "silver")
            for stack, plan in zip(("keys", "replicas"), plans, strict=True):
                key = templates.properties(stack, f"Key{name}")
                key["Tags"] = [*key["Tags"], {"Key": "plan", "Value": plan}]
            if asked:
                statements = templates.properties("keys", f"Key{name}")["KeyPolicy"]["Statement"]
                condition = {"StringEquals": {"aws:ResourceTag/plan": "gold"}}
                statements.append({**DENY, "Condition": condition})
        templates.places["early"] = templates.places["replicas"]
        of_acme = {"Keyacme", "Aliasacme"}
        replicas = templates.resources.pop("replicas")
        early = {name: one for name, one in replicas.items() if name not in of_acme}
        templates.resources = {"early": early, **templates.resources}
        templates.resources["replicas"] = {name: replicas[name] for name in of_acme}
        found = by_class(class_of_each(take_inventory(templates, known), known)).values()
        assert sorted((*one.first, one.count) for one in found) == expected


def test_a_tenant_whose_id_is_a_region_of_a_key_represents_itself() -> None:
    """No document names the Region."""

    def edit(templates: Templates) -> None:
        templates.places["elsewhere"] = (CENTRAL, "eu-north-1")
        for name in ("Keyzed", "Aliaszed"):
            templates.resources.setdefault("elsewhere", {})[name] = replace(
                templates.resources["keys"].pop(name), stack="elsewhere", region="eu-north-1"
            )

    assert groups("acme", "bolt", "eu-north-1") == [("acme", "bolt", 3)]
    tenants = ("acme", "bolt", "eu-north-1", "zed")
    assert groups(*tenants, edit=edit) == [("acme", "bolt", 2), ("eu-north-1", 1), ("zed", 1)]
