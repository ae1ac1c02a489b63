"""What must be in the templates and what must not: each difference from the manifest, as a reviewer reads it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

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


def attached(role_name: str, document: dict[str, Any], stack: str = "workload-222222222222") -> Edit:
    return adding(stack, "AWS::IAM::Policy", PolicyName="More", PolicyDocument=document, Roles=[role_name])


@pytest.mark.parametrize(
    ("edit", "findings"),
    [
        (attached("unknown", policy("s3:GetObject")), []),
        (
            attached("unknown", policy("kms:Decrypt")),
            [
                (
                    "workload-222222222222 Added: a policy allows kms:Decrypt to the role unknown of account "
                    "222222222222, which is in no template"
                ),
            ],
        ),
        (attached("unknown", policy("kms:Decrypt", effect="Deny")), []),
        (
            attached("keyadministrator", policy("kms:Decrypt", effect="Deny"), "roles"),
            [
                (
                    f"roles Added: a Deny for the role keyadministrator of account {CENTRAL}, in no template: what it "
                    "leaves of the declared access is not determined"
                ),
            ],
        ),
        (attached("KeyAdministrator", policy("s3:*", effect="Deny"), "roles"), []),
        (
            attached("KeyAdministrator", policy("s3:GetObject"), "roles"),
            [
                (
                    "roles Added: a policy allows s3:GetObject to the role KeyAdministrator of account "
                    f"{CENTRAL}; {BY_OTHERS}"
                ),
            ],
        ),
    ],
)
def test_a_policy_of_a_role_that_is_in_no_template_is_named_by_what_it_does(edit: Edit, findings: list[str]) -> None:
    assert [what for _, what in found(edit)] == findings


def value(**changed: Any) -> str:
    own = f"arn:aws:iam::{CENTRAL}:role/tenant-keys/orders/tenant-{{tenant_id}}.orders"
    usual = {
        "version": 1,
        "workload": "orders",
        "access": "tenant-role",
        "role_arn": own,
        "alias_arn": f"arn:aws:kms:eu-west-1:{CENTRAL}:alias/tenant-{{tenant_id}}",
        "operations": ["encrypt", "decrypt"],
        "exceptions": {},
    }
    return json.dumps({name: one for name, one in (usual | changed).items() if one != "left out"})


PLACE = "parameters-222222222222-eu-west-1 orders: parameter /tenant-keys/orders in eu-west-1: "
CONTAINS = f"{PLACE}the parameter of workload orders contains "
NAMES = "access, alias_arn, exceptions, operations, role_arn, version, workload"


@pytest.mark.parametrize(
    ("written", "reported"),
    [
        (value(), []),
        (value(ids={}), []),
        ("[", [f"{CONTAINS}what is not understood: Expecting value: line 1 column 2 (char 1)"]),
        ('{"a": 1, "a": 2}', [f"{CONTAINS}what is not understood: a name occurs twice in one object"]),
        ("[]", [f"{CONTAINS}something other than {NAMES}: []"]),
        (value(held={}), [f"{CONTAINS}something other than {NAMES}: {value(held={})[:80]}"]),
        (value(version="left out"), [f"{CONTAINS}something other than {NAMES}: {value(version='left out')[:80]}"]),
        (value(version=True), [f"{CONTAINS}version, which differs: version is true, declared is 1"]),
        (value(version=1.0), [f"{CONTAINS}version, which differs: version is 1.0, declared is 1"]),
        (
            value(workload="billing"),
            [f'{CONTAINS}workload, which differs: workload is "billing", declared is "orders"'],
        ),
        (
            value(access="session-tag"),
            [f'{CONTAINS}access, which differs: access is "session-tag", declared is "tenant-role"'],
        ),
        (
            value(role_arn=SHARED),
            [
                (
                    f'{CONTAINS}role_arn, which differs: role_arn is "{SHARED}", declared is '
                    f'"{ROLES}/tenant-keys/orders/tenant-{{tenant_id}}.orders"'
                ),
            ],
        ),
        (value(ids={"a": "b"}), [f'{CONTAINS}ids, which differs: ids.a is "b", and is not declared']),
        (
            value(operations=["decrypt"]),
            [f'{CONTAINS}operations ["decrypt"]; expected decrypt, encrypt'],
        ),
        (
            value(operations={}),
            [f"{CONTAINS}operations {{}}; expected decrypt, encrypt"],
        ),
        (value(alias_arn=1), [f"{CONTAINS}alias_arn 1, which is not the alias pattern of the key account"]),
        (
            value(alias_arn="alias/x"),
            [f'{CONTAINS}alias_arn "alias/x", which is not the alias pattern of the key account'],
        ),
        (value(exceptions=[]), [f"{CONTAINS}exceptions [], which is not an object"]),
        (
            value(exceptions={"zulu": "a", "umbrella": "b"}),
            [f'{CONTAINS}an alias for tenant "umbrella", which it does not serve'],
        ),
        (
            value(exceptions={"acme": "alias/x"}),
            [
                (
                    f'{CONTAINS}the alias "alias/x" for tenant acme; '
                    f"expected arn:aws:kms:eu-west-1:{CENTRAL}:alias/tenant-acme"
                ),
            ],
        ),
        (
            value(alias_arn=f"arn:aws:kms:eu-central-1:{CENTRAL}:alias/tenant-{{tenant_id}}"),
            [
                (
                    f'{CONTAINS}the alias "arn:aws:kms:eu-central-1:{CENTRAL}:alias/tenant-acme" for tenant acme; '
                    f"expected arn:aws:kms:eu-west-1:{CENTRAL}:alias/tenant-acme"
                ),
            ],
        ),
    ],
)
def test_a_parameter_that_is_not_as_declared_is_named_by_the_first_difference(
    written: str, reported: list[str]
) -> None:
    assert [
        what for _, what in found(setting("parameters-222222222222-eu-west-1", "orders", Value=written))
    ] == reported


def test_a_parameter_that_is_nested_too_deeply_is_named() -> None:
    ((_, what),) = found(setting("parameters-222222222222-eu-west-1", "orders", Value="[" * 4000))
    assert what.startswith(f"{CONTAINS}what is not understood: maximum recursion depth exceeded")


def test_a_parameter_is_there_once_and_of_a_declared_workload() -> None:
    stack = "parameters-222222222222-eu-west-1"
    missing = (
        "parameter /tenant-keys/orders of account 222222222222 in eu-west-1: it is in no template, and workload orders "
        "needs it to find its roles and aliases"
    )
    assert found(removing(stack, "orders")) == [("", missing)]
    for name, what in (
        ("/tenant-keys/orders", "the parameter is there twice in one Region"),
        ("/Tenant-keys/other", "a parameter of a workload that the manifest does not declare there"),
    ):
        again = adding(stack, "AWS::SSM::Parameter", Name=name, Type="String", Value=value(), Tags=PROJECT)
        assert found(again) == [("", f"{stack} Added: parameter {name} in eu-west-1: {what}")]
    other = adding(stack, "AWS::SSM::Parameter", Name="/others/a", Type="String", Value="a", Tags=PROJECT)
    assert found(other) == []


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
