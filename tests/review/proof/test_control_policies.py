"""What control policies are to keep, and which declared calls they must let through; typed by hand."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

from tenant_keys.manifest import Estate
from tenant_keys.manifest.detection import RULE_IDS
from tenant_keys.review.proof.actor import Actor, anonymous, role_session, service
from tenant_keys.review.proof.controls import RCP, SCP
from tenant_keys.review.proof.document import Document
from tenant_keys.review.proof.findings import Kind
from tenant_keys.review.proof.guardrails import check_guardrails
from tenant_keys.review.proof.reserved import Reserved, reserved, understood_resources
from tenant_keys.review.proof.reviewed import review_estate
from tenant_keys.review.proof.stopped import _without_open_conditions, check_stopped
from tenant_keys.review.proof.world import build_world
from tests.policy.estates import estate_of_text, manifest
from tools.random_estates.small_estates import CENTRAL, Templates, templates_of

WORKLOADS = """\
  orders: {account: '222222222222', runs_on: lambda}
  billing: {account: '222222222222', runs_on: ecs, access: session-tag}"""
CUSTODIAN = "{origin: imported, custodian: {account: '666666666666', role: role/Keys, external_id: hooli-1}}"
HEAD = 'audit: {trail: own}\nguardrails: {management_account: "444444444444", import_path: /key-import/}\n'
ROLE, ACCESS = f"arn:aws:iam::{CENTRAL}:role/", f"arn:aws:iam::{CENTRAL}:role/tenant-keys/"
ANY_KEY = f"any key of account {CENTRAL} in eu-west-1"
ALIAS, KEY = f"arn:aws:kms:eu-west-1:{CENTRAL}:alias/tenant-any", f"arn:aws:kms:eu-west-1:{CENTRAL}:key/"
AUDIT = {name: f"arn:aws:{name}:eu-west-1:{CENTRAL}:" for name in ("events", "sns", "cloudtrail")}


def estate(key: str = "{multi_region: true}") -> Estate:
    tenants = f"  acme: {{workloads: [orders, billing], key: {key}}}"
    return estate_of_text(HEAD + manifest(WORKLOADS, tenants, "eu-west-1", deployment_roles="[role/Deploy]"))


def denying_all(found: Templates) -> None:
    deny = {"Sid": "All", "Effect": "Deny", "Action": "*", "Resource": "*"}
    found.properties("guardrails", "scp")["Content"]["Statement"] = [deny]
    found.properties("guardrails", "rcp")["Content"]["Statement"] = [{**deny, "Principal": "*"}]


READING = (
    "kms:describekey kms:getkeylastusage kms:getkeypolicy kms:getkeyrotationstatus kms:listgrants kms:listkeypolicies "
    "kms:listkeyrotations kms:listresourcetags"
)
SETTINGS = (
    "kms:disablekeyrotation kms:enablekey kms:enablekeyrotation kms:putkeypolicy kms:replicatekey kms:tagresource "
    "kms:untagresource kms:updatekeydescription"
)
DECLARED = {
    (f"{ROLE}Deploy", "*"): "kms:createkey",
    (f"{ROLE}Deploy", ALIAS): "kms:createalias kms:deletealias",
    (f"{ROLE}Deploy", KEY): f"kms:createalias {SETTINGS} {READING}",
    (f"{ROLE}Deploy", f"{ACCESS}orders/tenant-acme.orders"): "iam:createrole iam:tagrole",
    (f"{ROLE}Deploy", f"{ACCESS}billing/shared.billing"): "iam:createrole iam:tagrole",
    **{
        (f"{ROLE}Deploy", f"{AUDIT['events']}rule/tenant-keys-audit-{rule}"): (
            "events:deleterule events:putrule events:puttargets events:removetargets"
        )
        for rule in RULE_IDS
    },
    (f"{ROLE}Deploy", f"{AUDIT['sns']}tenant-keys-audit"): "sns:deletetopic sns:settopicattributes",
    (f"{ROLE}Deploy", f"{AUDIT['cloudtrail']}trail/tenant-keys-trail"): (
        "cloudtrail:deletetrail cloudtrail:puteventselectors cloudtrail:stoplogging cloudtrail:updatetrail"
    ),
    (f"{ROLE}KeyAdministrator", KEY): READING,
    (f"{ROLE}SecurityAudit", KEY): READING,
    (f"{ROLE}KeyBreakGlass", KEY): f"kms:cancelkeydeletion {READING} kms:schedulekeydeletion",
    ("cloudwatch.amazonaws.com", KEY): "kms:decrypt kms:generatedatakey",
    ("events.amazonaws.com", KEY): "kms:decrypt kms:generatedatakey",
}
"""Beside what is decided with the control policies elsewhere: by whom and on what, the actions."""


def stopped(*edits: Any) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    declared = estate()
    templates = templates_of(declared)
    templates.properties("roles", "tenant-acme.orders")["Tags"].append({"Key": "unit", "Value": "x"})
    for edit in edits:
        edit(templates)
    reviewed = review_estate(templates, declared)
    world = build_world(declared, reviewed.inventory, reviewed.promises, reviewed.classes)
    for one in check_stopped(reviewed.inventory, world):
        assert one.kind is Kind.REFUSED
        who, _, rest = one.what.partition(" may not ")
        action, _, resource = rest.removesuffix(", which is declared").partition(" on ")
        arn = KEY if resource == ANY_KEY else resource
        assert action.lower() not in found[who, arn]
        found[who, arn].add(action.lower())
    return found


def test_a_control_policy_that_denies_everything_stops_every_declared_call() -> None:
    assert stopped(denying_all) == {place: set(actions.split()) for place, actions in DECLARED.items()}
    assert stopped() == {}


def denying(action: str, operator: str, key: str, value: str) -> Any:
    deny = {"Sid": "Added", "Effect": "Deny", "Action": action, "Resource": "*", "Condition": {operator: {key: value}}}

    def edit(found: Templates) -> None:
        found.properties("guardrails", "scp")["Content"]["Statement"].append(deny)
        found.properties("guardrails", "rcp")["Content"]["Statement"].append({**deny, "Principal": "*"})

    return edit


OF_ALIAS = {(f"{ROLE}Deploy", ALIAS): {"kms:createalias", "kms:deletealias"}}
TAGGED = (f"{ROLE}Deploy", f"{ACCESS}orders/tenant-acme.orders")


@pytest.mark.parametrize(
    ("action", "operator", "key", "value", "expected"),
    [
        # What every one of the calls has, and no other.
        ("*", "Bool", "aws:SecureTransport", "false", {}),
        ("kms:*", "ForAnyValue:StringLike", "kms:ResourceAliases", "*", {}),
        ("kms:*", "StringNotEquals", "aws:RequestedRegion", "eu-west-1", {}),
        ("events:*", "StringNotEquals", "aws:RequestedRegion", "eu-west-1", {}),
        ("sns:*", "StringNotEquals", "aws:RequestedRegion", "eu-west-1", {}),
        ("cloudtrail:*", "StringNotEquals", "aws:RequestedRegion", "eu-west-1", {}),
        ("iam:*", "StringNotEquals", "aws:RequestedRegion", "us-east-1", {}),
        ("*", "StringNotEquals", "aws:ResourceOrgID", "o-a1b2c3d4e5", {}),
        # The key of the topic alone is of one Region: the tenant's is of several.
        ("kms:CreateKey", "Bool", "kms:MultiRegion", "false", {(f"{ROLE}Deploy", "*"): {"kms:createkey"}}),
        ("kms:CreateKey", "Bool", "kms:MultiRegion", "true", {(f"{ROLE}Deploy", "*"): {"kms:createkey"}}),
        ("kms:ReplicateKey", "Bool", "kms:MultiRegion", "true", {(f"{ROLE}Deploy", KEY): {"kms:replicatekey"}}),
        ("kms:ReplicateKey", "Bool", "kms:MultiRegion", "false", {}),
        # An alias is asked for by itself, without a property of its key.
        ("kms:*", "StringNotEquals", "kms:KeySpec", "SYMMETRIC_DEFAULT", OF_ALIAS),
        ("kms:*", "StringNotEquals", "kms:KeyUsage", "ENCRYPT_DECRYPT", OF_ALIAS),
        ("kms:*", "StringNotEquals", "kms:KeyOrigin", "AWS_KMS", OF_ALIAS),
        ("kms:CreateAlias", "StringEquals", "kms:KeyOrigin", "AWS_KMS", {(f"{ROLE}Deploy", KEY): {"kms:createalias"}}),
        # Tags are sent as the templates have them.
        ("iam:*", "StringEquals", "aws:RequestTag/unit", "x", {TAGGED: {"iam:createrole", "iam:tagrole"}}),
        ("iam:*", "ForAnyValue:StringEquals", "aws:TagKeys", "unit", {TAGGED: {"iam:createrole", "iam:tagrole"}}),
        ("iam:TagRole", "StringNotEquals", "aws:RequestTag/unit", "x", {}),
        ("iam:TagRole", "Null", "aws:RequestTag/unit", "true", {}),
    ],
)
def test_a_declared_call_has_what_the_templates_and_its_place_decide(
    action: str, operator: str, key: str, value: str, expected: dict[tuple[str, str], set[str]]
) -> None:
    assert stopped(denying(action, operator, key, value)) == expected


def test_a_declared_call_that_depends_on_a_network_is_not_proved() -> None:
    declared = estate()
    templates = templates_of(declared)
    denying("kms:CreateAlias", "StringNotEquals", "aws:SourceVpc", "vpc-1")(templates)
    reviewed = review_estate(templates, declared)
    world = build_world(declared, reviewed.inventory, reviewed.promises, reviewed.classes)
    found = list(check_stopped(reviewed.inventory, world))
    assert {one.kind for one in found} == {Kind.NOT_PROVED}
    reported = f"{ROLE}Deploy may not kms:CreateAlias on {ALIAS}, which is declared; it depends on aws:sourcevpc"
    assert reported in [one.what for one in found]


def test_a_policy_of_another_type_is_named_and_not_read() -> None:
    declared = estate()
    templates = templates_of(declared)
    tags = {"Name": "tags", "Type": "TAG_POLICY", "Content": {"tags": {}}, "TargetIds": [CENTRAL]}
    templates.add("guardrails", "tags", "AWS::Organizations::Policy", tags)
    reviewed = review_estate(templates, declared)
    world = build_world(declared, reviewed.inventory, reviewed.promises, reviewed.classes)
    (found,) = check_guardrails(reviewed.inventory, world)
    assert (found.kind, found.what) == (
        Kind.NOT_PROVED,
        "guardrails tags: AWS::Organizations::Policy of type TAG_POLICY: the proof does not know its effect",
    )


MATERIAL = "kms:deleteimportedkeymaterial kms:getparametersforimport kms:importkeymaterial"
BYPASS = (("kms:bypasspolicylockoutsafetycheck", "true"),)
OTHERS = f"{ACCESS}any/tenant-any.any {ROLE}any"
OF_KEYS = {
    ("deletion", "kms:schedulekeydeletion", KEY, "administration", ()),
    ("cancelling a deletion", "kms:cancelkeydeletion", KEY, "administration", ()),
    ("disabling", "kms:disablekey", KEY, "administration", ()),
    ("policies and settings of keys", SETTINGS, KEY, "administration", ()),
    ("key material", MATERIAL, KEY, "administration", ()),
    ("the lockout check", "kms:putkeypolicy", KEY, "administration", BYPASS),
    (
        "grants, alias targets and the primary Region",
        "kms:creategrant kms:updatealias kms:updateprimaryregion",
        KEY,
        "plaintext",
        (),
    ),
}
KEPT = {
    SCP: {
        *OF_KEYS,
        ("aliases", "kms:createalias kms:deletealias", f"{KEY} {ALIAS}", "administration", ()),
        ("the lockout check", "kms:createkey", "*", "administration", BYPASS),
        ("alias targets", "kms:updatealias", ALIAS, "plaintext", ()),
        ("the tag tenant_id", "iam:createrole iam:tagrole", f"{ROLE}any", "plaintext", "with the tag"),
        (
            "the tag tenant_id",
            "iam:createuser iam:taguser",
            f"arn:aws:iam::{CENTRAL}:user/any",
            "plaintext",
            "with the tag",
        ),
        (
            "the trail",
            "cloudtrail:deletetrail cloudtrail:puteventselectors cloudtrail:stoplogging cloudtrail:updatetrail",
            f"{AUDIT['cloudtrail']}trail/tenant-keys-any",
            "detection",
            (),
        ),
        (
            "the rules",
            "events:deleterule events:disablerule events:putrule events:puttargets events:removetargets",
            f"{AUDIT['events']}rule/tenant-keys-any",
            "detection",
            (),
        ),
        (
            "the topic",
            "sns:addpermission sns:deletetopic sns:removepermission sns:settopicattributes",
            f"{AUDIT['sns']}tenant-keys-any",
            "detection",
            (),
        ),
    },
    RCP: {
        *OF_KEYS,
        ("aliases", "kms:createalias kms:deletealias", KEY, "administration", ()),
        (
            "use from inside the organization",
            (
                "kms:creategrant kms:decapsulate kms:decrypt kms:derivesharedsecret kms:encapsulate kms:encrypt "
                "kms:generatedatakey kms:generatedatakeypair kms:generatedatakeypairwithoutplaintext "
                "kms:generatedatakeywithoutplaintext kms:generatemac kms:getpublickey kms:reencryptfrom "
                "kms:reencryptto kms:sign kms:verify kms:verifymac"
            ),
            KEY,
            "plaintext",
            (),
        ),
        ("sessions from inside the organization", "sts:assumerole", f"{ACCESS}any/tenant-any.any", "plaintext", ()),
        ("the tag tenant_id", "sts:tagsession", OTHERS, "plaintext", "with the tag"),
    },
}
OF_CUSTODIANS = ("sessions of import roles", "sts:assumerole", f"{ACCESS}import.any", "administration", ())


def row(one: Reserved) -> tuple[object, ...]:
    arns = " ".join(KEY if arn.startswith(KEY) else arn for arn in one.resources)
    context = "with the tag" if one.tenant_tag else tuple(sorted(one.context.items()))
    return one.what, " ".join(sorted(one.actions)), arns, one.lost, context


@pytest.mark.parametrize("kind", [SCP, RCP])
def test_a_control_policy_keeps_these_actions_on_these_resources(kind: str) -> None:
    kept = [row(one) for one in reserved(kind, estate())]
    assert len(kept) == len(set(kept))
    assert set(kept) == KEPT[kind]
    with_custodian = {row(one) for one in reserved(kind, estate(CUSTODIAN))}
    assert with_custodian == KEPT[kind] | ({OF_CUSTODIANS} if kind == RCP else set())


def test_the_resources_that_the_proof_understands_are_these() -> None:
    arn = f"arn:aws:kms:*:{CENTRAL}:"
    expected = {
        *("*", f"{ACCESS}*", f"{ACCESS}*/shared.*", f"{arn}key/*", f"{arn}alias/tenant-*"),
        f"arn:aws:cloudtrail:*:{CENTRAL}:trail/tenant-keys-*",
        f"arn:aws:events:*:{CENTRAL}:rule/tenant-keys-*",
        f"arn:aws:sns:*:{CENTRAL}:tenant-keys-*",
    }
    assert understood_resources(estate()) == expected
    assert understood_resources(estate(CUSTODIAN)) == expected | {f"{ACCESS}*/*", f"{ACCESS}import.*"}


ORGANIZATION = "o-a1b2c3d4e5"
PEOPLE: dict[str, Actor] = {
    "deployer": role_session(f"{ROLE}Deploy", organization=ORGANIZATION),
    "administrator": role_session(f"{ROLE}KeyAdministrator", organization=ORGANIZATION),
    "break-glass": role_session(f"{ROLE}KeyBreakGlass", organization=ORGANIZATION),
    "importer": role_session(f"{ROLE}key-import/globex", organization=ORGANIZATION),
    "import-role": role_session(f"{ACCESS}import.hooli", organization=ORGANIZATION),
    "stranger": role_session("arn:aws:iam::777777777777:role/Deploy"),
    "customer": role_session("arn:aws:iam::666666666666:role/Any"),
    "service": service("s3.amazonaws.com"),
    "anybody": anonymous(),
}
INSIDE = "deployer administrator break-glass importer import-role service"
SPARED = {
    "deletion": "break-glass",
    "cancelling a deletion": "administrator break-glass",
    "disabling": "deployer administrator break-glass",
    "policies and settings of keys": "deployer",
    "aliases": "deployer break-glass",
    "grants, alias targets and the primary Region": "deployer break-glass",
    "alias targets": "deployer break-glass",
    "key material": "importer import-role",
    "the lockout check": "break-glass",
    "the tag tenant_id": "",
    **dict.fromkeys(("the trail", "the rules", "the topic"), "deployer"),
    "use from inside the organization": INSIDE,
    "sessions from inside the organization": INSIDE,
    "sessions of import roles": f"{INSIDE} customer",
}


@pytest.mark.parametrize("kind", [SCP, RCP])
def test_a_control_policy_spares_these_and_nobody_else(kind: str) -> None:
    for one in reserved(kind, estate(CUSTODIAN)):
        spared = {name for name, actor in PEOPLE.items() if one.spares(actor)}
        assert spared == set(SPARED[one.what].split()), one.what
    (material,) = [one for one in reserved(kind, estate()) if one.what == "key material"]
    assert not material.spares(PEOPLE["import-role"])


SERVICE, OTHER = {"Bool": {"aws:PrincipalIsAWSService": "true"}}, {"StringEquals": {"aws:SourceVpc": "v"}}


@pytest.mark.parametrize(
    ("condition", "kept"),
    [
        ({}, {}),
        (SERVICE, SERVICE),
        (OTHER, {}),
        ({**SERVICE, **OTHER}, SERVICE),
        (
            {"StringEquals": {**OTHER["StringEquals"], "aws:ResourceAccount": "1"}},
            {"StringEquals": {"aws:ResourceAccount": "1"}},
        ),
    ],
)
def test_a_condition_of_which_a_service_says_nothing_may_hold(condition: dict[str, Any], kept: dict[str, Any]) -> None:
    deny = {"Sid": "No", "Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"}

    def policy(one: dict[str, Any]) -> dict[str, Any]:
        return {"Version": "2012-10-17", "Statement": {**deny, "Condition": one} if one else deny}

    found = _without_open_conditions(Document.parse(policy(condition), name="rcp", kind="rcp"))
    assert found.raw == {"Version": "2012-10-17", "Statement": [policy(kept)["Statement"]]}
    assert (found.policy.name, found.policy.kind) == ("rcp", "rcp")
