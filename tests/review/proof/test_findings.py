"""Each finding as a reviewer reads it: sentence, fix, request and statements, typed by hand."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest

from tenant_keys.manifest import Estate
from tenant_keys.review.proof import Finding, Kind
from tenant_keys.review.proof.certificates import certificate_holders
from tenant_keys.review.proof.document import Document
from tenant_keys.review.proof.issuance import prove_issuance
from tenant_keys.review.proof.key_access import prove_key_access
from tenant_keys.review.proof.obtained_sessions import Issuance
from tenant_keys.review.proof.reviewed import review_estate
from tenant_keys.review.proof.role_records import RoleRecord
from tenant_keys.review.proof.session_findings import obtained
from tenant_keys.review.proof.session_requests import sessions
from tenant_keys.review.proof.world import build_world, keep, role_case
from tests.review.proof.test_declared_calls import trust
from tests.review.proof.test_kinds import Edit, adding, estate_of, policy, proved, without
from tests.review.proof.test_places import PREMISES
from tests.review.proof.test_places import estate as places
from tools.random_estates.small_estates import CENTRAL, Templates, templates_of

APP = "arn:aws:iam::555555555555:role/app"
SESSION = "arn:aws:sts::555555555555:assumed-role/app/any-session"
OWN = f"arn:aws:sts::{CENTRAL}:assumed-role/tenant-acme.orders/any-session"
ADDED = "key policy of acme in eu-west-1: Added"
ADMINISTRATOR = "full administrator rights: Everything"
ALIKE = ("acme", "bolt", "corp")
THREE = estate_of(*(f"{name}: {{}}" for name in ALIKE))


def found_in_each(**statement: Any) -> list[Finding]:
    """With one statement more on the keys of three tenants of one class, two of which represent it."""
    findings = list(proved(*(adding(name, **statement) for name in ALIKE), estate=THREE).findings)
    assert [one.tenant for one in findings] == ["acme", "bolt"]
    return findings[:1]


def test_a_declared_request_that_a_deny_stops() -> None:
    assert found_in_each(Effect="Deny", Principal="*") == [
        Finding(
            Kind.REFUSED,
            "tenant acme through workload orders may not Decrypt with the key of tenant acme in eu-west-1, "
            "which is declared",
            "restore the Allow, remove the Deny, or correct the manifest",
            "acme",
            {"principal": OWN, "action": "kms:Decrypt", "named by": "KeyId=alias/tenant-acme"},
            (ADDED,),
            2,
        )
    ]


def test_a_declared_request_that_depends_on_a_network() -> None:
    network = {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}
    assert found_in_each(Effect="Deny", Principal="*", Condition=network) == [
        Finding(
            Kind.NOT_PROVED,
            "tenant acme through workload orders is declared to have Decrypt with the key of tenant acme in eu-west-1; "
            "whether it is allowed depends on aws:sourcevpc",
            "remove conditions on what the manifest does not say",
            "acme",
            statements=(ADDED,),
            others=2,
        )
    ]


def without_an_alias(action: str, estate: Estate) -> dict[str, str]:
    """By the caller, what it may not do where a Deny hits requests that name the key by its ARN."""
    unnamed = {"Null": {"kms:RequestAlias": "true"}}
    findings = proved(adding(Effect="Deny", Principal="*", Action=action, Condition=unnamed), estate=estate).findings
    assert {one.kind for one in findings} <= {Kind.REFUSED}
    reported = (one.what.partition(" may not ") for one in findings)
    return {who: what for who, _, what in reported}


def test_what_is_declared_without_an_alias_is_tried_without_one() -> None:
    deployers = (f"cdk-hnb659fds-cfn-exec-role-{CENTRAL}-{region}" for region in ("eu-west-1", "eu-central-1"))
    readers = ("KeyAdministrator", "KeyBreakGlass", "SecurityAudit", *deployers)
    of_acme = "with the key of tenant acme in eu-west-1, named by its ARN, which is declared"
    plain = estate_of("acme: {}")
    assert without_an_alias("kms:DescribeKey", plain) == {
        f"arn:aws:iam::{CENTRAL}:role/{reader}": f"DescribeKey {of_acme}" for reader in readers
    }
    assert without_an_alias("kms:Decrypt", plain) == {}
    by_key = estate_of("acme: {decrypt_by: key}")
    assert without_an_alias("kms:Decrypt", by_key) == {"tenant acme through workload orders": f"Decrypt {of_acme}"}
    assert without_an_alias("kms:Encrypt", by_key) == {}


def excess_of(action: object, principal: object = APP, context: str | None = None) -> list[Finding]:
    """On the keys of three tenants of one class, without their Denies; by the own alias where there is a context."""
    edits = [without(tenant=name) for name in ALIKE]
    for name in ALIKE:
        asked = {"kms:RequestAlias": f"alias/tenant-{name}", "kms:EncryptionContext:x": context}
        condition = {"Condition": {"StringEquals": asked}} if context else {}
        edits.append(adding(name, Principal={"AWS": principal}, Action=action, **condition))
    return [one for one in proved(*edits, estate=THREE).findings if one.tenant == "acme"]


def request(action: str, named: str = "the key's id or ARN", who: str = SESSION, **more: object) -> dict[str, object]:
    return {"principal": who, "action": action, "resource": "alias/tenant-acme", "named by": f"KeyId={named}", **more}


def test_a_stranger_uses_keys_by_their_alias_and_in_a_context() -> None:
    assert excess_of("kms:Decrypt", context="y") == [
        Finding(
            Kind.OUTSIDER,
            f"{APP} may Decrypt with the key of tenant acme in eu-west-1",
            "name the roles that may use the key by aws:PrincipalArn, and deny use to anyone else",
            "acme",
            request("kms:Decrypt", "alias/tenant-acme", context={"kms:encryptioncontext:x": "y"}),
            (ADDED, ADMINISTRATOR),
            2,
        )
    ]


def test_a_stranger_reads_settings_and_of_many_actions_six_are_named() -> None:
    assert excess_of("kms:DescribeKey") == [
        Finding(
            Kind.ADMINISTRATION,
            f"{APP} may DescribeKey with the key of tenant acme in eu-west-1",
            "remove the action from the statements above, or name the role in the manifest",
            "acme",
            request("kms:DescribeKey"),
            (ADDED, ADMINISTRATOR),
            2,
        )
    ]
    pairs = ("GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext")
    six = ("CreateGrant", "DeriveSharedSecret", *pairs, "GenerateMac", "ReEncryptFrom")
    asked, reported = [f"kms:{one}" for one in six], f"{APP} may {', '.join(six)}"
    (found,) = excess_of(asked)
    assert found.what == f"{reported} with the key of tenant acme in eu-west-1"
    (found,) = excess_of([*asked, "kms:ReEncryptTo"])
    assert found.what == f"{reported} ... with the key of tenant acme in eu-west-1"


def test_a_session_of_another_tenant_and_one_that_may_do_more_on_its_own_key() -> None:
    role = f"arn:aws:iam::{CENTRAL}:role/tenant-keys/orders/tenant-{{}}.orders"
    other, *_ = excess_of("kms:Decrypt", role.format("bolt"))
    assert other == Finding(
        Kind.OTHER_TENANT,
        "tenant bolt through workload orders may Decrypt with the key of tenant acme in eu-west-1",
        "bind the statements above to this tenant: its role by aws:PrincipalArn, its tag by "
        "aws:PrincipalTag/tenant_id, its alias by kms:RequestAlias",
        "acme",
        request("kms:Decrypt", who=OWN.replace("acme", "bolt")),
        (ADDED,),
        1,
    )
    (more,) = excess_of("kms:GetKeyPolicy", role.format("acme"))
    assert more == Finding(
        Kind.MORE_THAN_DECLARED,
        "tenant acme through workload orders may GetKeyPolicy with its own key in eu-west-1",
        "restore the conditions on kms:RequestAlias and kms:EncryptionContext:tenant_id, or take the action out of the "
        "statements above",
        "acme",
        request("kms:GetKeyPolicy", who=OWN),
        (ADDED,),
    )


def test_the_request_of_anybody_and_of_a_session_with_tags() -> None:
    (shared, *_), (anybody,) = (
        [one for one in excess_of("kms:Decrypt", "*") if who in one.what] for who in ("shared.billing with", "anybody")
    )
    billing = f"arn:aws:sts::{CENTRAL}:assumed-role/shared.billing/any-session"
    assert shared.request == {**request("kms:Decrypt", who=billing), "session tags": {"tenant_id": ""}}
    assert anybody.request == request("kms:Decrypt", who="anonymous")


def test_aliases_that_point_at_the_key_are_no_context_that_a_caller_sends() -> None:
    aliases = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/tenant-acme"}}
    opened = adding(Principal={"AWS": APP}, Condition=aliases)
    (found,) = (one for one in proved(without(), opened, estate=THREE).findings if one.request)
    assert found.request == request("kms:Decrypt")


def test_an_assembly_that_is_not_read_is_not_proved_and_counts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(perf_counter=iter((7.0, 9.5)).__next__)
    with monkeypatch.context() as patched:
        patched.setattr(import_module("tenant_keys.review.proof.prove"), "time", clock)
        proof = proved(lambda templates: templates.properties("roles", "tenant-acme.orders").update(Tags="x"))
    assert proof.seconds == 2.5
    (unread,) = proof.findings
    assert unread == Finding(
        Kind.NOT_PROVED,
        'roles tenant-acme.orders.Tags: got "x"; a list',
        "write it in a form that the review understands",
    )
    counts = (proof.tenants, proof.keys, proof.stacks, proof.classes, proof.requests)
    assert (proof.verdict, *counts) == ("not proved", 3, 0, 0, 0, 0)
    assert (proof.steps, proof.trusted, proof.safeguards, proof.guardrails) == ((), (), (), ())
    assert proof.alias_administrators_gain_plaintext
    assert proof.grants_open_the_key


def test_a_proof_counts_the_keys_stacks_and_classes_that_it_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of keys, roles, issuers, the roles of two accounts, and the parameters of each in two Regions."""
    clock = SimpleNamespace(perf_counter=iter((7.0, 9.5)).__next__)
    with monkeypatch.context() as patched:
        patched.setattr(import_module("tenant_keys.review.proof.prove"), "time", clock)
        proof = proved(estate=THREE)
    assert proof.seconds == 2.5
    assert (proof.verdict, proof.tenants, proof.keys, proof.stacks, proof.classes) == ("proved", 3, 3, 9, 1)
    assert not proof.alias_administrators_gain_plaintext
    assert not proof.grants_open_the_key
    reviewed = review_estate(templates_of(THREE), THREE)
    world = build_world(THREE, reviewed.inventory, reviewed.promises, reviewed.classes)
    of_keys, of_sessions = prove_key_access(world).requests, prove_issuance(world).requests
    assert proof.requests == of_keys + of_sessions > of_keys > 0
    assert [one.proved for one in (proof, proved(adding(Effect="Deny", Principal="*"), estate=THREE))] == [True, False]


