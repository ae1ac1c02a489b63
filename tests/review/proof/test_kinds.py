"""Each kind of hole that a proof by classes can have, with several inputs; IAM's documents decide the verdicts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tenant_keys.manifest import Estate, parse_manifest, resolve
from tenant_keys.manifest.update import new_lock, update
from tenant_keys.review.proof import Kind, Proof, prove
from tools.random_estates.small_estates import CENTRAL, HEAD, Templates, templates_of

Edit = Callable[[Templates], None]
Statement = dict[str, Any]
ROOT = {"AWS": f"arn:aws:iam::{CENTRAL}:root"}
GLOBEX = f"arn:aws:iam::{CENTRAL}:role/tenant-keys/orders/tenant-globex.orders"
ALL = ("orders", "billing", "portal")
TENANTS = ("acme: {workloads: [orders, billing, portal]}", "globex: {workloads: [orders, billing]}", "initech: {}")
WITHOUT_ORGANIZATION = HEAD.replace("organization: o-a1b2c3d4e5\n", "")


def estate_of(*tenants: str, head: str = HEAD) -> Estate:
    manifest = parse_manifest('audit: "off"\n' + head + "".join(f"  {tenant}\n" for tenant in tenants or TENANTS))
    return resolve(manifest, update(manifest, new_lock(manifest))[0])


def proved(*edits: Edit, estate: Estate | None = None) -> Proof:
    estate = estate or estate_of()
    templates = templates_of(estate).copy()
    for edit in edits:
        edit(templates)
    return prove(templates, estate)


def policy(templates: Templates, tenant: str) -> list[Statement]:
    statements: list[Statement] = templates.properties("keys", f"Key{tenant}")["KeyPolicy"]["Statement"]
    return statements


def adding(tenant: str = "acme", **statement: Any) -> Edit:
    body = {"Sid": "Added", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*", **statement}
    return lambda templates: policy(templates, tenant).append(body)


def without(*sids: str, tenant: str = "acme") -> Edit:
    """Take Denies out; without sids all of them but the one that makes break-glass wait, which says nothing of use."""

    def edit(templates: Templates) -> None:
        statements = policy(templates, tenant)
        statements[:] = [one for one in statements if one["Effect"] == "Allow" or stays(one["Sid"])]

    def stays(sid: str) -> bool:
        return sid not in sids if sids else sid == "DenyDeletionOfRecentlyUsedKey"

    return edit


def sparing(pattern: str) -> Edit:
    """Have DenyUseByAnyoneElse spare anyone who fits."""

    def edit(templates: Templates) -> None:
        (deny,) = (one for one in policy(templates, "acme") if one["Sid"] == "DenyUseByAnyoneElse")
        spared = deny["Condition"].pop("ArnNotEquals")["aws:PrincipalArn"]
        deny["Condition"]["ArnNotLike"] = {"aws:PrincipalArn": [*spared, pattern]}

    return edit


def kinds_of(proof: Proof) -> set[Kind]:
    return {finding.kind for finding in proof.findings}


def test_the_estates_are_proved_before_anything_is_broken() -> None:
    assert proved().findings == ()
    assert proved(estate=estate_of(head=WITHOUT_ORGANIZATION)).findings == ()


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        ("aws:ResourceAccount", "${aws:PrincipalTag/home}"),
        ("kms:RequestAlias", "alias/tenant-${aws:PrincipalTag/home}"),
        ("kms:KeyOrigin", "${aws:PrincipalTag/home}"),
        ("kms:RequestAlias", "alias/tenant-${aws:username}"),
        ("kms:EncryptionContext:of", "${aws:username}"),
        ("aws:ResourceTag/tenant-keys:project", "${aws:PrincipalTag/home}"),
        ("aws:ResourceTag/tenant-keys:project", "${aws:username}"),
        ("aws:ResourceTag/tenant-keys:tenant", "${aws:username}"),
        ("aws:ResourceTag/Tenant-Keys:Project", "tenant-${aws:PrincipalTag/home, 'nobody'}"),
        ("aws:RequestedRegion", "${aws:PrincipalTag/home}"),
        ("aws:RequestedRegion", "eu-${aws:username}"),
        ("aws:SecureTransport", "${aws:PrincipalTag/home}"),
        ("aws:ViaAWSService", "${aws:username}"),
        ("aws:MultiFactorAuthPresent", "${aws:PrincipalTag/home}"),
        ("kms:MultiRegion", "${aws:PrincipalTag/home}"),
    ],
)
def test_a_variable_that_some_principal_fulfils_opens_the_key(tag: str, value: str) -> None:
    opened = adding(Principal=ROOT, Condition={"StringEquals": {tag: value}})
    assert Kind.OUTSIDER in kinds_of(proved(without(), opened))


@pytest.mark.parametrize("spared", ["user/*", "user/acme", "user/team/?cme"])
def test_a_user_of_the_tenants_name_is_found_wherever_users_are_spared(spared: str) -> None:
    opened = adding(Principal=ROOT, Condition={"StringEquals": {"kms:RequestAlias": "alias/tenant-${aws:username}"}})
    proof = proved(sparing(f"arn:aws:iam::{CENTRAL}:{spared}"), opened)
    assert any("user/" in finding.what and "/acme" in finding.what for finding in proof.findings)


@pytest.mark.parametrize(
    "path", ["role/x/some*", "role/x/someone", "role/*/someone", "role/team/?ome*", "role/a/b/someone"]
)
@pytest.mark.parametrize("operator", ["ArnLike", "StringLike"])
def test_a_session_that_a_policy_names_may_be_of_a_role_in_any_path(operator: str, path: str) -> None:
    """A session's ARN holds the name of its role, not the path (IAM guide, reference_identifiers)."""
    session = {"AWS": f"arn:aws:sts::{CENTRAL}:assumed-role/someone/one"}
    role = {"aws:PrincipalArn": f"arn:aws:iam::{CENTRAL}:{path}"}
    proof = proved(adding(Action="kms:*", Principal=session, Condition={operator: role}))
    assert any("/someone may RetireGrant" in finding.what for finding in proof.findings), proof.findings


