"""What must be in the templates and what must not: each difference from the manifest, as a reviewer reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tenant_keys.review.iam import UnsupportedPolicy
from tenant_keys.review.proof.inventory import take_inventory
from tenant_keys.review.proof.promise import promises
from tenant_keys.review.proof.structure import check_structure
from tools.random_estates.small_estates import CENTRAL, Templates, estate_of, templates_of

ESTATE = estate_of(
    "acme: {workloads: [orders, billing, portal]}",
    "globex: {key: {multi_region: true}}",
    "hooli: {key: {origin: imported, import_role: role/hooli-import}}",
    "initech: {state: suspended}",
    recorded=True,
)
PROMISES = promises(ESTATE)
TEMPLATES = templates_of(ESTATE)
Edit = Callable[[Templates], object]
PROJECT = {"tenant-keys:project": "tenant-keys"}
ROLES = f"arn:aws:iam::{CENTRAL}:role"
ACME, WORKLOAD = f"{ROLES}/tenant-keys/orders/tenant-acme.orders", "arn:aws:iam::222222222222:role/tenant-keys-orders"
SHARED = f"{ROLES}/tenant-keys/billing/shared.billing"


def found(*edits: Edit) -> list[tuple[str, str]]:
    """The tenant and the sentence of each finding."""
    templates = TEMPLATES.copy()
    for edit in edits:
        edit(templates)
    return [
        (one.tenant or "", one.what) for one in check_structure(take_inventory(templates, PROMISES), PROMISES, ESTATE)
    ]


def setting(stack: str, logical_id: str, **properties: Any) -> Edit:
    return lambda templates: templates.properties(stack, logical_id).update(properties)


def changing(stack: str, logical_id: str, **fields: Any) -> Edit:
    def edit(templates: Templates) -> None:
        resources = templates.resources[stack]
        resources[logical_id] = replace(resources[logical_id], **fields)

    return edit


def removing(stack: str, *logical_ids: str) -> Edit:
    return lambda templates: [templates.resources[stack].pop(one) for one in logical_ids]


def adding(stack: str, kind: str, logical_id: str = "Added", **properties: Any) -> Edit:
    return lambda templates: templates.add(stack, logical_id, kind, properties)


def allowing(stack: str, logical_id: str, action: str, resource: object = "*") -> Edit:
    """One Allow more in the role's own policy."""
    allow = {"Effect": "Allow", "Action": action, "Resource": resource}
    return lambda templates: templates.properties(stack, logical_id)["Policies"][0]["PolicyDocument"][
        "Statement"
    ].append(allow)


def policy(*actions: str, resource: object = "*", effect: str = "Allow") -> dict[str, Any]:
    return {"Statement": [{"Effect": effect, "Action": list(actions), "Resource": resource}]}


def role(name: str, path: str = "/", **more: Any) -> Edit:
    trust = {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}]}
    return adding("roles", "AWS::IAM::Role", RoleName=name, Path=path, AssumeRolePolicyDocument=trust, **more)


def inline(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"PolicyName": "Own", "PolicyDocument": document}]


def attached(role_name: str, document: dict[str, Any], stack: str = "workload-222222222222") -> Edit:
    return adding(stack, "AWS::IAM::Policy", PolicyName="More", PolicyDocument=document, Roles=[role_name])


def test_nothing_is_said_of_templates_as_declared() -> None:
    assert found() == []


KEY = "keys Keyacme"


def outside(templates: Templates) -> None:
    """Key and alias of acme are in another account."""
    for one in ("Keyacme", "Aliasacme"):
        changing("keys", one, account="222222222222")(templates)
    target = {"TargetKeyId": "unresolved!222222222222!eu-west-1!keys!Keyacme"}
    setting("keys", "Aliasacme", **target)(templates)