def opened(role: str, stack: str, *actions: str) -> Finding:
    """The first of those who obtain a session of a role that trusts a stranger besides."""
    allow = {"Sid": "Open", "Effect": "Allow", "Principal": {"AWS": APP}, "Action": list(actions)}
    return next(
        one
        for one in proved(lambda templates: trust(role, stack=stack)(templates).append(allow)).findings
        if one.kind is Kind.OBTAINS_SESSION
    )


def test_a_stranger_obtains_sessions_of_a_tenants_and_of_a_workloads_role() -> None:
    role = f"arn:aws:iam::{CENTRAL}:role/tenant-keys/orders/tenant-acme.orders"
    assert opened("tenant-acme.orders", "roles", "sts:AssumeRole") == Finding(
        Kind.OBTAINS_SESSION,
        f"a session of {APP} obtains a session of {role}",
        "let the trust policy name the workload's role alone, by aws:PrincipalArn, and no session tag",
        "acme",
        {"principal": SESSION, "action": "sts:AssumeRole", "role": role},
        ("trust policy of tenant-acme.orders: Open", ADMINISTRATOR),
    )
    assert opened("tenant-keys-orders", "workload-222222222222", "sts:AssumeRole").fix == (
        "let the trust policy name the place where the workload runs alone, a pod by audience and subject"
    )
    assert opened("shared.billing", "roles", "sts:AssumeRole", "sts:TagSession").fix == (
        "let the trust policy name the workload's role alone, by aws:PrincipalArn, and no session tag but tenant_id, "
        'which must be there (StringLike aws:RequestTag/tenant_id "?*")'
    )


