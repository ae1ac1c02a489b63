"""What the manifest promises of each key, request by request; typed by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tenant_keys.manifest.model import Auditor
from tenant_keys.review.proof.promise import administering, declared_roles, is_role, promises
from tools.random_estates.small_estates import estate_of

CENTRAL = "arn:aws:iam::111111111111:role"
_EXECUTION = f"{CENTRAL}/cdk-hnb659fds-cfn-exec-role-111111111111"
DEPLOYERS = frozenset({f"{_EXECUTION}-eu-west-1", f"{_EXECUTION}-eu-central-1"})
ADMINISTRATOR, READER = f"{CENTRAL}/KeyAdministrator", f"{CENTRAL}/SecurityAudit"
BREAK_GLASS, IMPORTER = f"{CENTRAL}/KeyBreakGlass", f"{CENTRAL}/globex-import"
ESTATE = estate_of(
    "acme: {workloads: [orders, billing]}",
    "globex: {key: {origin: imported, import_role: role/globex-import, expires: never}}",
    "hooli: {decrypt_by: key, key: {multi_region: true}}",
    "initech: {state: suspended}",
    "late: {state: offboarding}",
    "umbrella: {key: {origin: imported, import_role: role/umbrella-import, expires: never}}",
    "wayne: {workloads: [billing]}",
    "wonka: {key: {origin: imported, import_role: role/wonka-import, expires: dated}}",
    recorded=True,
)
PROMISES = promises(ESTATE)
OWN = f"{CENTRAL}/tenant-keys/orders/tenant-acme.orders"
SHARED = f"{CENTRAL}/tenant-keys/billing/shared.billing"
ALIAS, OTHER_ALIAS = {"kms:requestalias": "alias/tenant-acme"}, {"kms:requestalias": "alias/tenant-globex"}
CONTEXT = {"kms:encryptioncontext:tenant_id": "acme"}
WRAPPED = {"kms:wrappingalgorithm": "RSAES_OAEP_SHA_256", "kms:wrappingkeyspec": "RSA_4096"}


@pytest.mark.parametrize(
    ("role", "tags", "action", "context", "declared"),
    [
        (OWN, {}, "kms:encrypt", {**ALIAS, **CONTEXT}, True),
        (OWN, {}, "kms:generatedatakey", {**ALIAS, **CONTEXT}, True),
        (OWN, {}, "kms:generatedatakeywithoutplaintext", {**ALIAS, **CONTEXT}, True),
        (OWN, {}, "kms:decrypt", {**ALIAS, **CONTEXT}, True),
        (OWN, {}, "kms:decrypt", CONTEXT, False),
        (OWN, {}, "kms:decrypt", {**OTHER_ALIAS, **CONTEXT}, False),
        (OWN, {}, "kms:decrypt", ALIAS, False),
        (OWN, {}, "kms:decrypt", {**ALIAS, "kms:encryptioncontext:tenant_id": "globex"}, False),
        (OWN, {}, "kms:reencryptfrom", {**ALIAS, **CONTEXT}, False),
        (OWN, {}, "kms:putkeypolicy", {**ALIAS, **CONTEXT}, False),
        (OWN, {}, "kms:describekey", ALIAS, True),
        (OWN, {}, "kms:describekey", {}, False),
        (None, {}, "kms:decrypt", {**ALIAS, **CONTEXT}, False),
        (SHARED, {"tenant_id": "acme"}, "kms:decrypt", {**ALIAS, **CONTEXT}, True),
        (SHARED, {"tenant_id": "acme"}, "kms:encrypt", {**ALIAS, **CONTEXT}, False),
        (SHARED, {"tenant_id": "globex"}, "kms:decrypt", {**ALIAS, **CONTEXT}, False),
        (SHARED, {}, "kms:describekey", ALIAS, False),
        (ADMINISTRATOR, {}, "kms:disablekey", {}, True),
        (ADMINISTRATOR, {}, "kms:decrypt", {**ALIAS, **CONTEXT}, False),
    ],
)
def test_a_request_is_declared_or_not(
    role: str | None, tags: dict[str, str], action: str, context: dict[str, str], declared: bool
) -> None:
    assert PROMISES["acme"].declares(role, tags, action, context) is declared


def test_a_tenant_that_decrypts_by_key_may_name_the_key_for_that_alone() -> None:
    role = f"{CENTRAL}/tenant-keys/orders/tenant-hooli.orders"
    context = {"kms:encryptioncontext:tenant_id": "hooli"}
    assert PROMISES["hooli"].declares(role, {}, "kms:decrypt", context)
    assert not PROMISES["hooli"].declares(role, {}, "kms:encrypt", context)
    assert not PROMISES["hooli"].declares(role, {}, "kms:decrypt", {})


@pytest.mark.parametrize(
    ("tenant", "action", "context", "declared"),
    [
        ("globex", "kms:importkeymaterial", {"kms:expirationmodel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}, True),
        ("globex", "kms:importkeymaterial", {"kms:expirationmodel": "KEY_MATERIAL_EXPIRES"}, False),
        ("globex", "kms:importkeymaterial", {}, False),
        ("globex", "kms:getparametersforimport", WRAPPED, True),
        ("globex", "kms:getparametersforimport", {**WRAPPED, "kms:wrappingkeyspec": "RSA_2048"}, False),
        ("globex", "kms:getparametersforimport", {**WRAPPED, "kms:wrappingalgorithm": "RSAES_PKCS1_V1_5"}, False),
        ("globex", "kms:deleteimportedkeymaterial", {}, True),
        ("acme", "kms:deleteimportedkeymaterial", {}, False),
    ],
)
def test_material_is_brought_as_declared(tenant: str, action: str, context: dict[str, Any], declared: bool) -> None:
    assert PROMISES[tenant].declares(IMPORTER, {}, action, context) is declared


def test_what_is_declared_of_a_tenant_follows_from_its_state_and_key() -> None:
    rows = {
        name: (one.regions, one.enabled, one.usable, one.by_key, len(one.uses), one.own_importer)
        for name, one in PROMISES.items()
    }
    assert rows == {
        "acme": (("eu-west-1",), True, True, False, 2, False),
        "globex": (("eu-west-1",), True, True, False, 1, True),
        "hooli": (("eu-west-1", "eu-central-1"), True, True, True, 1, False),
        "initech": (("eu-west-1",), False, False, False, 1, False),
        "late": (("eu-west-1",), False, False, False, 0, False),
        "umbrella": (("eu-west-1",), True, True, False, 1, True),
        "wayne": (("eu-west-1",), True, True, False, 1, False),
        "wonka": (("eu-west-1",), True, True, False, 1, True),
    }


def test_the_promises_of_two_tenants_are_alike_but_for_their_names_alone() -> None:
    assert PROMISES["globex"].signature == PROMISES["umbrella"].signature
    signatures = {one.signature for name, one in PROMISES.items() if name != "umbrella"}
    assert len(signatures) == len(PROMISES) - 1


ADMINISTRATION: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        (
            *("kms:createalias", "kms:deletealias", "kms:disablekeyrotation", "kms:enablekey", "kms:enablekeyrotation"),
            *("kms:putkeypolicy", "kms:replicatekey", "kms:tagresource", "kms:untagresource"),
            "kms:updatekeydescription",
        ),
        DEPLOYERS,
    ),
    **dict.fromkeys(
        (
            *("kms:describekey", "kms:getkeylastusage", "kms:getkeypolicy", "kms:getkeyrotationstatus"),
            *("kms:listgrants", "kms:listkeypolicies", "kms:listkeyrotations", "kms:listresourcetags"),
        ),
        frozenset({*DEPLOYERS, ADMINISTRATOR, BREAK_GLASS, READER}),
    ),
    "kms:disablekey": frozenset({*DEPLOYERS, ADMINISTRATOR, BREAK_GLASS}),
    "kms:schedulekeydeletion": frozenset({BREAK_GLASS}),
    "kms:cancelkeydeletion": frozenset({ADMINISTRATOR, BREAK_GLASS}),
    "kms:rotatekeyondemand": frozenset({ADMINISTRATOR}),
}


def test_each_administrative_action_is_that_of_these_roles() -> None:
    assert PROMISES["acme"].administration == ADMINISTRATION
    material = ("kms:getparametersforimport", "kms:importkeymaterial", "kms:deleteimportedkeymaterial")
    read = {action: roles | {IMPORTER} for action, roles in ADMINISTRATION.items() if READER in roles}
    rotated = dict.fromkeys((*material, "kms:rotatekeyondemand"), frozenset({IMPORTER}))
    assert PROMISES["globex"].administration == {**ADMINISTRATION, **read, **rotated}


def test_a_custodian_reads_the_state_and_the_materials_of_its_key_and_nothing_else() -> None:
    custodian = "{account: '555555555555', role: role/Keys, external_id: hooli-1}"
    promise = promises(estate_of(f"hooli: {{key: {{origin: imported, custodian: {custodian}}}}}"))["hooli"]
    role = f"{CENTRAL}/tenant-keys/import.hooli"
    material = ("kms:getparametersforimport", "kms:importkeymaterial", "kms:deleteimportedkeymaterial")
    reads = {action: ADMINISTRATION[action] | {role} for action in ("kms:describekey", "kms:listkeyrotations")}
    own = dict.fromkeys((*material, "kms:rotatekeyondemand"), frozenset({role}))
    assert promise.administration == {**ADMINISTRATION, **reads, **own}
    assert promise.custodian is not None
    assert promise.custodian.role == "arn:aws:iam::555555555555:role/Keys"


def test_an_auditor_reads_what_its_service_linked_role_is_allowed() -> None:
    """The managed policies AccessAnalyzerServiceRolePolicy and AWSConfigServiceRolePolicy."""
    described = ("kms:describekey", "kms:getkeypolicy")
    read: dict[Auditor, set[str]] = {
        "access-analyzer": {*described, "kms:listgrants", "kms:listkeypolicies"},
        "config": {*described, "kms:getkeyrotationstatus", "kms:listresourcetags"},
    }
    auditors: dict[Auditor, str] = {
        "access-analyzer": f"{CENTRAL}/aws-service-role/analyzer",
        "config": f"{CENTRAL}/aws-service-role/config",
    }
    central = replace(ESTATE.central, auditors=auditors)
    administration = promises(replace(ESTATE, central=central))["acme"].administration
    for auditor, role in auditors.items():
        assert {action for action, roles in administration.items() if role in roles} == read[auditor]


def test_the_roles_that_administer_and_all_that_the_manifest_names() -> None:
    auditor = f"{CENTRAL}/aws-service-role/config"
    estate = replace(ESTATE, central=replace(ESTATE.central, auditors={"config": auditor}))
    importers = {f"{CENTRAL}/{tenant}-import" for tenant in ("globex", "umbrella", "wonka")}
    administrators = {ADMINISTRATOR, READER, BREAK_GLASS, *DEPLOYERS, auditor, *importers}
    assert administering(estate) == administrators
    custody = "{origin: imported, custodian: {account: '555555555555', role: role/Keys, external_id: stark-1}}"
    few = estate_of("acme: {workloads: [orders, billing]}", f"stark: {{key: {custody}}}")
    assert declared_roles(few, promises(few)) == {
        *(ADMINISTRATOR, READER, BREAK_GLASS, *DEPLOYERS, OWN, OWN.replace("acme", "stark"), SHARED),
        *("arn:aws:iam::555555555555:role/Keys", f"{CENTRAL}/tenant-keys/import.stark"),
        *(f"arn:aws:iam::222222222222:role/tenant-keys-{workload}" for workload in ("orders", "portal")),
        "arn:aws:iam::333333333333:role/tenant-keys-billing",
    }


def test_a_promise_names_its_administrators_and_no_others() -> None:
    everywhere = {ADMINISTRATOR, READER, BREAK_GLASS, *DEPLOYERS}
    assert PROMISES["acme"].administrators == everywhere
    assert PROMISES["globex"].administrators == everywhere | {IMPORTER}
    assert not PROMISES["acme"].administers(None, "kms:disablekey")


SET = "arn:aws:iam::111111111111:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Key_" + "?" * 16


@pytest.mark.parametrize(
    ("role", "is_of_the_set"),
    [
        (SET.replace("?" * 16, "0123456789abcdef"), True),
        (SET.replace("?" * 16, "fedcba9876543210"), True),
        (SET.replace("?" * 16, "Other_0123456789abcdef"), False),
        (SET.replace("?" * 16, "0123456789abcde"), False),
        (SET.replace("/aws-reserved/sso.amazonaws.com", "").replace("?" * 16, "0123456789abcdef"), False),
        (SET.replace("/AWS", "/eu-west-1/AWS").replace("?" * 16, "0123456789abcdef"), False),
        (SET.replace("111111111111", "222222222222").replace("?" * 16, "0123456789abcdef"), False),
    ],
)
def test_a_permission_set_is_its_roles_with_any_suffix_and_no_others(role: str, *, is_of_the_set: bool) -> None:
    assert is_role(role, SET) is is_of_the_set
