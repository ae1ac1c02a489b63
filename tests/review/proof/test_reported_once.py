"""Anyone who obtains a session is reported once, whichever tags the session may have; the findings typed by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tenant_keys.policy.import_role import import_role_policy, import_role_trust
from tenant_keys.review.proof import Kind, prove
from tenant_keys.review.proof.issuance import prove_issuance
from tenant_keys.review.proof.obtained_sessions import Step
from tenant_keys.review.proof.reviewed import review_estate
from tenant_keys.review.proof.world import build_world
from tests.review.proof.test_declared_calls import ORDERS, trust
from tests.review.proof.test_kinds import ROOT, adding, estate_of, proved, without
from tools.random_estates.small_estates import CENTRAL, Templates, templates_of

STRANGER = "arn:aws:iam::555555555555:role/app"
OPEN = {
    "Sid": "Open",
    "Effect": "Allow",
    "Principal": {"AWS": STRANGER},
    "Action": ["sts:AssumeRole", "sts:TagSession"],
}
TAGGED = {"StringLike": {"aws:RequestTag/team": ["red", "blue"]}}


@pytest.mark.parametrize("condition", [{}, {"Condition": TAGGED}])
@pytest.mark.parametrize(
    ("role", "stack", "organizations"),
    [("tenant-keys-orders", "workload-222222222222", 2), ("tenant-acme.orders", "roles", 3)],
)
def test_a_stranger_is_reported_once_for_each_organization_that_the_policy_distinguishes(
    role: str, stack: str, organizations: int, condition: dict[str, Any]
) -> None:
    """None and another, and the one that the trust policy names."""
    templates = templates_of(ORDERS)
    trust(role, stack=stack)(templates).append({**OPEN, **condition})
    found = [one.what for one in prove(templates, ORDERS).findings if one.kind is Kind.OBTAINS_SESSION]
    assert len(found) == organizations
    assert all(STRANGER in one for one in found)


CUSTODIAN = "{account: '555555555555', role: role/Keys, external_id: hooli-1}"
HOOLI = estate_of(f"hooli: {{key: {{origin: imported, custodian: {CUSTODIAN}}}}}")


def custody(*statements: dict[str, Any], **changed: Any) -> Templates:
    """The trust policy of the import role has more statements, or its own another condition."""
    templates, tenant = templates_of(HOOLI), HOOLI.tenants["hooli"]
    assert tenant.custodian is not None
    document = import_role_trust(tenant.custodian, HOOLI)
    document["Statement"][0].update(changed)
    document["Statement"] += statements
    properties = {
        "RoleName": "import.hooli",
        "Path": "/tenant-keys/",
        "Tags": [
            {"Key": "tenant-keys:project", "Value": "tenant-keys"},
            {"Key": "tenant-keys:tenant", "Value": "hooli"},
        ],
        "AssumeRolePolicyDocument": document,
        "Policies": [{"PolicyName": "BringOwnKey", "PolicyDocument": import_role_policy(tenant, HOOLI)}],
    }
    templates.add("roles", "import.hooli", "AWS::IAM::Role", properties)
    return templates


def with_import_role(*statements: dict[str, Any], **changed: Any) -> list[tuple[Kind, str]]:
    return [(one.kind, one.what) for one in prove(custody(*statements, **changed), HOOLI).findings]


def test_a_custodian_alone_obtains_its_import_role_and_with_no_tag() -> None:
    assert with_import_role() == []
    for principal in (STRANGER, "arn:aws:iam::555555555555:role/Keys"):
        found = with_import_role({**OPEN, "Principal": {"AWS": principal}})
        obtained = [kind for kind, _ in found if kind is not Kind.NOT_PROVED]
        assert obtained == [Kind.OBTAINS_SESSION] * 2, "in none and in another organization"
        assert all(principal in what for _, what in found)


def test_a_custodian_that_cannot_obtain_its_import_role_is_reported() -> None:
    custodian, role = "arn:aws:iam::555555555555:role/Keys", f"arn:aws:iam::{CENTRAL}:role/tenant-keys/import.hooli"
    denied = {"Sid": "No", "Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}
    assert with_import_role(denied) == [
        (
            Kind.REFUSED,
            f"{custodian} cannot obtain a session of {role}, by which it is to import key material",
        )
    ]


def test_a_finding_says_how_many_tenants_more_are_in_the_same_position() -> None:
    tenants = ("acme", "bolt", "globex")

    def each(*edits: Any) -> list[Any]:
        return [edit(tenant) for tenant in tenants for edit in edits]

    estate = estate_of(*(f"{tenant}: {{}}" for tenant in tenants))
    denied = each(lambda tenant: adding(tenant, Effect="Deny", Principal="*"))
    refused = proved(*denied, estate=estate).findings
    assert {(one.kind, one.others) for one in refused} == {(Kind.REFUSED, 2)}
    opened = each(lambda tenant: without(tenant=tenant), lambda tenant: adding(tenant, Principal=ROOT))
    gained = proved(*opened, estate=estate).findings
    assert {one.others for one in gained} == {2}
    assert Kind.OUTSIDER in {one.kind for one in gained}


def test_the_custodian_comes_to_the_import_role_and_nobody_else() -> None:
    reviewed = review_estate(custody(), HOOLI)
    issued = prove_issuance(build_world(HOOLI, reviewed.inventory, reviewed.promises, reviewed.classes))
    role, keys = f"arn:aws:iam::{CENTRAL}:role/tenant-keys/import.hooli", "arn:aws:iam::555555555555:role/Keys"
    assert {one for one in issued.steps if one.role_arn == role} == {Step(f"a session of {keys}", role, None, keys)}