def test_a_holder_of_a_token_obtains_a_session_without_a_tag() -> None:
    def edit(templates: Templates) -> None:
        (statement,) = trust("shared.portal", stack="roles")(templates)
        del statement["Condition"]["StringLike"]

    (found,) = (one for one in proved(edit).findings if "azp" not in one.what and one.kind is Kind.OBTAINS_SESSION)
    role = f"arn:aws:iam::{CENTRAL}:role/tenant-keys/portal/shared.portal"
    assert found == Finding(
        Kind.OBTAINS_SESSION,
        f"a holder of a token of login.example.com for audience portal-keys obtains a session of {role}",
        "let the trust policy name tokens of https://login.example.com for its audience, and no session tag but "
        'tenant_id, which must be there (StringLike aws:RequestTag/tenant_id "?*")',
        None,
        {
            "principal": f"arn:aws:iam::{CENTRAL}:oidc-provider/login.example.com",
            "action": "sts:AssumeRoleWithWebIdentity",
            "role": role,
            "token": {"login.example.com:aud": "portal-keys"},
        },
        ("trust policy of shared.portal: AssumeWithToken",),
    )


def test_a_holder_of_a_certificate_and_a_role_without_a_workload() -> None:
    estate = places()
    names = {"StringEquals": {"aws:PrincipalTag/x509Subject/CN": "other"}}
    caller = {"Principal": {"Service": "rolesanywhere.amazonaws.com"}, "Condition": names}
    body = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:*", **caller}}
    trusted = Document.parse(body, name="trust", kind="resource")
    (holder,) = (
        one
        for one in certificate_holders(trusted, None, {"anchor": "an authority"}, {})
        if one.principal.tags.get("x509subject/cn") == "other" and one.presents["aws:sourcearn"] == "anchor"
    )
    case = role_case(RoleRecord("stack", "333333333333", PREMISES, body, [], (), {}), None, None, keep)
    decision = next(decision for tags, decision in sessions(case, holder, Issuance()) if not tags)
    expected = Finding(
        Kind.OBTAINS_SESSION,
        f'a holder of a certificate of common name "other" issued by an authority obtains a session of {PREMISES} '
        "with tags {'tenant_id': 'acme'}",
        "let the trust policy name the place where the workload runs alone, a certificate by trust anchor and common "
        "name",
        None,
        {
            "principal": "rolesanywhere.amazonaws.com",
            "action": "sts:AssumeRole",
            "role": PREMISES,
            "certificate": {"x509subject/cn": "other", "aws:sourcearn": "anchor"},
            "session tags": {"tenant_id": "acme"},
        },
        ("trust policy of tenant-keys-premises: statement 0",),
    )
    tags = {"tenant_id": "acme"}
    assert obtained(case, holder, tags, decision, estate.workloads["premises"], estate) == expected
    nobody = obtained(case, holder, tags, decision, None, estate)
    assert nobody == replace(expected, fix="remove the role from the app, or its policies from the role")


