"""Use of keys that tenants hold, as declared: refused where the roles' policies do not allow all of it."""

from __future__ import annotations

import pytest

from tenant_keys.manifest import Estate
from tenant_keys.review.proof.findings import Finding, Kind
from tenant_keys.review.proof.held_keys import held_key_use
from tenant_keys.review.proof.reviewed import review_estate
from tenant_keys.review.proof.world import build_world
from tests.policy.estates import with_tenant
from tests.review.proof.test_held_key_use import (
    GLOBEX,
    HOOLI,
    IN_CONTEXT,
    OPERATIONS,
    PAIR,
    SHARED,
    TAG,
    TENANT,
    VPC,
    Body,
    activated,
    allow,
    deny,
    excess,
    held,
    templates,
    without,
)
from tests.review.proof.test_kinds import estate_of

DESCRIBING = allow("kms:DescribeKey", GLOBEX)
USING = allow(OPERATIONS, GLOBEX, Condition=IN_CONTEXT)
BY_TAG = {"StringEquals": {PAIR: "globex", TAG: "globex"}}
BILLED = [
    allow(Condition=BY_TAG),
    allow("kms:DescribeKey", Condition={"StringEquals": {TAG: "globex"}}),
]
ALONE = activated(estate_of("acme: {}", held("globex", GLOBEX).replace("orders, billing", "orders")))
BILLING = activated(estate_of("acme: {}", held("globex", GLOBEX).replace("orders, billing", "billing")))


def refused(estate: Estate, **roles: list[Body]) -> list[Finding]:
    reviewed = review_estate(templates(**roles), estate)
    world = build_world(estate, reviewed.inventory, reviewed.promises, reviewed.classes)
    return list(held_key_use(reviewed.inventory, reviewed.promises, estate).refused(reviewed.inventory, world))


def not_allowed(action: str, role: str = TENANT, *by: str) -> Finding:
    what = f"tenant globex through {role}: {action} on {GLOBEX} is declared and not allowed"
    return Finding(Kind.REFUSED, what, "restore the Allow, or remove the Deny", "globex", statements=by)


@pytest.mark.parametrize(
    ("statements", "actions", "by"),
    [
        ([USING, DESCRIBING], [], ()),
        ([allow(["kms:DescribeKey", *OPERATIONS], Condition=IN_CONTEXT)], ["kms:DescribeKey"], ()),
        ([USING], ["kms:DescribeKey"], ()),
        ([DESCRIBING], OPERATIONS, ()),
        ([{**USING, "Condition": {**IN_CONTEXT, "Bool": {"aws:SecureTransport": "true"}}}, DESCRIBING], [], ()),
        ([{**USING, "Condition": {"StringLike": {PAIR: "globex"}}}, DESCRIBING], [], ()),
        ([USING, DESCRIBING, deny("kms:Encrypt")], ["kms:Encrypt"], ("policy Use of tenant-globex.orders: No",)),
        (
            [USING, DESCRIBING, deny("kms:Encrypt", Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}})],
            ["kms:Encrypt"],
            ("policy Use of tenant-globex.orders: No",),
        ),
        ([USING, DESCRIBING, deny("kms:Encrypt", Condition={"Null": {"kms:RequestAlias": "false"}})], [], ()),
        ([USING, DESCRIBING, deny("kms:Encrypt", HOOLI)], [], ()),
        # Harmless edits: statements split, conditions written differently, Denies that no declared request meets.
        ([*(allow(one, Condition=IN_CONTEXT) for one in OPERATIONS), DESCRIBING], [], ()),
        ([allow(OPERATIONS, Condition={"ForAnyValue:StringEquals": {PAIR: "globex"}}), DESCRIBING], [], ()),
        (
            [
                allow(OPERATIONS, Condition={"StringEqualsIfExists": {PAIR: "globex"}, "Null": {PAIR: "false"}}),
                DESCRIBING,
            ],
            [],
            (),
        ),
        ([USING, DESCRIBING, deny(OPERATIONS, GLOBEX, Condition={"StringNotEquals": {PAIR: "globex"}})], [], ()),
        ([USING, DESCRIBING, deny("kms:*", Condition={"Bool": {"aws:SecureTransport": "false"}})], [], ()),
        ([USING, DESCRIBING, deny("kms:*", Condition={"ArnNotEquals": {"aws:PrincipalArn": TENANT}})], [], ()),
        ([USING, DESCRIBING, without(deny("kms:*"), "Resource", NotResource=GLOBEX)], [], ()),
        ([USING, DESCRIBING, without(deny(), "Action", NotAction=[*OPERATIONS, "kms:DescribeKey"])], [], ()),
        ([USING, allow("kms:DescribeKey", Condition=IN_CONTEXT)], ["kms:DescribeKey"], ()),
        ([], [*OPERATIONS, "kms:DescribeKey"], ()),
    ],
)
def test_declared_use_that_the_roles_policies_do_not_allow_is_refused(
    statements: list[Body], actions: list[str], by: tuple[str, ...]
) -> None:
    found = refused(ALONE, of_globex=statements)
    assert found == [not_allowed(action, TENANT, *by) for action in sorted(actions, key=str.lower)]


def test_declared_use_of_a_role_that_is_in_no_template_is_refused() -> None:
    expected = [not_allowed(action) for action in sorted([*OPERATIONS, "kms:DescribeKey"], key=str.lower)]
    assert refused(ALONE) == expected


def test_declared_use_that_hangs_on_a_network_is_not_proved() -> None:
    (found,) = refused(
        ALONE,
        of_globex=[
            {**USING, "Action": OPERATIONS[:3]},
            allow(OPERATIONS[3], Condition={**IN_CONTEXT, **VPC}),
            DESCRIBING,
        ],
    )
    what = f"tenant globex through {TENANT}: {OPERATIONS[3]} on {GLOBEX} is declared and not allowed"
    assert found == Finding(
        Kind.NOT_PROVED,
        f"{what} for certain: it depends on aws:sourcevpc",
        "remove conditions on what the manifest does not say",
        "globex",
    )


def test_a_shared_role_is_tried_with_the_tag_of_the_tenant() -> None:
    assert refused(BILLING, shared=BILLED) == []
    denied = deny(Condition={"StringEquals": {TAG: "globex"}})
    by = "policy Use of shared.billing: No"
    assert refused(BILLING, shared=[*BILLED, denied]) == [not_allowed("kms:Decrypt", SHARED, by)]
    of_another = deny(Condition={"StringEquals": {TAG: "hooli"}})
    assert refused(BILLING, shared=[*BILLED, of_another]) == []


def test_a_suspended_tenants_use_is_not_declared() -> None:
    suspended = with_tenant(ALONE, "globex", state="suspended")
    assert refused(suspended) == []
    (found,) = excess(USING, estate=suspended)
    assert found.kind is Kind.MORE_THAN_DECLARED
