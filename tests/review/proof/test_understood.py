"""What the proof does not understand it names, a promise it compares, and harmless hardening it proves.

AWS's documents decide each verdict.
"""

from __future__ import annotations

import contextlib
import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from tenant_keys.review.errors import ReviewError
from tenant_keys.review.proof import Kind, Proof, prove
from tests.review.proof.test_declared_calls import (
    BILLING,
    EVERY_MODE,
    NOT_PROVED,
    ORDERS,
    PROVED,
    REFUTED,
    Body,
    Edit,
    denying,
    key,
    own,
    verdict,
)
from tests.review.proof.test_kinds import estate_of
from tools.random_estates.small_estates import CENTRAL, Templates, templates_of

ACCESS, WORKLOAD = own("tenant-acme.orders"), own("tenant-keys-orders", stack="workload-222222222222")
ROLE = f"arn:aws:iam::{CENTRAL}:role/tenant-keys/orders/tenant-acme.orders"
KEYS = f"arn:aws:kms:*:{CENTRAL}:key/*"


def allowing(where: Callable[[Templates], list[Body]], action: object, resource: object = "*") -> Edit:
    allow = {"Sid": "Added", "Effect": "Allow", "Action": action, "Resource": resource}
    return lambda templates: where(templates).append(allow)


def proof_of(edit: Edit) -> Proof:
    templates = templates_of(ORDERS)
    edit(templates)
    return prove(templates, ORDERS)


@pytest.mark.parametrize(
    "action",
    [
        # Each acts by the permissions of somebody else, or reaches what the templates do not hold (IAM guide,
        # id_roles_use_passrole; the service's own guide).
        "lambda:UpdateFunctionCode",
        "lambda:*",
        "ssm:SendCommand",
        "ssm:GetParameter",
        "ssm:StartSession",
        "ecs:ExecuteCommand",
        "codebuild:StartBuild",
        "states:StartExecution",
        "s3:PutObject",
        "secretsmanager:GetSecretValue",
        "ec2:?unInstances",
        "logs:PutLogEvents",
        "anew-service:Something",
        # A key that a tenant's session creates could take the alias of a tenant to come (AWS KMS API, CreateKey).
        "kms:CreateKey",
        "KMS:Create*",
        "kms:?reateKey",
    ],
)
def test_an_action_of_an_access_role_beside_its_key_is_named(action: str) -> None:
    proof = proof_of(allowing(ACCESS, action))
    assert proof.verdict == NOT_PROVED
    assert any(f"{ROLE}: the role is allowed {action}" in finding.what for finding in proof.findings)


@pytest.mark.parametrize("action", ["kms:Cr*", "kms:CreateGrant", "kms:PutKeyPolicy", "kms:List*"])
def test_actions_on_keys_are_tried_and_need_no_names(action: str) -> None:
    """Key policies deny them (AWS KMS guide, key-policies: a Deny counts regardless of who allows)."""
    assert proof_of(allowing(ACCESS, action, KEYS)).verdict == PROVED


@pytest.mark.parametrize(
    ("action", "resource", "expected"),
    [
        ("logs:PutLogEvents", "*", PROVED),
        (["xray:PutTraceSegments", "cloudwatch:PutMetricData"], "*", PROVED),
        ("kms:Decrypt", "*", PROVED),
        ("logs:*", "*", NOT_PROVED),
        ("ssm:PutParameter", "arn:aws:ssm:*:222222222222:parameter/tenant-keys/*", NOT_PROVED),
        ("ssm:GetParameter", "arn:aws:ssm:eu-west-1:222222222222:parameter/tenant-keys/billing", NOT_PROVED),
        ("lambda:UpdateFunctionCode", "arn:aws:lambda:*:222222222222:function:orders", NOT_PROVED),
    ],
)
def test_an_action_of_a_workloads_role_is_understood_or_named(action: object, resource: str, expected: str) -> None:
    """Its own records (AWS Lambda guide, lambda-intro-execution-role), and keys, whose policies name it nowhere."""
    assert proof_of(allowing(WORKLOAD, action, resource)).verdict == expected