BREAK_GLASS = f"arn:aws:iam::{CENTRAL}:role/KeyBreakGlass"


def with_days(value: str | None, operator: str = "NumericLessThanIfExists") -> Edit:
    """Another condition for the Deny that makes a deletion wait; None: no such Deny."""

    def edit(templates: Templates) -> None:
        statements = policy(templates, "acme")
        (deny,) = (one for one in statements if one["Sid"] == "DenyDeletionOfRecentlyUsedKey")
        if value is None:
            statements.remove(deny)
        else:
            deny["Condition"] = {operator: {"kms:TrailingDaysWithoutKeyUsage": value}}

    return edit


@pytest.mark.parametrize(
    ("edit", "when"),
    [
        (with_days("29"), "after 29 days without use; declared is: after 30"),
        (with_days(None), "however recently the key was used; declared is: after 30"),
        (with_days("30", "NumericLessThan"), "however recently the key was used; declared is: after 30"),
    ],
)
def test_a_deletion_that_waits_too_few_days_names_the_days(edit: Edit, when: str) -> None:
    found = [one for one in proved(edit, estate=estate_of("acme: {}")).findings if one.tenant == "acme"]
    assert [(one.kind, one.what, one.fix) for one in found] == [
        (
            Kind.ADMINISTRATION,
            f"{BREAK_GLASS} may ScheduleKeyDeletion with the key of tenant acme in eu-west-1 {when}",
            "restore the Deny on kms:TrailingDaysWithoutKeyUsage below 30",
        )
    ]
    assert Kind.ADMINISTRATION.value == "a key is administered otherwise than declared"


def test_a_declared_importer_that_may_do_more_is_not_called_undeclared() -> None:
    importing = estate_of("acme: {key: {origin: imported, import_role: role/acme-import, expires: never}}")

    def unconditionally(sid: str) -> Edit:
        def edit(templates: Templates) -> None:
            (one,) = (one for one in policy(templates, "acme") if one["Sid"] == sid)
            del one["Condition"]

        return edit

    fixes = {
        "ImportMaterial": "restore the conditions of the statement above: kms:ExpirationModel",
        "GetImportParameters": "restore the conditions of the statement above: kms:WrappingAlgorithm and "
        "kms:WrappingKeySpec",
    }
    for sid, fix in fixes.items():
        assert [one.fix for one in proved(unconditionally(sid), estate=importing).findings] == [fix]


def test_a_suspended_tenant_that_still_uses_its_key_has_lost_a_deny() -> None:
    suspended = estate_of("acme: {state: suspended}")
    found = proved(without("DenyUseWhileSuspended"), estate=suspended).findings
    assert {(one.kind, one.fix) for one in found} == {
        (Kind.MORE_THAN_DECLARED, "restore the Deny of all use: the tenant is not active")
    }


def test_an_action_that_aws_may_add_is_called_one() -> None:
    later = "call an action that AWS may add, such as kms:fut, with the key of tenant acme in eu-west-1"
    (found,) = excess_of("kms:Fut*")
    assert found.what == f"{APP} may {later}"
    assert found.request == request("kms:fut")
    (found,) = excess_of(["kms:Fut*", "kms:Decapsulate"])
    assert found.what == f"{APP} may Decapsulate or {later}"
