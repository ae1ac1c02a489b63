"""Every principal that could ask for one key and each that is declared for it; typed by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tenant_keys.manifest import Estate
from tenant_keys.review.proof.actor import Actor
from tenant_keys.review.proof.actors import actors_of, declared_actors
from tenant_keys.review.proof.document import Document
from tenant_keys.review.proof.world import KeyCase, World
from tests.review.proof.test_issuance import world_of
from tests.review.proof.test_kinds import ROOT, WITHOUT_ORGANIZATION, adding, estate_of, policy
from tools.random_estates.small_estates import CENTRAL, HEAD, templates_of

TENANTS = ("acme: {workloads: [orders, billing, portal]}", "globex: {}")
ROLE, OWN = f"arn:aws:iam::{CENTRAL}:role/", f"arn:aws:iam::{CENTRAL}:role/tenant-keys/"
ACCOUNTS = (CENTRAL, "222222222222", "333333333333")
EVERYTHING = "full administrator rights"
DECLARED = ("KeyAdministrator", "KeyBreakGlass", "SecurityAudit")
EXECUTION = [f"{ROLE}cdk-hnb659fds-cfn-exec-role-{CENTRAL}-{region}" for region in ("eu-central-1", "eu-west-1")]


def asked(estate: Estate, **statement: Any) -> tuple[KeyCase, World]:
    """The key of acme, with a policy of one statement."""
    templates = templates_of(estate)
    policy(templates, "acme")[:] = []
    adding(**{"Principal": ROOT, **statement})(templates)
    world = world_of(estate, templates)
    (case,) = (one for one in world.keys if one.promise.tenant == "acme")
    return case, world


def tag(actor: Actor) -> str | None:
    return actor.principal.tags.get("tenant_id")


def shown(actor: Actor) -> tuple[str, str | None, bool, str | None, str | None]:
    """Its label, tenant, whether it is known, its organization, and the name of its own policy."""
    own = actor.identity[0].policy.name if actor.identity else None
    return actor.label, actor.tenant, actor.known, actor.principal.organization, own


OF_ROLES = {
    ("tenant acme through workload orders", "acme", "policy Use of tenant-acme.orders"),
    ("tenant globex through workload orders", "globex", "policy Use of tenant-globex.orders"),
    ("a session of tenant-keys/billing/shared.billing", None, "policy Use of shared.billing"),
    ("a session of tenant-keys/portal/shared.portal", None, "policy Use of shared.portal"),
}


def others_of(account: str) -> set[str]:
    return {
        f"arn:aws:iam::{account}:role/other",
        f"the root user of account {account}",
        f"the user arn:aws:iam::{account}:user/other",
        f"the federated user arn:aws:sts::{account}:federated-user/other",
    }


@pytest.mark.parametrize(("head", "own"), [(HEAD, ("o-a1b2c3d4e5",)), (WITHOUT_ORGANIZATION, (None, "o-otherzzzzz"))])
def test_everybody_whom_a_key_policy_distinguishes_asks_for_the_key(head: str, own: tuple[str | None, ...]) -> None:
    """The policy names nobody but the account: administrators are distinguished by what is declared of them."""
    members = {*EXECUTION, *(f"{ROLE}{name}" for name in DECLARED)}.union(*map(others_of, ACCOUNTS))
    found = [shown(one) for one in actors_of(*asked(estate_of(*TENANTS, head=head))) if tag(one) is None]
    assert sorted(found, key=str) == sorted(
        [
            *((label, tenant, True, one, policies) for label, tenant, policies in OF_ROLES for one in own),
            *((label, None, False, one, EVERYTHING) for label in members for one in own),
            *((one, None, False, at, EVERYTHING) for one in others_of("0" * 12) for at in (None, "o-otherzzzzz")),
            ("the service other.amazonaws.com", None, False, None, None),
            ("anybody", None, False, None, None),
        ],
        key=str,
    )


def test_whose_session_of_a_shared_role_it_is_its_tag_says_and_of_a_tenants_own_the_role() -> None:
    case, world = asked(estate_of(*TENANTS))
    sessions = [one for one in actors_of(case, world) if one.known]
    carried = {(str(one.role_arn).rpartition("/")[2], tag(one), one.tenant) for one in sessions}
    values = ("", "acme", "other")
    assert carried == {
        *((f"tenant-{name}.orders", value, name) for name in ("acme", "globex") for value in (None, *values)),
        *((f"shared.{name}", value, value) for name in ("billing", "portal") for value in values),
        *((f"shared.{name}", None, None) for name in ("billing", "portal")),
    }


def test_a_session_has_each_name_that_the_policy_distinguishes_and_those_of_strangers_too() -> None:
    named = [f"arn:aws:sts::{CENTRAL}:assumed-role/{name}/one" for name in ("tenant-acme.orders", "Stray")]
    sessions = {
        str(one.principal.arn).partition("assumed-role/")[2]
        for one in actors_of(*asked(estate_of(*TENANTS), Principal={"AWS": named}))
        if tag(one) is None and one.principal.account == CENTRAL and one.role_arn
    }
    assert {one for one in sessions if one.startswith(("tenant-", "Stray"))} == {
        *("tenant-acme.orders/any-session", "tenant-acme.orders/one", "tenant-globex.orders/any-session"),
        *("Stray/any-session", "Stray/one"),
    }


def test_a_role_of_which_some_policies_are_unknown_may_do_everything() -> None:
    case, world = asked(estate_of(*TENANTS))
    (own,) = world.own_roles["acme"]
    world.own_roles["acme"] = [replace(own, unknown_policies=("arn:aws:iam::aws:policy/Anything",))]
    label = "tenant acme through workload orders"
    for found in (actors_of(case, world), declared_actors(case, world)):
        assert {shown(one)[-1] for one in found if one.label == label} == {EVERYTHING}


def test_each_role_of_which_something_is_declared_asks_as_it_is_obtained() -> None:
    """With its own tags, and through a shared role with the tenant's; a token's issuer stays with its session."""
    of_project = {"tenant-keys:project": "tenant-keys"}
    asking = [
        (one.label, one.role_arn, dict(one.principal.tags), one.issuer, shown(one)[3:])
        for one in declared_actors(*asked(estate_of(*TENANTS)))
    ]
    orders = "o-a1b2c3d4e5"
    assert asking == [
        *((f"{ROLE}{name}", f"{ROLE}{name}", {}, "", (orders, EVERYTHING)) for name in DECLARED),
        *((name, name, {}, "", (orders, EVERYTHING)) for name in EXECUTION),
        (
            *("tenant acme through shared.billing", f"{OWN}billing/shared.billing"),
            *({**of_project, "tenant_id": "acme"}, "", (orders, "policy Use of shared.billing")),
        ),
        (
            *("tenant acme through workload orders", f"{OWN}orders/tenant-acme.orders"),
            *({**of_project, "tenant-keys:tenant": "acme"}, "", (orders, "policy Use of tenant-acme.orders")),
        ),
        (
            *("tenant acme through shared.portal", f"{OWN}portal/shared.portal"),
            *({**of_project, "tenant_id": "acme"}, "login.example.com", (orders, "policy Use of shared.portal")),
        ),
    ]


def test_a_tag_of_the_tenant_that_a_shared_role_has_itself_is_not_what_its_sessions_carry() -> None:
    case, world = asked(estate_of(*TENANTS))
    world.other_roles = [
        replace(one, tags={"Tenant_ID": "globex", "team": "red"}) if one.arn.endswith("shared.billing") else one
        for one in world.other_roles
    ]
    (through,) = (one for one in declared_actors(case, world) if one.label == "tenant acme through shared.billing")
    assert through.principal.tags == {"team": "red", "tenant_id": "acme"}


def labels(estate: Estate, **statement: Any) -> set[str]:
    return {one.label for one in actors_of(*asked(estate, **statement)) if tag(one) is None}


def test_a_role_of_the_key_account_that_is_in_the_templates_is_no_stranger_of_its_name() -> None:
    """Nor is it in another path; a role of another account has whatever policies its administrators give it."""
    named = [
        f"{OWN}orders/tenant-acme.orders",
        f"{OWN}billing/shared.billing",
        f"{ROLE}x/SHARED.billing",
        f"{ROLE}Stray",
    ]
    workloads = "arn:aws:iam::222222222222:role/tenant-keys-orders"
    found = labels(estate_of(*TENANTS), Condition={"ArnEquals": {"aws:PrincipalArn": [*named, workloads]}})
    assert found.intersection([*named, workloads]) == {f"{ROLE}Stray", workloads}


def test_one_role_of_each_class_of_other_tenants_asks() -> None:
    """All three have the same role; of acme another is declared beside it, so that its key is of another class."""
    world = world_of(estate_of("acme: {workloads: [orders, billing]}", "bolt: {}", "corp: {}"))
    for case in world.keys:
        asking = {one.label for one in actors_of(case, world) if one.tenant and tag(one) is None}
        names = {"acme": ("acme", "bolt"), "bolt": ("bolt", "acme"), "corp": ("corp", "acme")}[case.promise.tenant]
        assert asking == {f"tenant {name} through workload orders" for name in names}


@pytest.mark.parametrize(
    ("element", "value"),
    [
        ({"Resource": "arn:aws:kms:eu-west-1:111111111111:${aws:PrincipalTag/home}/*"}, "key"),
        ({"Condition": {"StringEquals": {"aws:ResourceAccount": "11111111${aws:PrincipalTag/home}"}}}, "1111"),
        ({"Condition": {"StringEquals": {"kms:RequestAlias": "alias/${aws:PrincipalTag/home}"}}}, "tenant-acme"),
        (
            {"Condition": {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/ten${aws:PrincipalTag/home}"}}},
            "ant-acme",
        ),
        ({"Condition": {"StringEquals": {"kms:KeyOrigin": "AWS_${aws:PrincipalTag/home}"}}}, "KMS"),
    ],
)
def test_a_session_carries_what_makes_a_variable_equal_to_something_of_the_key(
    element: dict[str, Any], value: str
) -> None:
    actors = actors_of(*asked(estate_of("acme: {}"), **element))
    assert value in {one.principal.tags.get("home") for one in actors if not one.known}


def test_a_session_carries_what_makes_a_variable_equal_to_the_pair_that_is_declared() -> None:
    pair = {"kms:EncryptionContext:tenant_id": "a${aws:PrincipalTag/tenant_id}"}
    actors = actors_of(*asked(estate_of("acme: {}"), Condition={"StringEquals": pair}))
    found = {tag(one) for one in actors if not one.known}
    assert found == {None, "", "acme", "cme", "other"}


def test_a_session_carries_the_tags_that_its_own_policy_asks_for() -> None:
    case, world = asked(estate_of(*TENANTS))
    (own,) = world.own_roles["acme"]
    unit = {"StringEquals": {"aws:PrincipalTag/unit": "red"}}
    statement = {"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Condition": unit}
    document = Document.parse({"Version": "2012-10-17", "Statement": [statement]}, name="own", kind="identity")
    world.own_roles["acme"] = [replace(own, identity=(document,))]
    asking = list(actors_of(case, world))
    of_role = {one.principal.tags.get("unit") for one in asking if one.label.startswith("tenant acme")}
    assert of_role == {None, "", "acme", "red", "other"}
    assert {one.principal.tags.get("unit") for one in asking if not one.label.startswith("tenant acme")} == {None}


def test_the_plain_session_of_each_role_has_a_name_that_no_policy_holds() -> None:
    named = {"AWS": [f"arn:aws:sts::{CENTRAL}:assumed-role/tenant-acme.orders/any-session"]}
    case, world = asked(estate_of(*TENANTS), Principal=named)
    assert {str(one.principal.arn).rpartition("/")[2] for one in declared_actors(case, world)} == {"any-sessionz"}


def test_a_session_that_a_token_opened_has_its_issuer_in_lower_case() -> None:
    head = HEAD.replace("https://login.example.com", "https://login.example.com/Pool")
    found = {one.label: one.issuer for one in declared_actors(*asked(estate_of(*TENANTS, head=head)))}
    assert found["tenant acme through shared.portal"] == "login.example.com/pool"


def test_of_a_role_that_has_the_tenants_tag_itself_sessions_carry_it_in_any_case() -> None:
    case, world = asked(estate_of(*TENANTS))
    world.other_roles = [replace(one, tags={"Tenant_ID": "globex"}) for one in world.other_roles]
    carried = {one.tenant for one in actors_of(case, world) if "shared." in one.label}
    assert carried == {"globex", "", "acme", "other"}


def test_of_a_permission_set_the_roles_that_a_policy_distinguishes_are_declared() -> None:
    central = "[permission-set/Audit]\n  identity_center_region: eu-central-1"
    estate = estate_of("acme: {}", head=HEAD.replace("[role/SecurityAudit]", central))
    sets = f"{ROLE}aws-reserved/sso.amazonaws.com/eu-central-1/AWSReservedSSO_Audit_"
    case, world = asked(estate, Condition={"ArnLike": {"aws:PrincipalArn": [f"{sets}abc*", f"{ROLE}else/*"]}})
    found = [str(one.role_arn) for one in declared_actors(case, world)]
    assert sorted(one for one in found if "Audit" in one) == [f"{sets}abcqqqqqqqqqqqqq", f"{sets}qqqqqqqqqqqqqqqq"]
    assert len(found) == 2 + len(DECLARED[:2]) + len(EXECUTION) + 1
