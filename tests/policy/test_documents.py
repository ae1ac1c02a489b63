"""The policies of the sample, typed by hand, against those in its templates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Found
from tests.policy.estates import TENANTS

EXPECTED = Path(__file__).parent / "expected"
KEYS = ("AWS::KMS::Key", "AWS::KMS::ReplicaKey")


def expected_key_policy(tenant: str) -> dict[str, dict[str, Any]]:
    """Sid to statement; a file may say how the policy differs from another tenant's."""
    written = json.loads((EXPECTED / f"key-policy-{tenant}.json").read_text(encoding="utf-8"))
    if "as" not in written:
        return {statement["Sid"]: statement for statement in written["Statement"]}
    like = (EXPECTED / f"key-policy-{written['as']}.json").read_text(encoding="utf-8")
    statements = json.loads(like.replace(f"tenant-{written['as']}", f"tenant-{tenant}"))["Statement"]
    kept = {statement["Sid"]: statement for statement in statements if statement["Sid"] not in written["without"]}
    for statement in kept.values():
        keys = statement.get("Condition", {}).get("StringNotEquals", {})
        if "kms:EncryptionContext:tenant_id" in keys:
            keys["kms:EncryptionContext:tenant_id"] = tenant
    return {**kept, **{statement["Sid"]: statement for statement in written["with"]}}


@pytest.mark.parametrize("tenant", TENANTS)
def test_a_key_policy_is_the_one_that_is_typed_here(tenant: str, sample_resources: list[Found]) -> None:
    (found,) = [r for r in sample_resources if r.body["Type"] in KEYS and r.logical_id == f"Key{tenant}"]
    policy = found.body["Properties"]["KeyPolicy"]
    assert policy["Version"] == "2012-10-17"
    sids = [statement["Sid"] for statement in policy["Statement"]]
    assert len(sids) == len(set(sids))
    expected = expected_key_policy(tenant)
    assert set(sids) == set(expected)
    for statement in policy["Statement"]:
        assert statement == expected[statement["Sid"]], statement["Sid"]


def roles(resources: list[Found], account: str) -> dict[str, Found]:
    """ARN to role."""
    named = {}
    for found in resources:
        if found.body["Type"] == "AWS::IAM::Role":
            properties = found.body["Properties"]
            owner = found.stack.split("-")[3] if found.stack.startswith("tenant-keys-workload-") else "111111111111"
            if owner == account:
                path, name = properties.get("Path", "/"), properties["RoleName"]
                named[f"arn:aws:iam::{owner}:role{path}{name}"] = found
    return named


def test_no_role_but_the_expected_stands_anywhere(sample_resources: list[Found]) -> None:
    """wonka is being offboarded and has none."""
    start = "arn:aws:iam::111111111111:role/tenant-keys"
    assert set(roles(sample_resources, "111111111111")) == {
        f"{start}/orders/tenant-acme.orders",
        f"{start}/orders/tenant-globex.orders",
        f"{start}/orders/tenant-initech.orders",
        f"{start}/orders/tenant-umbrella.orders",
        f"{start}/orders/tenant-wayne.orders",
        f"{start}/billing/shared.billing",
        f"{start}/portal/shared.portal",
    }
    for account, name in (("222222222222", "orders"), ("333333333333", "billing")):
        start = f"arn:aws:iam::{account}:role/tenant-keys-"
        assert set(roles(sample_resources, account)) == {
            f"{start}{name}",
            f"{start}audit.eu-west-1",
            f"{start}audit.eu-central-1",
        }
    assert sum(found.body["Type"] == "AWS::IAM::Role" for found in sample_resources) == 13