@pytest.mark.parametrize("variable", ["aws:userid", "aws:PrincipalArn", "aws:SourceIdentity", "aws:FederatedProvider"])
def test_a_variable_without_classes_is_named(variable: str) -> None:
    opened = adding(Principal=ROOT, Condition={"StringEquals": {"kms:RequestAlias": f"alias/${{{variable}}}"}})
    proof = proved(without(), opened)
    assert proof.verdict == "not proved"
    assert variable.lower() in proof.findings[0].what


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("aws:PrincipalType", "${aws:PrincipalTag/kind}"),
        ("aws:PrincipalType", "${aws:username}"),
        ("aws:PrincipalType", "${aws:PrincipalTag/kind, 'AssumedRole'}"),
        ("aws:PrincipalIsAWSService", "${aws:PrincipalTag/kind}"),
        ("aws:PrincipalServiceName", "${aws:PrincipalTag/x509Subject/CN}.amazonaws.com"),
        ("aws:PrincipalAccount", "${aws:username}"),
        ("kms:CallerAccount", "${aws:PrincipalTag/account}"),
        ("aws:PrincipalArn", "arn:aws:iam::${aws:PrincipalAccount}:role/someone"),
    ],
)
def test_one_property_of_a_principal_against_another_is_not_proved(key: str, value: str) -> None:
    """A role whose tag is AssumedRole, or a user named User, would be let through by the first two."""
    opened = adding(Principal={"AWS": "*"}, Condition={"StringEquals": {key: value}})
    proof = proved(without(), opened)
    assert proof.verdict == "not proved"
    assert f"{key.lower()} is compared with {value}, which the principal decides too" in proof.findings[0].what


@pytest.mark.parametrize(
    "value", ["${aws:ResourceAccount}", "${aws:ResourceAccount, 'nobody'}", "a-${aws:ResourceAccount}"]
)
def test_a_service_that_a_variable_of_the_resource_names_is_tried(value: str) -> None:
    opened = adding(Principal={"AWS": "*"}, Condition={"StringEquals": {"aws:PrincipalServiceName": value}})
    found = [finding.what for finding in proved(without(), opened).findings]
    assert any(f"{value.partition('$')[0]}{CENTRAL} may Decrypt" in what for what in found), found