@pytest.mark.parametrize(
    ("principal", "action", "expected"),
    [
        ({"AWS": ROLE}, "lambda:UpdateFunctionCode", NOT_PROVED),
        ({"AWS": "arn:aws:iam::222222222222:root"}, "s3:PutObject", NOT_PROVED),
        ({"Service": "lambda.amazonaws.com"}, "lambda:UpdateFunctionCode", PROVED),
        ({"AWS": "arn:aws:iam::333333333333:root"}, "s3:PutObject", NOT_PROVED),
    ],
)
def test_a_role_of_the_templates_is_no_way_around(principal: Body, action: str, expected: str) -> None:
    """A trust policy that names a role of its account, or another account, needs no more there."""

    def edit(templates: Templates) -> None:
        document = {"Version": "2012-10-17"}
        allowed = {"Sid": "Act", "Effect": "Allow", "Action": action, "Resource": "*"}
        trusted = {"Sid": "Trust", "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
        properties = {
            "RoleName": "Stray",
            "AssumeRolePolicyDocument": {**document, "Statement": [trusted]},
            "Policies": [{"PolicyName": "Act", "PolicyDocument": {**document, "Statement": [allowed]}}],
        }
        templates.add("roles", "Stray", "AWS::IAM::Role", properties)

    assert proof_of(edit).verdict == expected


@pytest.mark.parametrize(
    ("tenant", "properties", "expected"),
    [
        # AWS KMS guide, rotate-keys; CloudFormation, AWS::KMS::Key: no rotation by default, 365 days, 30 days.
        ("{}", {"EnableKeyRotation": False}, REFUTED),
        ("{}", {"EnableKeyRotation": "false"}, REFUTED),
        ("{}", {"EnableKeyRotation": None}, REFUTED),
        ("{}", {"RotationPeriodInDays": 2560}, REFUTED),
        ("{}", {"RotationPeriodInDays": None}, PROVED),
        ("{}", {"RotationPeriodInDays": "365"}, PROVED),
        ("{}", {"RotationPeriodInDays": "a year"}, NOT_PROVED),
        ("{}", {"PendingWindowInDays": 7}, REFUTED),
        ("{}", {"PendingWindowInDays": None}, PROVED),
        ("{rotation_days: 180}", {"RotationPeriodInDays": None}, REFUTED),
        ('{rotation_days: "off"}', {"EnableKeyRotation": True}, REFUTED),
        ('{rotation_days: "off"}', {}, PROVED),
        ("{deletion_window_days: 7}", {"PendingWindowInDays": None}, REFUTED),
        ("{key: {origin: imported, import_role: role/Import}}", {"EnableKeyRotation": True}, REFUTED),
        ("{key: {origin: imported, import_role: role/Import}}", {}, PROVED),
        ("{}", {"NewProperty": True}, NOT_PROVED),
        ("{}", {"Keypolicy": {}}, NOT_PROVED),
    ],
)
def test_a_key_is_rotated_and_deleted_as_the_manifest_says(tenant: str, properties: Body, expected: str) -> None:
    estate = estate_of(f"acme: {tenant}")

    def edit(templates: Templates) -> None:
        kept = templates.properties("keys", "Keyacme")
        kept.update(properties)
        for name in [name for name, value in properties.items() if value is None]:
            del kept[name]

    assert verdict(estate, edit) == expected


OWN = [{"Key": "tenant-keys:project", "Value": "tenant-keys"}, {"Key": "tenant-keys:tenant", "Value": "acme"}]
PLAN = {"Key": "plan", "Value": "trial"}
TAGGED = [{"Key": "plan", "Value": "standard"}, {"Key": "of", "Value": "acme"}]


def _tagging(templates: Templates) -> None:
    templates.properties("keys", "Keyacme")["Tags"] += TAGGED


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        # Of a role session AROA, an id and the session's name (IAM guide, reference_policies_variables).
        ({"StringNotLike": {"aws:userid": "AROA*:*"}}, PROVED),
        ({"StringNotLike": {"aws:userid": "AROA????????????*:*"}}, PROVED),
        ({"StringLike": {"aws:userid": "AIDA*"}}, PROVED),
        ({"StringLike": {"aws:userid": "aroa*"}}, PROVED),
        ({"StringEquals": {"aws:userid": CENTRAL}}, PROVED),
        ({"Null": {"aws:userid": "true"}}, PROVED),
        ({"StringLike": {"aws:userid": "AROA*"}}, REFUTED),
        ({"StringNotLike": {"aws:userid": "AROAACME*:*"}}, NOT_PROVED),
        # The organization of the key account (IAM guide, reference_policies_condition-keys).
        ({"StringNotEquals": {"aws:ResourceOrgID": "o-a1b2c3d4e5"}}, PROVED),
        ({"StringNotLike": {"aws:ResourceOrgID": "o-*"}}, PROVED),
        ({"StringEquals": {"aws:ResourceOrgID": "o-bbbbbbbbbb"}}, PROVED),
        ({"StringEquals": {"aws:ResourceOrgID": "o-a1b2c3d4e5"}}, REFUTED),
        # Tags that the template sets (AWS KMS guide, tag-authorization).
        ({"StringNotEquals": {"aws:ResourceTag/plan": "standard"}}, PROVED),
        ({"StringEquals": {"aws:resourcetag/PLAN": ["trial", "none"]}}, PROVED),
        ({"Null": {"aws:ResourceTag/of": "true"}}, PROVED),
        ({"StringEquals": {"aws:ResourceTag/of": "acme"}}, REFUTED),
        ({"StringNotEquals": {"aws:ResourceTag/team": "x"}}, NOT_PROVED),
        # Every endpoint of AWS is called by TLS (AWS general reference).
        ({"Bool": {"aws:SecureTransport": "true"}}, REFUTED),
    ],
)
def test_hardening_that_stops_no_declared_call_is_proved(condition: Body, expected: str) -> None:
    deny = denying(key, condition, ["kms:Decrypt", "kms:Encrypt"], Principal="*", Resource="*")
    assert verdict(ORDERS, _tagging, deny) == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ([{"Key": "plan", "Value": "trial"}, {"Key": "more", "Value": ""}], PROVED),
        ([{"Key": "Plan", "Value": "trial"}], REFUTED),
        ([{"Key": "plan", "Value": "standard"}], REFUTED),
        ([], REFUTED),
    ],
)
@pytest.mark.parametrize(("stack", "where"), [("keys", "Keyacme"), ("roles", "tenant-acme.orders")])
def test_a_tenants_own_resources_carry_its_tags(stack: str, where: str, tags: list[Body], expected: str) -> None:
    edits: list[Edit] = [
        lambda templates: templates.properties("keys", "Keyacme").update(Tags=[*OWN, PLAN]),
        lambda templates: templates.properties("roles", "tenant-acme.orders").update(Tags=[*OWN, PLAN]),
        lambda templates: templates.properties(stack, where).update(Tags=[*OWN, *tags]),
    ]
    assert verdict(estate_of("acme: {tags: {plan: trial}}"), *edits) == expected


