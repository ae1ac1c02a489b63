"""Tags, boundaries, custodians and roles that exist, against what is declared. Typed by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tenant_keys.review.proof.inventory import take_inventory
from tenant_keys.review.proof.promise import promises
from tenant_keys.review.proof.structure import check_structure
from tests.review.proof.test_structure import (
    ACME,
    BY_OTHERS,
    LEFT_BY,
    PROJECT,
    ROLES,
    SHARED,
    WORKLOAD,
    Edit,
    adding,
    allowing,
    attached,
    changing,
    inline,
    policy,
    removing,
    role,
    setting,
)
from tools.random_estates.small_estates import CENTRAL, Templates, estate_of, templates_of

LIMIT = "arn:aws:iam::111111111111:policy/limit"
CUSTODIAN = "{account: '555555555555', role: role/Keys, external_id: hooli-1}"
MORE = estate_of(
    "acme: {tags: {plan: gold}, workloads: [orders, billing]}",
    f"hooli: {{tags: {{plan: free}}, key: {{origin: imported, custodian: {CUSTODIAN}}}}}",
)
MORE = replace(MORE, tags={"cost": "1"}, central=replace(MORE.central, permissions_boundary=LIMIT))
IMPORTING = f"{ROLES}/tenant-keys/import.hooli"
RESIDENT = "arn:aws:iam::222222222222:role/resident"


def of_more(*edits: Edit, existing: bool = False) -> list[str]:
    """Findings about an estate with tags, boundaries, a custodian and, if asked for, a role that exists already."""
    estate = MORE
    if existing:
        orders = replace(estate.workloads["orders"], existing_role=RESIDENT)
        estate = replace(estate, workloads={**estate.workloads, "orders": orders})
    templates = templates_of(estate)
    for stack, resources in templates.resources.items():
        for name, resource in resources.items():
            properties: Any = resource.properties
            if resource.type in ("AWS::IAM::Role", "AWS::SSM::Parameter", "AWS::KMS::Key", "AWS::IAM::OIDCProvider"):
                plan = "gold" if name in ("Keyacme", "tenant-acme.orders") else "free" if "hooli" in name else ""
                more = {"cost": "1", "plan": plan} if plan else {"cost": "1"}
                if resource.type == "AWS::SSM::Parameter":
                    properties["Tags"] |= more
                else:
                    properties["Tags"] += as_list(more)
            if resource.type == "AWS::IAM::Role" and stack == "roles":
                properties["PermissionsBoundary"] = LIMIT
    imports = inline(policy("kms:ImportKeyMaterial", resource=f"arn:aws:kms:*:{CENTRAL}:key/*"))
    of_hooli = as_list({**PROJECT, "tenant-keys:tenant": "hooli", "cost": "1", "plan": "free"})
    role("import.hooli", "/tenant-keys/", PermissionsBoundary=LIMIT, Tags=of_hooli, Policies=imports)(templates)
    for edit in edits:
        edit(templates)
    promised = promises(estate)
    return [one.what for one in check_structure(take_inventory(templates, promised), promised, estate)]


def as_list(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": name, "Value": one} for name, one in tags.items()]


def tagged(stack: str, logical_id: str, **tags: str) -> Edit:
    """Other tags beside those of the app."""

    def edit(templates: Templates) -> None:
        properties = templates.properties(stack, logical_id)
        own = [one for one in properties["Tags"] if one["Key"].startswith("tenant-keys:")]
        properties["Tags"] = [*own, *as_list(tags)]

    return edit


OF_ACME = "the tag plan of tenant acme"
OF_HOOLI = "the tag plan of tenant hooli"
OF_ALL = "the tag cost of the estate"


@pytest.mark.parametrize(
    ("edit", "findings"),
    [
        (lambda _: None, []),
        (
            tagged("keys", "Keyacme", cost="1"),
            [f'keys Keyacme: {OF_ACME} is missing, declared is "gold"'],
        ),
        (
            tagged("roles", "tenant-acme.orders", cost="1", plan="x"),
            [f'{ACME}: {OF_ACME} is "x", declared is "gold"'],
        ),
        (tagged("roles", "Added", cost="1"), [f'{IMPORTING}: {OF_HOOLI} is missing, declared is "free"']),
        (tagged("roles", "shared.billing"), [f'{SHARED}: {OF_ALL} is missing, declared is "1"']),
        (tagged("workload-222222222222", "tenant-keys-orders"), [f'{WORKLOAD}: {OF_ALL} is missing, declared is "1"']),
        (removing("roles", "Added"), [f"{IMPORTING}: the role is declared and is in no template"]),
        (
            lambda t: t.properties("roles", "tenant-acme.orders").pop("PermissionsBoundary"),
            [f"{ACME}: the role is without its permissions boundary {LIMIT}"],
        ),
        (
            setting("roles", "shared.billing", PermissionsBoundary="arn:aws:iam::1:policy/x"),
            [f"{SHARED}: what its permissions boundary arn:aws:iam::1:policy/x leaves {LEFT_BY}"],
        ),
        (
            allowing("roles", "Added", "s3:GetObject"),
            [f"{IMPORTING}: the role is allowed s3:GetObject; {BY_OTHERS}"],
        ),
        (
            adding("roles", "AWS::New::Type", "Odd"),
            ["roles Odd: AWS::New::Type: the proof does not know what it grants"],
        ),
    ],
)
def test_tags_boundaries_and_custodians_are_as_declared(edit: Edit, findings: list[str]) -> None:
    assert of_more(edit) == findings


def test_a_resource_that_may_be_created_too_early_is_not_proved() -> None:
    made = changing("roles", "later", depends_on=frozenset())
    profile = adding("roles", "AWS::IAM::InstanceProfile", "later", Roles=["other"])
    found_in = of_more(role_of_instances, profile, made)
    assert "roles later: needs the AWS::IAM::Role Instances, which CloudFormation may create later" in found_in, (
        found_in
    )


def role_of_instances(templates: Templates) -> None:
    trust = {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}]}
    properties = {"RoleName": "other", "AssumeRolePolicyDocument": trust}
    templates.add("roles", "Instances", "AWS::IAM::Role", properties)


@pytest.mark.parametrize(
    ("document", "findings"),
    [
        (policy("kms:Decrypt", "sts:AssumeRole"), []),
        (
            policy("ssm:GetParameter", resource="arn:aws:ssm:eu-west-1:222222222222:parameter/tenant-keys/orders"),
            [],
        ),
        (
            policy("ssm:GetParameter", resource="arn:aws:ssm:eu-west-1:222222222222:parameter/tenant-keys/other"),
            [f"Added: a policy allows ssm:GetParameter to the role resident of account 222222222222; {BY_OTHERS}"],
        ),
        (
            policy("s3:GetObject", effect="Deny"),
            [
                (
                    "Added: a Deny for the role resident of account 222222222222, in no template: what it leaves of "
                    "the declared access is not determined"
                ),
            ],
        ),
        (
            policy("iam:PutRolePolicy"),
            [
                (
                    "Added: a policy allows iam:PutRolePolicy to the role resident of account 222222222222, which is "
                    "in no template"
                ),
            ],
        ),
    ],
)
def test_what_is_attached_to_a_role_that_exists_already_is_judged_by_its_workload(
    document: dict[str, Any], findings: list[str]
) -> None:
    named = [one.partition(" ")[2] for one in of_more(attached("resident", document), existing=True)]
    assert named == findings