ACCESS_ROLES = json.loads((EXPECTED / "access-roles.json").read_text(encoding="utf-8"))
WORKLOAD_ROLES = json.loads((EXPECTED / "workload-roles.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("arn", [*ACCESS_ROLES, *WORKLOAD_ROLES])
def test_a_role_has_the_policies_that_are_typed_here(arn: str, sample_resources: list[Found]) -> None:
    expected = {**ACCESS_ROLES, **WORKLOAD_ROLES}[arn]
    role = roles(sample_resources, arn.split(":")[4])[arn]
    properties = role.body["Properties"]
    (inline,) = properties["Policies"]
    trust = json.loads(json.dumps(properties["AssumeRolePolicyDocument"]))
    provider = {"Ref": "Issuer4b246bc1a12459de"}
    for statement in trust["Statement"]:
        if statement["Principal"] == {"Federated": provider}:
            statement["Principal"] = {"Federated": "arn:aws:iam::111111111111:oidc-provider/login.example.com"}
    assert inline["PolicyDocument"] == expected["policy"]
    assert trust == expected["trust"]
    assert len(trust["Statement"]) == len({statement["Sid"] for statement in trust["Statement"]})


ORDERS, BILLING = "tenant-keys/orders/tenant-acme.orders", "tenant-keys/billing/shared.billing"
BESIDE_THE_POLICIES: dict[str, dict[str, Any]] = {
    f"arn:aws:iam::111111111111:role/{ORDERS}": {
        "RoleName": "tenant-acme.orders",
        "Path": "/tenant-keys/orders/",
        "Description": "Key of tenant acme, for workload orders",
        "MaxSessionDuration": 3600,
        "Policies": ["UseTenantKey"],
        "Tags": {"tenant-keys:project": "tenant-keys", "tenant-keys:tenant": "acme", "tenant-keys:cell": "roles-001"},
    },
    f"arn:aws:iam::111111111111:role/{BILLING}": {
        "RoleName": "shared.billing",
        "Path": "/tenant-keys/billing/",
        "Description": "Keys of the tenants of workload billing",
        "MaxSessionDuration": 3600,
        "Policies": ["UseTenantKey"],
        "Tags": {"tenant-keys:project": "tenant-keys"},
    },
    "arn:aws:iam::222222222222:role/tenant-keys-orders": {
        "RoleName": "tenant-keys-orders",
        "Description": "Workload orders",
        "Policies": ["AssumeAccessRoles"],
        "Tags": {"tenant-keys:project": "tenant-keys"},
    },
}


@pytest.mark.parametrize("arn", BESIDE_THE_POLICIES)
def test_a_role_has_these_properties_and_no_others(arn: str, sample_resources: list[Found]) -> None:
    """Sessions of an hour: role chaining allows no more. No property means no permissions boundary, no other policy."""
    properties = dict(roles(sample_resources, arn.split(":")[4])[arn].body["Properties"])
    assert properties.pop("AssumeRolePolicyDocument")
    properties["Policies"] = [policy["PolicyName"] for policy in properties["Policies"]]
    properties["Tags"] = {tag["Key"]: tag["Value"] for tag in properties["Tags"]}
    assert properties == BESIDE_THE_POLICIES[arn]


def test_every_role_has_the_properties_of_its_kind(sample_resources: list[Found]) -> None:
    common = {"RoleName", "Description", "AssumeRolePolicyDocument", "Policies", "Tags"}
    for found in sample_resources:
        if found.body["Type"] == "AWS::IAM::Role":
            properties = found.body["Properties"]
            is_workload = found.stack.startswith("tenant-keys-workload-")
            assert properties.keys() == (common if is_workload else common | {"Path", "MaxSessionDuration"})
            assert properties.get("MaxSessionDuration") == (None if is_workload else 3600)


def test_a_tenant_role_differs_from_another_only_in_the_tenant(sample_resources: list[Found]) -> None:
    """globex and initech have no file of their own: theirs is acme's with another name."""
    all_roles = roles(sample_resources, "111111111111")
    start = "arn:aws:iam::111111111111:role/tenant-keys/orders/tenant-"
    acme = json.dumps(all_roles[f"{start}acme.orders"].body["Properties"]["Policies"])
    for tenant in ("globex", "initech"):
        policies = all_roles[f"{start}{tenant}.orders"].body["Properties"]["Policies"]
        assert json.dumps(policies) == acme.replace("acme", tenant)