@pytest.mark.parametrize(
    "tags",
    [
        OWN[:1],
        OWN[1:],
        [OWN[0], {"Key": "tenant-keys:tenant", "Value": "globex"}],
        [OWN[1], {"Key": "tenant-keys:project", "Value": "another"}],
    ],
)
@pytest.mark.parametrize(("stack", "where"), [("keys", "Keyacme"), ("roles", "tenant-acme.orders")])
def test_the_deletion_hook_knows_a_tenants_resources_by_their_tags(stack: str, where: str, tags: list[Body]) -> None:
    assert verdict(ORDERS, lambda templates: templates.properties(stack, where).update(Tags=tags)) == REFUTED


def test_what_is_no_tenants_carries_no_tenants_tag() -> None:
    def edit(templates: Templates) -> None:
        templates.properties("workload-222222222222", "tenant-keys-orders")["Tags"].append(OWN[1])

    assert verdict(ORDERS, edit) == REFUTED


def test_tags_that_a_condition_names_distinguish_tenants() -> None:
    estate = estate_of(*(f"t{number}: {{}}" for number in range(4)))
    templates = templates_of(estate)
    for number in range(4):
        properties = templates.properties("keys", f"Keyt{number}")
        properties["Tags"].append({"Key": "plan", "Value": "trial" if number == 3 else "standard"})
        condition = {"StringEquals": {"aws:ResourceTag/plan": "trial"}}
        deny = {"Sid": "D", "Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}
        properties["KeyPolicy"]["Statement"].append({**deny, "Condition": condition})
    assert {finding.tenant for finding in prove(templates, estate).findings} == {"t3"}


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        # No id of a key holds a colon or a slash (AWS KMS guide, concepts, key identifiers).
        (f"arn:aws:kms:*:{CENTRAL}:alias/*", PROVED),
        (f"arn:aws:kms:eu-west-1:{CENTRAL}:alias/tenant-acme", PROVED),
        ("arn:aws:*:*:*:alias/*", PROVED),
        (f"arn:aws:kms:*:{CENTRAL}:key/zebra*", PROVED),
        (f"arn:aws:kms:*:{CENTRAL}:key/0a0a*", NOT_PROVED),
        (f"arn:aws:kms:*:{CENTRAL}:*/mrk-*", NOT_PROVED),
        (f"arn:aws:kms:*:{CENTRAL}:*-*", NOT_PROVED),
    ],
)
def test_a_resource_that_is_no_key_is_not_taken_for_one(resource: str, expected: str) -> None:
    edit = allowing(ACCESS, "kms:DeleteAlias", resource)
    assert proof_of(edit).verdict == expected