@pytest.mark.parametrize(
    ("edit", "tenant", "what"),
    [
        (
            adding("keys", "AWS::KMS::Key", KeyPolicy=policy("kms:*")),
            "",
            "keys Added: a key that no tenant's alias names",
        ),
        (
            outside,
            "acme",
            f"{KEY}: a key outside the key account",
        ),
        (
            setting("keys", "Keyacme", Enabled=False),
            "acme",
            f"{KEY}: the key is disabled, its tenant's state says otherwise",
        ),
        (
            setting("keys", "Keyinitech", Enabled=True),
            "initech",
            "keys Keyinitech: the key is enabled, its tenant's state says otherwise",
        ),
        (
            setting("keys", "Keyacme", KeySpec="RSA_2048"),
            "acme",
            f"{KEY}: KeySpec of the key of tenant acme is RSA_2048; expected SYMMETRIC_DEFAULT",
        ),
        (
            setting("keys", "Keyacme", KeyUsage="SIGN_VERIFY"),
            "acme",
            f"{KEY}: KeyUsage of the key of tenant acme is SIGN_VERIFY; expected ENCRYPT_DECRYPT",
        ),
        (
            setting("keys", "Keyacme", Origin="EXTERNAL"),
            "acme",
            f"{KEY}: Origin of the key of tenant acme is EXTERNAL; expected AWS_KMS",
        ),
        (
            setting("keys", "Keyhooli", Origin="AWS_KMS"),
            "hooli",
            "keys Keyhooli: Origin of the key of tenant hooli is AWS_KMS; expected EXTERNAL",
        ),
        (
            setting("keys", "Keyacme", PendingWindowInDays=7),
            "acme",
            f"{KEY}: PendingWindowInDays of the key of tenant acme is 7; expected 30",
        ),
        (
            setting("keys", "Keyacme", EnableKeyRotation=False),
            "acme",
            f"{KEY}: RotationPeriodInDays of the key of tenant acme is off; expected 365",
        ),
        (
            setting("keys", "Keyhooli", EnableKeyRotation=True),
            "hooli",
            "keys Keyhooli: RotationPeriodInDays of the key of tenant hooli is 365; expected off",
        ),
        (
            setting("replicas", "Keyglobex", PrimaryKeyArn=f"arn:aws:kms:eu-west-3:{CENTRAL}:key/mrk-{1:032x}"),
            "globex",
            (
                f"replicas Keyglobex: a replica of arn:aws:kms:eu-west-3:{CENTRAL}:key/mrk-{1:032x}, which is not the "
                "key that is recorded for tenant globex: it decrypts whatever that key encrypted"
            ),
        ),
        *(
            (
                changing("keys", "Keyacme", **{name: "Delete"}),
                "acme",
                f"{KEY}: a change of the stack could schedule the key's deletion",
            )
            for name in ("deletion_policy", "update_replace_policy")
        ),
        (
            adding(
                "keys",
                "AWS::KMS::Alias",
                AliasName="alias/tenant-acme",
                TargetKeyId=f"unresolved!{CENTRAL}!eu-west-1!keys!Keyacme",
            ),
            "acme",
            "keys alias/tenant-acme: the alias occurs twice in eu-west-1",
        ),
        (
            adding(
                "keys",
                "AWS::KMS::Alias",
                AliasName="alias/b",
                TargetKeyId=f"unresolved!{CENTRAL}!eu-west-1!keys!Keyacme",
            ),
            "acme",
            "keys alias/b: a second alias on the key of tenant acme",
        ),
        (
            adding("keys", "AWS::KMS::Alias", AliasName="alias/b", TargetKeyId="11111111-2222-3333-4444-555555555555"),
            "",
            "keys alias/b: the alias points at no tenant's key",
        ),
        *(
            (
                changing("keys", "Aliasacme", **{name: "Delete"}),
                "acme",
                "keys alias/tenant-acme: a change of the stack could delete the alias, and with it all access",
            )
            for name in ("deletion_policy", "update_replace_policy")
        ),
    ],
)
def test_a_key_or_alias_that_is_not_as_declared_is_named(edit: Edit, tenant: str, what: str) -> None:
    assert found(edit) == [(tenant, what)]


def test_a_key_in_another_region_or_nowhere_is_missing_where_it_is_declared() -> None:
    assert ("acme", "tenant acme has keys in no Region, not in eu-west-1") in found(removing("keys", "Keyacme"))
    assert ("globex", "tenant globex has keys in eu-west-1, not in eu-west-1, eu-central-1") in found(
        removing("replicas", "Keyglobex")
    )


BY_OTHERS = "the templates do not show with whose permissions it acts"
LEFT_BY = "of the declared access is not in the templates"


