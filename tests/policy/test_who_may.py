"""Who may do what with a key: one table typed by hand for each sample tenant, decided by the evaluator.

Every caller has an identity policy that allows everything, so the key policy alone keeps out everyone who is kept out.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tenant_keys.policy.key_policy import key_policy
from tenant_keys.review.iam import Outcome, catalogue
from tests.policy.callers import ask, callers, import_context, parse_key_policy, use_context
from tests.policy.estates import TENANTS, sample, with_tenant

DEPLOYERS = frozenset({"deployer of eu-west-1", "deployer of eu-central-1"})
ADMINISTRATOR, BREAK_GLASS, READER = "administrator", "break-glass", "reader"
READERS = DEPLOYERS | {ADMINISTRATOR, BREAK_GLASS, READER}

DEPLOY = (
    *("kms:CreateAlias", "kms:DeleteAlias", "kms:DisableKeyRotation", "kms:EnableKey", "kms:EnableKeyRotation"),
    *("kms:PutKeyPolicy", "kms:ReplicateKey", "kms:TagResource", "kms:UntagResource", "kms:UpdateKeyDescription"),
)
READ = (
    *("kms:GetKeyLastUsage", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListGrants"),
    *("kms:ListKeyPolicies", "kms:ListKeyRotations", "kms:ListResourceTags"),
)
IMPORT = ("kms:DeleteImportedKeyMaterial", "kms:GetParametersForImport", "kms:ImportKeyMaterial")
ENCRYPT = ("kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext")
UNUSED = "kms:TrailingDaysWithoutKeyUsage"
NOBODY = (
    *("kms:CreateGrant", "kms:UpdateAlias", "kms:UpdatePrimaryRegion", "kms:RetireGrant", "kms:RevokeGrant"),
    *("kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKeyPair", "kms:GenerateDataKeyPairWithoutPlaintext"),
    *("kms:Sign", "kms:Verify", "kms:GenerateMac", "kms:VerifyMac", "kms:GetPublicKey", "kms:DeriveSharedSecret"),
    *("kms:Encapsulate", "kms:Decapsulate", "kms:SynchronizeMultiRegionKey"),
)
EVERYONES: dict[str, frozenset[str] | set[str]] = {
    **dict.fromkeys(DEPLOY, DEPLOYERS),
    "kms:DisableKey": {*DEPLOYERS, ADMINISTRATOR, BREAK_GLASS},
    "kms:ScheduleKeyDeletion": {BREAK_GLASS},
    "kms:CancelKeyDeletion": {ADMINISTRATOR, BREAK_GLASS},
    "kms:RotateKeyOnDemand": {ADMINISTRATOR},
    **dict.fromkeys(READ, READERS),
    "kms:DescribeKey": READERS,
    **dict.fromkeys((*IMPORT, *ENCRYPT, "kms:Decrypt", *NOBODY), frozenset[str]()),
}
OWN: dict[str, dict[str, frozenset[str] | set[str]]] = {
    "acme": {
        **dict.fromkeys(ENCRYPT, frozenset({"own role", "portal for it"})),
        "kms:Decrypt": {"own role", "billing for it", "portal for it"},
        "kms:DescribeKey": EVERYONES["kms:DescribeKey"] | {"own role", "billing for it", "portal for it"},
    },
    "globex": {
        **dict.fromkeys((*ENCRYPT, "kms:Decrypt"), frozenset({"own role"})),
        "kms:DescribeKey": EVERYONES["kms:DescribeKey"] | {"own role", "import role of globex"},
        **{action: EVERYONES[action] | {"import role of globex"} for action in READ},
        **dict.fromkeys((*IMPORT, "kms:RotateKeyOnDemand"), frozenset({"import role of globex"})),
    },
    "initech": {"kms:DescribeKey": EVERYONES["kms:DescribeKey"] | {"own role"}},
    **{
        tenant: {
            **dict.fromkeys(ENCRYPT, frozenset({"own role"})),
            "kms:Decrypt": {"own role", "billing for it"},
            "kms:DescribeKey": EVERYONES["kms:DescribeKey"] | {"own role", "billing for it"},
        }
        for tenant in ("umbrella", "wayne")
    },
    "wonka": {},
}


def test_the_table_speaks_of_every_action_on_a_key() -> None:
    assert set(EVERYONES) == catalogue.actions_on("kms", "key")
    assert set(OWN) == set(TENANTS)


@pytest.mark.parametrize("tenant", TENANTS)
@pytest.mark.parametrize("action", EVERYONES)
def test_exactly_these_may(tenant: str, action: str) -> None:
    policy = parse_key_policy(key_policy(sample().tenants[tenant], sample()))
    context = {**use_context(tenant), **import_context(), UNUSED: "30"}
    may = {name for name, caller in callers(tenant).items() if ask(policy, caller, action, context).allowed}
    assert may == {**EVERYONES, **OWN[tenant]}[action]


USERS = ("own role", "billing for it", "portal for it")
WRONG: dict[str, dict[str, str | tuple[str, ...]]] = {
    "no alias, as by key ARN": {"kms:RequestAlias": ()},
    "the alias of another tenant": {"kms:RequestAlias": "alias/tenant-globex"},
    "its alias in upper case": {"kms:RequestAlias": "alias/tenant-ACME"},
    "an alias that begins alike": {"kms:RequestAlias": "alias/tenant-acme-2"},
    "no context": {"kms:EncryptionContext:tenant_id": (), "kms:EncryptionContextKeys": ()},
    "the context of another tenant": {"kms:EncryptionContext:tenant_id": "globex"},
}


@pytest.mark.parametrize("what", WRONG)
@pytest.mark.parametrize("action", [*ENCRYPT, "kms:Decrypt"])
def test_no_caller_uses_the_key_of_acme_with(what: str, action: str) -> None:
    policy = parse_key_policy(key_policy(sample().tenants["acme"], sample()))
    for name, caller in callers("acme").items():
        decision = ask(policy, caller, action, {**use_context("acme"), **WRONG[what]})
        assert decision.outcome is Outcome.EXPLICIT_DENY, name


def test_decrypting_by_key_needs_no_alias_and_still_the_context() -> None:
    policy = parse_key_policy(key_policy(sample().tenants["wayne"], sample()))
    own = callers("wayne")["own role"]
    by_key = {**use_context("wayne"), "kms:RequestAlias": ()}
    assert ask(policy, own, "kms:Decrypt", by_key).allowed
    assert not ask(policy, own, "kms:Encrypt", by_key).allowed
    assert not ask(policy, own, "kms:Decrypt", {**by_key, "kms:EncryptionContext:tenant_id": "acme"}).allowed
    assert not ask(policy, callers("wayne")["role of another tenant"], "kms:Decrypt", by_key).allowed


def test_a_caller_who_left_the_organization_uses_nothing() -> None:
    policy = parse_key_policy(key_policy(sample().tenants["acme"], sample()))
    for name in USERS:
        caller = callers("acme")[name]
        assert ask(policy, caller, "kms:Decrypt", use_context("acme")).allowed, name
        assert not ask(policy, replace(caller, organization=None), "kms:Decrypt", use_context("acme")).allowed, name


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("kms:WrappingAlgorithm", "RSAES_OAEP_SHA_1"),
        ("kms:WrappingKeySpec", "RSA_2048"),
    ],
)
def test_material_is_imported_under_strong_wrapping_only(key: str, value: str) -> None:
    policy = parse_key_policy(key_policy(sample().tenants["globex"], sample()))
    importer = callers("globex")["import role of globex"]
    assert ask(policy, importer, "kms:GetParametersForImport", import_context()).allowed
    assert not ask(policy, importer, "kms:GetParametersForImport", {**import_context(), key: value}).allowed


def test_imported_material_expires_as_the_manifest_says() -> None:
    policy = parse_key_policy(key_policy(sample().tenants["globex"], sample()))
    importer = callers("globex")["import role of globex"]
    expiring = {**import_context(), "kms:ExpirationModel": "KEY_MATERIAL_EXPIRES"}
    assert ask(policy, importer, "kms:ImportKeyMaterial", import_context()).allowed
    assert not ask(policy, importer, "kms:ImportKeyMaterial", expiring).allowed


@pytest.mark.parametrize("tenant", TENANTS)
@pytest.mark.parametrize("days", ["0", "29", None])
def test_nobody_schedules_the_deletion_of_a_key_that_was_used_in_the_last_30_days(
    tenant: str, days: str | None
) -> None:
    """Rounded down by KMS, and refused as well where KMS says nothing of it."""
    policy = parse_key_policy(key_policy(sample().tenants[tenant], sample()))
    context = use_context(tenant) | ({UNUSED: days} if days else {})
    for name, caller in callers(tenant).items():
        assert ask(policy, caller, "kms:ScheduleKeyDeletion", context).outcome is Outcome.EXPLICIT_DENY, name


@pytest.mark.parametrize("tenant", TENANTS)
def test_a_key_that_was_used_today_is_disabled_all_the_same(tenant: str) -> None:
    policy = parse_key_policy(key_policy(sample().tenants[tenant], sample()))
    context = use_context(tenant) | {UNUSED: "0"}
    may = {name for name, caller in callers(tenant).items() if ask(policy, caller, "kms:DisableKey", context).allowed}
    assert may == EVERYONES["kms:DisableKey"]


def test_a_manifest_may_do_without_the_waiting_period_and_still_only_break_glass_schedules() -> None:
    estate = with_tenant(sample(), "acme", unused_days_before_deletion=None)
    policy = parse_key_policy(key_policy(estate.tenants["acme"], estate))
    context = use_context("acme") | {UNUSED: "0"}
    asked = {name: ask(policy, caller, "kms:ScheduleKeyDeletion", context) for name, caller in callers("acme").items()}
    assert {name for name, decision in asked.items() if decision.allowed} == {BREAK_GLASS}