@pytest.mark.parametrize("organization", ["o-abcdefghij", "o-a*", "o-??????????"])
def test_without_an_organization_in_the_manifest_members_may_be_in_any(organization: str) -> None:
    """Whether the account is in that organization is not known, so its role must count as a member."""
    condition = {"StringLike": {"aws:PrincipalOrgID": organization}}
    opened = adding(Principal={"AWS": GLOBEX}, Condition=condition)
    proof = proved(sparing(GLOBEX), opened, estate=estate_of(head=WITHOUT_ORGANIZATION))
    assert Kind.OTHER_TENANT in kinds_of(proof)


@pytest.mark.parametrize("path", ["team:*", "a$b/*", "{x}/?", "a!b/*", "~/*"])
def test_a_path_can_hold_every_visible_character(path: str) -> None:
    """IAM API, Path: from `!` to `~`."""
    arn = f"arn:aws:iam::{CENTRAL}:role/{path}"
    proof = proved(sparing(arn), adding(Principal=ROOT, Condition={"ArnLike": {"aws:PrincipalArn": arn}}))
    assert Kind.OUTSIDER in kinds_of(proof)


@pytest.mark.parametrize("session", ["any-session", "any-sessionz", "other"])
def test_a_deny_of_one_session_leaves_the_others(session: str) -> None:
    named = {"AWS": f"arn:aws:sts::{CENTRAL}:assumed-role/tenant-globex.orders/{session}"}
    hidden = adding(Effect="Deny", Principal=named)
    proof = proved(
        sparing(GLOBEX), without("DenyOtherAlias", "DenyOtherContext"), adding(Principal={"AWS": GLOBEX}), hidden
    )
    reported = [finding for finding in proof.findings if finding.kind is Kind.OTHER_TENANT]
    assert reported
    assert all(not str((one.request or {})["principal"]).endswith(f"/{session}") for one in reported)


@pytest.mark.parametrize("account", ["999999999999", "000000000000", "555555555555"])
def test_there_is_always_an_account_of_which_nothing_is_said(account: str) -> None:
    estate = estate_of(head=HEAD.replace("222222222222", account))
    others = [CENTRAL, account, "333333333333", "000000000001", "999999999999"]
    condition = {"StringNotEquals": {"aws:PrincipalAccount": others}, "Null": {"aws:PrincipalOrgID": "true"}}
    proof = proved(without(), adding(Principal="*", Condition=condition), estate=estate)
    callers = [str(one.request["principal"]) for one in proof.findings if one.request]
    foreign = {caller.split(":")[4] for caller in callers if caller.startswith("arn:")}
    assert foreign
    assert not foreign & {CENTRAL, account, "333333333333"}


@pytest.mark.parametrize("spared", ["*", {"AWS": "*"}, {"AWS": ["*"]}, ROOT])
def test_not_principal_spares_whom_it_names(spared: object) -> None:
    denied = {"Sid": "D", "Effect": "Deny", "Action": "kms:*", "Resource": "*", "NotPrincipal": spared}
    proof = proved(without(), adding(Principal=ROOT), lambda t: policy(t, "acme").append(denied))
    assert Kind.OUTSIDER in kinds_of(proof)


IDS = ("'000000000007': {}", "'000000000008': {}", "'222222222222': {}")


