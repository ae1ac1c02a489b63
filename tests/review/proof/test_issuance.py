"""Which sessions are tried, which are declared and of which roles they are; principals and tags typed by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tenant_keys.manifest import Estate
from tenant_keys.review.iam import Principal, PrincipalKind
from tenant_keys.review.proof import Finding, Kind
from tenant_keys.review.proof.actor import Actor, role_session, service
from tenant_keys.review.proof.controls import Controls
from tenant_keys.review.proof.document import Document
from tenant_keys.review.proof.issuance import _declared, _reaches, prove_issuance
from tenant_keys.review.proof.obtained_sessions import Issuance, Step
from tenant_keys.review.proof.obtaining import Attempt, assumptions, not_obtained
from tenant_keys.review.proof.reviewed import review_estate
from tenant_keys.review.proof.role_records import RoleRecord
from tenant_keys.review.proof.session_callers import callers
from tenant_keys.review.proof.world import RoleCase, World, build_world, keep, role_case
from tests.review.proof import test_existing_role
from tests.review.proof.test_declared_calls import EVERY_MODE, ORDERS
from tests.review.proof.test_kinds import estate_of
from tests.review.proof.test_places import AUTHORITY
from tests.review.proof.test_places import estate as places
from tests.review.proof.test_reported_once import HOOLI, OPEN, custody
from tests.review.proof.test_tokens import BOTH, CLUSTER
from tools.random_estates.small_estates import CENTRAL, Templates, templates_of

ROLES = f"arn:aws:iam::{CENTRAL}:role/tenant-keys"
OF_ORDERS = "arn:aws:iam::222222222222:role/tenant-keys-orders"
OF_BILLING = "arn:aws:iam::333333333333:role/tenant-keys-billing"
OF_OTHERS = "arn:aws:iam::222222222222:role/other"
PORTAL, OTHER = (f"arn:aws:iam::{CENTRAL}:oidc-provider/{name}.example.com" for name in ("login", "other"))
OF_PROJECT = {"tenant-keys:project": "tenant-keys"}


def world_of(estate: Estate, templates: Templates | None = None) -> World:
    reviewed = review_estate(templates or templates_of(estate), estate)
    return build_world(estate, reviewed.inventory, reviewed.promises, reviewed.classes)


def cases(world: World) -> dict[str, RoleCase]:
    """By the name of the role."""
    roles = [*(one for alike in world.tenant_roles for one in alike), *world.other_roles]
    return {one.arn.rpartition("/")[2]: one for one in roles}


def role(arn: str, *actions: str, managed: tuple[str, ...] = (), principal: Any = "*") -> RoleCase:
    """A role that may do this with everything."""
    trust = {"Statement": {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}}
    allowed = {"Statement": {"Effect": "Allow", "Action": list(actions), "Resource": "*"}}
    identity: list[Any] = [("Use", allowed)] if actions else []
    return role_case(RoleRecord("stack", arn.split(":")[4], arn, trust, identity, managed, {}), None, None, keep)


EXISTING = test_existing_role._estate()
TAGGING = ("sts:AssumeRole", "sts:TagSession")


@pytest.mark.parametrize(
    ("world", "workload", "accessed", "expected"),
    [
        (
            world_of(EVERY_MODE),
            "orders",
            "tenant-acme.orders",
            (OF_ORDERS, OF_PROJECT, "", {}, ["policy Use of tenant-keys-orders"], TAGGING[:1], {}, None, None),
        ),
        (
            world_of(EVERY_MODE),
            "billing",
            "shared.billing",
            (
                *(OF_BILLING, OF_PROJECT, "", {}, ["policy Use of tenant-keys-billing"], TAGGING),
                *({"aws:requesttag/tenant_id": "acme", "aws:tagkeys": ("tenant_id",)}, "acme", None),
            ),
        ),
        (
            world_of(ORDERS),
            "billing",
            "shared.billing",
            (
                *(OF_BILLING, OF_PROJECT, "", {}, ["policy Use of tenant-keys-billing"], TAGGING),
                *({"aws:requesttag/tenant_id": "a-tenant", "aws:tagkeys": ("tenant_id",)}, "a-tenant", None),
            ),
        ),
        (
            world_of(EVERY_MODE),
            "portal",
            "shared.portal",
            (
                *(None, {}, "login.example.com", {"login.example.com:aud": "portal-keys"}, []),
                ("sts:AssumeRoleWithWebIdentity", "sts:TagSession"),
                {
                    "login.example.com:aud": "portal-keys",
                    "aws:requesttag/tenant_id": "acme",
                    "aws:tagkeys": ("tenant_id",),
                },
                *("acme", None),
            ),
        ),
        (
            world_of(BOTH),
            "orders",
            "tenant-acme.orders",
            (
                *(OF_ORDERS, OF_PROJECT, CLUSTER.lower(), {}, ["policy Use of tenant-keys-orders"], TAGGING[:1]),
                *({}, None, None),
            ),
        ),
        (
            world_of(EXISTING, test_existing_role._templates(EXISTING)),
            "orders",
            "tenant-acme.orders",
            (
                *("arn:aws:iam::222222222222:role/app/Orders", {}, "", {}, ["full administrator rights"]),
                *(TAGGING[:1], {}, None, ["workload-222222222222 Policy"]),
            ),
        ),
    ],
)
def test_a_workload_asks_for_its_access_role_as_it_is_declared(
    world: World, workload: str, accessed: str, expected: tuple[Any, ...]
) -> None:
    """Role, its tags, whose token, claims, policies, actions, context, tenant, and policies that are attached alone."""
    (tried,) = assumptions(cases(world)[accessed], world.estate.workloads[workload], world)
    assert (
        tried.actor.role_arn,
        dict(tried.actor.principal.tags),
        tried.actor.issuer,
        dict(tried.actor.presents),
        [one.policy.name for one in tried.actor.identity],
        tried.actions,
        dict(tried.context),
        tried.tenant,
        None if tried.attached is None else [one.policy.name for one in tried.attached],
    ) == expected


def token(provider: str, **claims: str) -> Actor:
    presents = {f"login.example.com:{name}": value for name, value in claims.items()}
    return Actor("token", Principal(PrincipalKind.FEDERATED, arn=provider), (), presents=presents)


ACME = {"tenant_id": "acme"}
OWN, RIGHT = role_session(OF_ORDERS), token(PORTAL, aud="portal-keys")


@pytest.mark.parametrize(
    ("workload", "actor", "tags", "declared"),
    [
        ("orders", OWN, {}, True),
        ("orders", OWN, {"team": "red"}, False),
        ("orders", OWN, ACME, False),
        ("orders", role_session(OF_OTHERS), {}, False),
        ("orders", service("lambda.amazonaws.com"), {}, False),
        ("billing", role_session(OF_BILLING), ACME, True),
        ("billing", role_session(OF_BILLING), {"TENANT_ID": "acme"}, True),
        ("billing", role_session(OF_BILLING), {}, False),
        ("billing", role_session(OF_BILLING), {"tenant_id": ""}, False),
        ("billing", role_session(OF_BILLING), {**ACME, "team": "red"}, False),
        ("billing", role_session(OF_BILLING), {"team": "red"}, False),
        ("billing", OWN, ACME, False),
        ("portal", RIGHT, ACME, True),
        ("portal", RIGHT, {}, False),
        ("portal", RIGHT, {"tenant_id": ""}, False),
        ("portal", token(PORTAL, aud="another"), ACME, False),
        ("portal", token(PORTAL, aud="another", oaud="portal-keys"), ACME, True),
        ("portal", token(PORTAL, aud="portal-keys", oaud="another"), ACME, False),
        ("portal", token(PORTAL), ACME, False),
        ("portal", token(OTHER, aud="portal-keys"), ACME, False),
        ("portal", role_session(OF_ORDERS), ACME, False),
    ],
)
def test_a_session_is_declared_for_the_workload_alone_with_its_tenant_where_the_role_is_shared(
    workload: str, actor: Actor, tags: dict[str, str], declared: bool
) -> None:
    assert _declared(EVERY_MODE.workloads[workload], actor, tags, EVERY_MODE) is declared


@pytest.mark.parametrize(
    ("case", "reaches"),
    [
        (role(OF_OTHERS, "kms:Decrypt"), True),
        (role(OF_OTHERS, "s3:GetObject", "sts:AssumeRole"), True),
        (role(OF_OTHERS, "s3:GetObject"), False),
        (role(OF_OTHERS), False),
        (role(OF_OTHERS, managed=("arn:aws:iam::aws:policy/ReadOnlyAccess",)), True),
        (role(OF_ORDERS), True),
        (role(f"arn:aws:iam::{CENTRAL}:role/path/tenant-keys-orders"), True),
        (role(f"{OF_ORDERS}-2"), False),
    ],
)
def test_who_obtains_a_role_matters_where_it_reaches_keys_or_has_the_name_of_a_workloads(
    case: RoleCase, reaches: bool
) -> None:
    assert _reaches(case, EVERY_MODE) is reaches


def test_a_session_that_is_declared_and_never_tried_is_reported() -> None:
    assert not_obtained(role(OF_OTHERS), [], world_of(ORDERS), "nobody obtains it", "restore it") == [
        Finding(Kind.REFUSED, "nobody obtains it", "restore it, or correct the manifest", None)
    ]


def issued(estate: Estate, *stray: RoleCase, templates: Templates | None = None) -> Issuance:
    world = world_of(estate, templates)
    world.other_roles += stray
    return prove_issuance(world)


def test_a_role_of_a_workloads_account_that_no_workload_runs_as_is_obtained_by_anyone_it_trusts() -> None:
    stray = role(OF_OTHERS, "sts:AssumeRole", principal={"Service": "ec2.amazonaws.com"})
    (found,) = issued(ORDERS, stray).findings
    assert (found.kind, found.what, found.fix) == (
        Kind.OBTAINS_SESSION,
        f"the service ec2.amazonaws.com obtains a session of {OF_OTHERS}",
        "remove the role from the app, or its policies from the role",
    )


def test_nobody_has_to_obtain_a_role_that_exists_already() -> None:
    name, allowed = "arn:aws:iam::222222222222:role/app/Orders", ("sts:AssumeRole", "ssm:GetParameter")
    (found,) = issued(EXISTING, role(name, *allowed, principal={"Service": "s3.amazonaws.com"})).findings
    assert found.what == f"the service s3.amazonaws.com obtains a session of {name}"


def test_an_import_role_without_a_custodian_is_a_role_as_any_other() -> None:
    importer = f"arn:aws:iam::{CENTRAL}:role/Importer"
    estate = estate_of("acme: {key: {origin: imported, import_role: role/Importer}}")
    assert issued(estate, role(importer)).findings == []


def test_only_a_custodian_that_obtains_its_import_role_is_a_step() -> None:
    denied = {"Sid": "No", "Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}
    name, keys = f"{ROLES}/import.hooli", "arn:aws:iam::555555555555:role/Keys"
    for statement, steps in ((denied, set()), (OPEN, {Step(f"a session of {keys}", name, None, keys)})):
        found = issued(HOOLI, templates=custody(statement))
        assert {one for one in found.steps if one.role_arn == name} == steps


def test_a_role_of_the_templates_asks_with_its_own_policies_unless_some_are_unknown() -> None:
    world = world_of(ORDERS)
    central = f"arn:aws:iam::{CENTRAL}:role/stray"
    world.other_roles += [role(central, "s3:GetObject"), role(f"{central}-2", managed=("arn:aws:iam::aws:policy/x",))]
    asked = {one.role_arn: one for one in callers(role(OF_OTHERS), world)}
    names = {arn: [one.policy.name for one in actor.identity] for arn, actor in asked.items()}
    everything = ["full administrator rights"]
    assert names[f"{ROLES}/orders/tenant-acme.orders"] == ["policy Use of tenant-acme.orders"]
    assert names[central] == ["policy Use of stray"]
    assert names[f"{central}-2"] == names[OF_ORDERS] == everything


def test_a_certificate_asks_under_each_trust_anchor_of_the_templates() -> None:
    world = world_of(ORDERS)
    world.estate, world.anchors = places(), {"anchor": AUTHORITY}
    of_premises = "arn:aws:iam::333333333333:role/tenant-keys-premises"
    asked = [
        one.label for one in callers(role(of_premises, principal={"Service": "rolesanywhere.amazonaws.com"}), world)
    ]
    assert [one for one in asked if "certificate" in one] == [
        f"a holder of a certificate of any common name {issued}" for issued in (f"issued by {AUTHORITY}", "under any")
    ]
    assert "the service rolesanywhere.amazonaws.com" not in asked


def test_what_is_declared_is_tried_with_the_control_policies_in_place() -> None:
    """The caller and the role are both of the key account."""
    central, case = f"arn:aws:iam::{CENTRAL}:role/asks", role(f"arn:aws:iam::{CENTRAL}:role/asked")
    world, tried = world_of(ORDERS), [Attempt(role_session(central), ("sts:AssumeRole",))]
    assert not_obtained(case, tried, world, "refused", "restore it") == []
    deny = {"Sid": "No", "Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "*"}
    denied = Document.parse({"Version": "2012-10-17", "Statement": [deny]}, name="scp", kind="scp")
    world.controls = Controls(CENTRAL, (denied,))
    assert [one.what for one in not_obtained(case, tried, world, "refused", "restore it")] == ["refused"]


def test_a_role_that_a_workload_runs_as_is_distinguished_by_what_is_declared_of_it() -> None:
    """The trust policy names its account alone; a workload of customers has no role."""
    asked = {one.role_arn for one in callers(role(OF_OTHERS, principal={"AWS": "222222222222"}), world_of(EXISTING))}
    assert {one for one in asked if one and ":222222222222:" in one} == {
        "arn:aws:iam::222222222222:role/app/Orders",
        "arn:aws:iam::222222222222:role/other",
    }
