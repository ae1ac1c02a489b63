"""A principal that a policy names has to exist when the policy is saved, and its account to be of this partition."""

from __future__ import annotations

from typing import Any

import pytest

from tenant_keys.review.proof import Kind
from tests.review.proof.test_kinds import Edit, estate_of, policy, proved

HERE = "arn:aws:iam::111111111111"
THERE = "arn:aws:iam::222222222222"
EXISTING = [
    {"AWS": "*"},
    {"AWS": f"{HERE}:root"},
    {"AWS": ["222222222222", f"{THERE}:root"]},
    {"AWS": f"{HERE}:role/KeyAdministrator"},
    {"AWS": f"{HERE}:role/KeyBreakGlass"},
    {"Service": ["lambda.amazonaws.com", "pods.eks.amazonaws.com"]},
]
MISSING = {
    f"{HERE}:role/tenant-keys/orders/tenant-globex.orders": "AWS",
    f"{HERE}:role/tenant-keys/orders/tenant-acme.orders": "AWS",
    f"{THERE}:role/tenant-keys-orders": "AWS",
    f"{THERE}:role/NoSuchRole": "AWS",
    f"{THERE}:user/somebody": "AWS",
    "arn:aws:sts::222222222222:assumed-role/tenant-keys-orders/a": "AWS",
    "arn:aws:iam::000000000000:root": "AWS",
    "999999999999": "AWS",
    "arn:aws-cn:iam::222222222222:root": "AWS",
    "arn:aws-us-gov:iam::111111111111:root": "AWS",
    "nosuch.amazonaws.com": "Service",
    "lambda": "Service",
    "lambda.amazonaws.com.cn": "Service",
}


def naming(principal: dict[str, Any], element: str = "Principal") -> Edit:
    """A Deny in the key policy of acme that stops no declared request."""
    deny = {"Sid": "D", "Effect": "Deny", "Action": "kms:Verify", "Resource": "*", element: principal}
    return lambda templates: policy(templates, "acme").append(deny)


def trusting(principal: dict[str, Any]) -> Edit:
    """The same in the trust policy of acme's role."""

    def edit(templates: Any) -> None:
        deny = {"Sid": "D", "Effect": "Deny", "Action": "sts:SetSourceIdentity", "Principal": principal}
        document = templates.properties("roles", "tenant-acme.orders")["AssumeRolePolicyDocument"]
        document["Statement"].append(deny)

    return edit


@pytest.mark.parametrize("principal", EXISTING)
def test_a_principal_that_exists_may_be_named(principal: dict[str, Any]) -> None:
    assert not [one.what for one in proved(naming(principal)).findings if "may not exist" in one.what]


@pytest.mark.parametrize("name", MISSING)
@pytest.mark.parametrize(
    ("edit", "where"),
    [
        (naming, "keys Keyacme.KeyPolicy"),
        (trusting, "roles tenant-acme.orders.AssumeRolePolicyDocument"),
    ],
)
def test_a_principal_that_may_not_exist_is_named_and_not_proved(name: str, edit: Any, where: str) -> None:
    found = [one for one in proved(edit({MISSING[name]: name})).findings if "may not exist" in one.what]
    assert [(one.kind, one.what) for one in found] == [
        (Kind.NOT_PROVED, f"{where}: names the principal {name}, which may not exist when the policy is saved")
    ]


@pytest.mark.parametrize(("role", "exists"), [("globex-import", True), ("acme-import", False)])
def test_a_role_that_imports_material_exists_before_the_key(role: str, exists: bool) -> None:
    imported = "globex: {key: {origin: imported, import_role: role/globex-import, expires: never}}"
    estate = estate_of("acme: {workloads: [orders]}", imported)
    found = [one.what for one in proved(naming({"AWS": f"{HERE}:role/{role}"}), estate=estate).findings]
    assert any(f"names the principal {HERE}:role/{role}, which may not exist" in what for what in found) is not exists


def test_a_principal_that_is_spared_has_to_exist_too() -> None:
    found = proved(naming({"AWS": [f"{THERE}:root", f"{THERE}:role/NoSuchRole"]}, "NotPrincipal")).findings
    assert any(f"names the principal {THERE}:role/NoSuchRole" in one.what for one in found)


def test_a_role_that_the_template_creates_before_the_policy_may_be_named() -> None:
    def edit(templates: Any) -> None:
        stray = {"Version": "2012-10-17", "Statement": []}
        templates.add("roles", "First", "AWS::IAM::Role", {"RoleName": "First", "AssumeRolePolicyDocument": stray})
        named = {"Sid": "D", "Effect": "Deny", "Action": "sts:AssumeRole", "Principal": {"AWS": f"{HERE}:role/First"}}
        second = {"Version": "2012-10-17", "Statement": [named]}
        templates.add("roles", "Second", "AWS::IAM::Role", {"RoleName": "Second", "AssumeRolePolicyDocument": second})

    assert not [one.what for one in proved(edit).findings if "may not exist" in one.what]