@pytest.mark.parametrize("action", ["kms:Decrypt", "kms:DescribeKey", "kms:CreateGrant"])
def test_a_tenant_whose_id_is_an_account_represents_itself_alone(action: str) -> None:
    """The third is a workload's account, which is in the organization; the first two are nobody's."""

    def edit(templates: Templates) -> None:
        for name in ("000000000007", "000000000008", "222222222222"):
            without(tenant=name)(templates)
            condition = {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5", "aws:PrincipalAccount": "222222222222"}}
            adding(name, Action=action, Principal={"AWS": name}, Condition=condition)(templates)

    found = proved(edit, estate=estate_of(*IDS)).findings
    assert {one.tenant for one in found if one.kind is not Kind.NOT_PROVED} == {"222222222222"}


@pytest.mark.parametrize(
    "conditions",
    [
        ({"NumericLessThanEquals": "5"}, {"NumericGreaterThan": "5"}),
        ({"Bool": "true"}, {"Bool": "false"}),
        ({"DateLessThan": "2026-06-01"}, {"DateGreaterThanEquals": "2026-06-01"}),
        ({"IpAddress": "0.0.0.0/0"}, {"IpAddress": "::/0"}),
        ({"NumericLessThanEquals": "5"}, {"NumericGreaterThanEquals": "5.5"}),
        ({"DateLessThanEquals": "2026-06-01"}, {"DateGreaterThanEquals": "2026-06-02"}),
    ],
)
def test_denies_that_leave_a_class_of_values_open(conditions: tuple[dict[str, str], ...]) -> None:
    """What is no number, or lies between two of them, is stopped by neither."""
    key = "kms:EncryptionContext:n"
    denies = [
        adding(Sid=f"D{at}", Effect="Deny", Principal="*", Condition={operator: {key: value}})
        for at, one in enumerate([*conditions, {"Null": "true"}])
        for operator, value in one.items()
    ]
    assert Kind.OUTSIDER in kinds_of(proved(without(), adding(Principal=ROOT), *denies))


@pytest.mark.parametrize(
    ("action", "condition"),
    [
        ("kms:*", {"Bool": {"aws:SecureTransport": "false"}}),
        ("kms:*", {"StringEquals": {"aws:SecureTransport": "false"}}),
        (["kms:Decrypt", "kms:Encrypt"], {"Null": {"kms:EncryptionContextKeys": "true"}}),
        ("kms:PutKeyPolicy", {"Bool": {"kms:BypassPolicyLockoutSafetyCheck": "true"}}),
        ("kms:*", {"StringLike": {"kms:ViaService": "*"}}),
        ("kms:*", {"Bool": {"aws:PrincipalIsAWSService": "true"}}),
        ("kms:*", {"DateLessThan": {"aws:CurrentTime": "2025-01-01"}}),
    ],
)
def test_a_condition_on_what_the_caller_chooses_can_be_fulfilled(action: object, condition: Statement) -> None:
    edits = [
        adding(tenant, Effect="Deny", Principal="*", Action=action, Condition=condition)
        for tenant in ("acme", "globex", "initech")
    ]
    assert proved(*edits).findings == ()


@pytest.mark.parametrize(
    ("key", "condition"),
    [
        ("aws:sourcevpce", {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}),
        ("aws:sourceip", {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
        ("aws:currenttime", {"DateGreaterThan": {"aws:CurrentTime": "2030-01-01"}}),
        ("aws:resourcetag/env", {"StringNotEquals": {"aws:ResourceTag/env": "prod"}}),
        ("aws:userid", {"StringNotLike": {"aws:userid": "AROA*:main"}}),
    ],
)
def test_a_declared_use_that_hangs_on_what_the_manifest_does_not_say_is_not_proved(
    key: str, condition: Statement
) -> None:
    proof = proved(adding(Effect="Deny", Principal="*", Condition=condition))
    assert proof.verdict == "not proved"
    assert all(f"depends on {key}" in finding.what for finding in proof.findings)


@pytest.mark.parametrize(
    "condition",
    [
        {"StringNotEquals": {"aws:RequestedRegion": "eu-central-1"}},
        {"StringEquals": {"aws:RequestedRegion": ["eu-west-1", "us-east-1"]}},
        {"StringLike": {"aws:RequestedRegion": "eu-*"}},
        {"StringEquals": {"kms:KeySpec": "SYMMETRIC_DEFAULT"}},
    ],
)
def test_what_the_key_decides_is_not_chosen_by_the_caller(condition: Statement) -> None:
    proof = proved(adding(Effect="Deny", Principal="*", Action=["kms:Decrypt", "kms:Encrypt"], Condition=condition))
    assert {finding.kind for finding in proof.findings} == {Kind.REFUSED}


def test_a_deny_outside_the_keys_own_region_stops_nothing() -> None:
    condition = {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}
    assert proved(adding(Effect="Deny", Principal="*", Condition=condition)).findings == ()


@pytest.mark.parametrize(
    ("stack", "role"),
    [
        ("roles", "tenant-acme.orders"),
        ("roles", "shared.billing"),
        ("roles", "shared.portal"),
        ("workload-222222222222", "tenant-keys-orders"),
        ("workload-333333333333", "tenant-keys-billing"),
    ],
)
def test_a_permissions_boundary_of_a_declared_role_is_named(stack: str, role: str) -> None:
    boundary = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    proof = proved(lambda templates: templates.properties(stack, role).update(PermissionsBoundary=boundary))
    assert proof.verdict == "not proved"
    assert role in proof.findings[0].what
    assert boundary in proof.findings[0].what


@pytest.mark.parametrize("key", ["aws:NoSuchKey", "kms:NoSuchKey", "s3:prefix", "dynamodb:LeadingKeys"])
def test_a_condition_key_that_is_not_known_is_named(key: str) -> None:
    proof = proved(adding(Effect="Deny", Principal="*", Condition={"StringEquals": {key: "x"}}))
    assert proof.verdict == "not proved"
    assert key.lower() in proof.findings[0].what


@pytest.mark.parametrize(
    "action", ["kms:Frob*", "kms:Decrypt*", "kms:*Everything", "kms:An*", "kms:Decryp?", "kms:?ncrypt", "kms:S?g?"]
)
def test_an_action_that_kms_may_add_is_tried_against_every_pattern(action: str) -> None:
    proof = proved(without(), adding(Principal={"AWS": f"arn:aws:iam::{CENTRAL}:role/Stray"}, Action=action))
    assert any("role/Stray" in finding.what for finding in proof.findings)


NOBODY = {"StringEquals": {"aws:PrincipalType": "Anonymous"}}


@pytest.mark.parametrize("condition", [NOBODY, {"Null": {"aws:PrincipalArn": "true"}}])
def test_anyone_who_signs_nothing_is_among_the_callers(condition: Statement) -> None:
    proof = proved(without(), adding(Principal="*", Condition=condition))
    assert any(finding.what.startswith("anybody may Decrypt") for finding in proof.findings)


def test_an_alias_of_another_stack_with_the_same_name_is_found() -> None:
    """An alias names one key; which of the two would be created is not known."""

    def edit(templates: Templates) -> None:
        alias = dict(templates.properties("keys", "Aliasacme"))
        templates.add("roles", "Again", "AWS::KMS::Alias", alias)

    assert any("occurs twice" in finding.what for finding in proved(edit).findings)


@pytest.mark.parametrize("condition", [{"StringEquals": {"aws:PrincipalAccount": "anonymous"}}, NOBODY])
def test_anyone_who_signs_nothing_is_among_those_who_ask_for_a_role(condition: Statement) -> None:
    def edit(templates: Templates) -> None:
        trust = templates.properties("roles", "tenant-acme.orders")["AssumeRolePolicyDocument"]["Statement"]
        trust.append({"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole", "Condition": condition})

    assert any("anybody obtains" in finding.what for finding in proved(edit).findings)


@pytest.mark.parametrize(
    "condition", [{"StringLike": {"kms:ViaService": "*"}}, {"ForAnyValue:StringLike": {"kms:ResourceAliases": "*"}}]
)
def test_no_request_for_a_session_carries_a_key_of_kms(condition: Statement) -> None:
    """An Allow that asks for one lets nobody in; a Deny that asks for its absence stops everybody."""
    statement = {"Effect": "Allow", "Principal": {"Service": "logs.amazonaws.com"}, "Action": "sts:AssumeRole"}

    def edit(templates: Templates, **more: object) -> None:
        trust = templates.properties("roles", "shared.billing")["AssumeRolePolicyDocument"]["Statement"]
        trust.append({**statement, **more})

    assert proved(lambda templates: edit(templates, Condition=condition)).findings == ()
    assert any("logs.amazonaws.com obtains" in finding.what for finding in proved(edit).findings)


@pytest.mark.parametrize("pattern", ["rds*", "*.amazonaws.com", "?*", "s3.amazonaws.com"])
def test_a_service_that_every_deny_spares_by_its_name_is_found(pattern: str) -> None:
    """What no pattern matches stands for a service with a name; the empty text names none."""
    spared = {"StringNotLikeIfExists": {"aws:PrincipalServiceName": pattern}}

    def edit(templates: Templates) -> None:
        for statement in policy(templates, "acme"):
            if statement["Effect"] == "Deny":
                statement["Condition"] = {**statement.get("Condition", {}), **spared}

    service = "s3.amazonaws.com" if pattern.startswith("s3") else "rds.amazonaws.com"
    found = proved(edit, adding(Principal={"Service": service}, Action="kms:Decrypt"))
    assert Kind.OUTSIDER in kinds_of(found)