@pytest.mark.parametrize(
    ("edit", "findings"),
    [
        (
            lambda t: t.resources["roles"].pop("tenant-acme.orders"),
            [f"{ACME}: the role is declared and is in no template"],
        ),
        (
            lambda t: t.resources["workload-222222222222"].pop("tenant-keys-orders"),
            [f"{WORKLOAD}: the role is declared and is in no template"],
        ),
        (
            lambda t: t.resources["roles"].pop("shared.billing"),
            [f"{SHARED}: the role is declared and is in no template"],
        ),
        (
            lambda t: t.properties("roles", "tenant-acme.orders")["Tags"].append({"Key": "Tenant_ID", "Value": "acme"}),
            [f"{ACME}: the tag tenant_id of a role is a tag of all its sessions"],
        ),
        (
            setting(
                "roles",
                "tenant-acme.orders",
                ManagedPolicyArns=["arn:aws:iam::aws:policy/A", "arn:aws:iam::aws:policy/B"],
            ),
            [f"{ACME}: what arn:aws:iam::aws:policy/A, arn:aws:iam::aws:policy/B allows is not in the templates"],
        ),
        (
            setting("roles", "tenant-acme.orders", PermissionsBoundary="arn:aws:iam::1:policy/x"),
            [f"{ACME}: what its permissions boundary arn:aws:iam::1:policy/x leaves {LEFT_BY}"],
        ),
        (
            role("KeyAdministrator", PermissionsBoundary="arn:aws:iam::1:policy/x"),
            [f"{ROLES}/KeyAdministrator: what its permissions boundary arn:aws:iam::1:policy/x leaves {LEFT_BY}"],
        ),
        (role("other", PermissionsBoundary="arn:aws:iam::1:policy/x"), []),
        (
            role("stray", "/Tenant-Keys/x/"),
            [f"{ROLES}/Tenant-Keys/x/stray: a role among the access roles that the manifest does not declare"],
        ),
        (
            role("Tenant-Acme.orders"),
            [
                (
                    f"{ROLES}/Tenant-Acme.orders: another role of the account has the same name, and which of them AWS "
                    "would create is not known"
                ),
            ],
        ),
        (
            role("other", Policies=inline(policy("kms:Decrypt", "sts:AssumeRole", "iam:*", "ram:*", "sso:*", "s3:*"))),
            [
                f"{ROLES}/other: a role that the manifest does not declare is allowed iam:*, kms:Decrypt, ram:*, sso:*",
            ],
        ),
        (role("other", Policies=inline(policy("s3:*"))), []),
        (
            allowing("roles", "tenant-acme.orders", "iam:PutRolePolicy"),
            [f"{ACME}: the role is allowed iam:PutRolePolicy, by which roles and policies are changed"],
        ),
        (
            allowing("roles", "tenant-acme.orders", "s3:GetObject"),
            [f"{ACME}: the role is allowed s3:GetObject; {BY_OTHERS}"],
        ),
        (
            allowing("roles", "tenant-acme.orders", "sts:AssumeRole", f"{ROLES}/elsewhere"),
            [f"{ACME}: the role is allowed sessions of {ROLES}/elsewhere; who trusts whom there is in no template"],
        ),
        (allowing("roles", "tenant-acme.orders", "sts:AssumeRole", SHARED), []),
        (allowing("roles", "tenant-acme.orders", "sts:AssumeRole", WORKLOAD), []),
        (
            allowing("workload-222222222222", "tenant-keys-orders", "ssm:GetParameter"),
            [f"{WORKLOAD}: the role is allowed ssm:GetParameter; {BY_OTHERS}"],
        ),
        (
            allowing(
                *("workload-222222222222", "tenant-keys-orders", "ssm:GetParameter"),
                "arn:aws:ssm:eu-west-1:222222222222:parameter/tenant-keys/orders",
            ),
            [],
        ),
    ],
)
def test_a_role_that_is_not_as_declared_is_named(edit: Edit, findings: list[str]) -> None:
    assert [what for _, what in found(edit)] == findings


def test_a_property_that_is_not_known_is_corrected_or_removed() -> None:
    templates = TEMPLATES.copy()
    templates.properties("keys", "Keyacme")["New"] = 1
    (finding,) = check_structure(take_inventory(templates, PROMISES), PROMISES, ESTATE)
    assert finding.what == "keys Keyacme: AWS::KMS::Key New: the proof does not know this property"
    assert finding.fix == "synthesize again; correct the value, or remove the property"


@pytest.mark.parametrize("element", ["Action", "NotAction"])
def test_an_action_that_is_none_is_named_with_its_policy(element: str) -> None:
    templates = TEMPLATES.copy()
    statement = {"Sid": "Odd", "Effect": "Deny", element: ["kms:Sign", ""], "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    attached("tenant-acme.orders", document, "roles")(templates)
    inventory = take_inventory(templates, PROMISES)
    words = (
        'policy More of .*/tenant-acme.orders: Odd: got \\["kms:Sign", ""\\]; an action is written service:Operation'
    )
    with pytest.raises(UnsupportedPolicy, match=words):
        check_structure(inventory, PROMISES, ESTATE)