@pytest.mark.parametrize("name", ["Tenant_ID", "TENANT_ID", "tenant_id"])
@pytest.mark.parametrize("role", ["tenant-acme.orders", "shared.billing", "shared.portal"])
def test_a_role_that_carries_a_tenant_is_found_in_any_case(role: str, name: str) -> None:
    """Tag keys of roles ignore case (IAM guide, id_tags)."""
    templates = templates_of(EVERY_MODE)
    templates.properties("roles", role)["Tags"] = [{"Key": name, "Value": "acme"}]
    kinds = {finding.kind for finding in prove(templates, EVERY_MODE).findings}
    assert Kind.INVENTORY in kinds


def test_two_tags_of_one_name_are_named() -> None:
    templates = templates_of(BILLING)
    templates.properties("roles", "shared.billing")["Tags"] = [
        {"Key": key, "Value": "acme"} for key in ("team", "Team")
    ]
    proof = prove(templates, BILLING)
    assert proof.verdict == NOT_PROVED
    assert "two of one name" in proof.findings[0].what


def test_of_templates_that_cannot_be_read_nothing_is_said_but_why() -> None:
    templates = templates_of(EVERY_MODE)
    del templates.properties("keys", "Keyacme")["KeyPolicy"]
    before = time.perf_counter()
    proof = prove(templates, EVERY_MODE)
    assert 0 < proof.seconds < time.perf_counter() - before
    [finding] = proof.findings
    assert finding.kind is Kind.NOT_PROVED
    assert replace(proof, findings=(), seconds=0) == Proof(
        verdict="not proved",
        findings=(),
        tenants=1,
        keys=0,
        stacks=0,
        classes=0,
        requests=0,
        steps=(),
        trusted=(),
        alias_administrators_gain_plaintext=True,
        grants_open_the_key=True,
        safeguards=(),
        guardrails=(),
        seconds=0,
    )


def test_the_seconds_of_a_proof_are_those_that_it_took() -> None:
    before = time.perf_counter()
    proof = prove(templates_of(ORDERS), ORDERS)
    assert 0 < proof.seconds < time.perf_counter() - before


STRANGE: list[Any] = [
    None,
    True,
    0,
    -1.5,
    "",
    "*",
    "${",
    "${a}",
    "\u27e6x",
    "a" * 3000,
    [],
    {},
    [[]],
    {"": []},
    ["", None],
]


def _places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    several = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in several:
        yield from _places(one, (*at, name))


@pytest.mark.parametrize("seed", range(60))
def test_a_strange_value_anywhere_gives_a_verdict_or_a_refusal(seed: int) -> None:
    """Nothing in a template raises anything else."""
    chance = random.Random(seed)  # noqa: S311 - the same every time
    templates = templates_of(BILLING if seed % 2 else ORDERS)
    stack = chance.choice([name for name, resources in templates.resources.items() if resources])
    resource = chance.choice(sorted(templates.resources[stack]))
    properties = templates.properties(stack, resource)
    *path, last = chance.choice([at for at in _places(properties) if at])
    holder = properties
    for name in path:
        holder = holder[name]
    strange = chance.choice(STRANGE)
    if isinstance(last, str) and chance.random() < 0.3:
        holder[str(strange)] = holder.pop(last)
    else:
        holder[last] = json.loads(json.dumps(strange))
    with contextlib.suppress(ReviewError):
        assert prove(templates, BILLING if seed % 2 else ORDERS).verdict in (PROVED, NOT_PROVED, REFUTED)
