"""Bring your own key: what is imported, how it is wrapped, and what its absence means."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from tenant_keys.local import LocalAws
from tests.local import handmade
from tests.local.refusal import refused
from tests.local.test_event_history import events

if TYPE_CHECKING:
    from types_boto3_kms import KMSClient


@pytest.fixture
def key_id(kms: KMSClient) -> str:
    return kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["KeyId"]


def bring(kms: KMSClient, key_id: str, material: bytes, **arguments: object) -> str:
    parameters = kms.get_parameters_for_import(
        KeyId=key_id, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048"
    )
    public = load_der_public_key(parameters["PublicKey"])
    assert isinstance(public, rsa.RSAPublicKey)
    sha256 = hashes.SHA256()
    wrapped = public.encrypt(material, padding.OAEP(mgf=padding.MGF1(algorithm=sha256), algorithm=sha256, label=None))
    answer = kms.import_key_material(
        KeyId=key_id,
        ImportToken=parameters["ImportToken"],
        EncryptedKeyMaterial=wrapped,
        **{"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE", **arguments},  # type: ignore[arg-type]
    )
    return answer["KeyMaterialId"]


def state(kms: KMSClient, key_id: str) -> str:
    return kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"]


def test_an_external_key_waits_for_its_material(kms: KMSClient, key_id: str) -> None:
    assert state(kms, key_id) == "PendingImport"
    with refused("KMSInvalidStateException", "is pending import"):
        kms.encrypt(KeyId=key_id, Plaintext=b"x")
    with refused("KMSInvalidStateException"):
        kms.disable_key(KeyId=key_id)


def test_deleted_material_takes_the_data_and_the_same_bytes_bring_it_back(kms: KMSClient, key_id: str) -> None:
    material = secrets.token_bytes(32)
    bring(kms, key_id, material)
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
    kms.delete_imported_key_material(KeyId=key_id)
    with refused("KMSInvalidStateException", "is pending import"):
        kms.decrypt(CiphertextBlob=blob)
    with refused("IncorrectKeyMaterialException"):
        bring(kms, key_id, secrets.token_bytes(32))
    bring(kms, key_id, material)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_wrapping_with_rsa_4096_works(kms: KMSClient, key_id: str) -> None:
    parameters = kms.get_parameters_for_import(
        KeyId=key_id, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_4096"
    )
    public = load_der_public_key(parameters["PublicKey"])
    assert isinstance(public, rsa.RSAPublicKey)
    assert public.key_size == 4096


def test_a_token_is_for_its_own_key(kms: KMSClient, key_id: str) -> None:
    other = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
    token = kms.get_parameters_for_import(
        KeyId=other, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048"
    )["ImportToken"]
    with refused("InvalidImportTokenException"):
        kms.import_key_material(
            KeyId=key_id,
            ImportToken=token,
            EncryptedKeyMaterial=b"x" * 256,
            ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE",
        )


def test_material_of_another_size_is_refused(kms: KMSClient, key_id: str) -> None:
    with refused("IncorrectKeyMaterialException"):
        bring(kms, key_id, secrets.token_bytes(16))


def test_a_key_made_by_kms_takes_no_material(kms: KMSClient) -> None:
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    with refused("UnsupportedOperationException"):
        kms.get_parameters_for_import(KeyId=key_id, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048")


def test_expiring_material_needs_a_date(kms: KMSClient, key_id: str) -> None:
    with refused("ValidationException", "validTo"):
        bring(kms, key_id, secrets.token_bytes(32), ExpirationModel="KEY_MATERIAL_EXPIRES")


def test_imported_keys_do_not_rotate_by_themselves(kms: KMSClient, key_id: str) -> None:
    bring(kms, key_id, secrets.token_bytes(32))
    with refused("UnsupportedOperationException"):
        kms.enable_key_rotation(KeyId=key_id)
    with refused("KMSInvalidStateException", "No available key material pending rotation"):
        kms.rotate_key_on_demand(KeyId=key_id)


def test_new_material_is_used_after_rotation_and_one_missing_version_stops_all(kms: KMSClient, key_id: str) -> None:
    first = bring(kms, key_id, secrets.token_bytes(32))
    old = kms.encrypt(KeyId=key_id, Plaintext=b"old")["CiphertextBlob"]
    second = bring(kms, key_id, secrets.token_bytes(32), ImportType="NEW_KEY_MATERIAL")
    assert (
        kms.decrypt(CiphertextBlob=kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"])["KeyMaterialId"]
        == first
    )
    kms.rotate_key_on_demand(KeyId=key_id)
    new = kms.encrypt(KeyId=key_id, Plaintext=b"new")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=new)["KeyMaterialId"] == second
    assert kms.decrypt(CiphertextBlob=old)["Plaintext"] == b"old"
    kms.delete_imported_key_material(KeyId=key_id, KeyMaterialId=first)
    with refused("KMSInvalidStateException"):
        kms.encrypt(KeyId=key_id, Plaintext=b"x")


@pytest.fixture
def own() -> Iterator[LocalAws]:
    with LocalAws(accounts=(handmade.CENTRAL,)) as running:
        yield running


def test_material_that_expires_is_gone(own: LocalAws) -> None:
    kms = own.session().client("kms")
    key_id = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
    until = datetime.now(UTC) + timedelta(days=30)
    bring(kms, key_id, secrets.token_bytes(32), ExpirationModel="KEY_MATERIAL_EXPIRES", ValidTo=until)
    assert state(kms, key_id) == "Enabled"
    own.advance(31)
    assert state(kms, key_id) == "PendingImport"


def test_the_expiry_of_an_import_is_compared_as_unix_time(own: LocalAws) -> None:
    """AWS KMS guide, conditions-kms: kms:ValidTo with NumericLessThanEquals."""
    kms = own.session().client("kms")
    now = datetime.now(UTC)
    latest = str((now + timedelta(days=60)).timestamp())
    policy = handmade.document(
        handmade.allow("Root", ["kms:*"], Principal=handmade.ROOT, Resource="*"),
        {
            "Sid": "NeverLongerThan60Days",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "kms:ImportKeyMaterial",
            "Resource": "*",
            "Condition": {"NumericGreaterThan": {"kms:ValidTo": latest}},
        },
    )
    key_id = kms.create_key(Origin="EXTERNAL", Policy=json.dumps(policy))["KeyMetadata"]["KeyId"]
    expires = {"ExpirationModel": "KEY_MATERIAL_EXPIRES"}
    with refused("AccessDeniedException", "explicit deny"):
        bring(kms, key_id, secrets.token_bytes(32), ValidTo=now + timedelta(days=61), **expires)
    bring(kms, key_id, secrets.token_bytes(32), ValidTo=now + timedelta(days=59), **expires)


def test_each_material_that_expires_is_an_event_of_its_own(own: LocalAws) -> None:
    kms = own.session(handmade.CENTRAL).client("kms")
    key = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]
    now = datetime.now(UTC)
    first = bring(kms, key["KeyId"], b"a" * 32, ExpirationModel="KEY_MATERIAL_EXPIRES", ValidTo=now + timedelta(days=3))
    second = bring(
        kms,
        key["KeyId"],
        b"b" * 32,
        ExpirationModel="KEY_MATERIAL_EXPIRES",
        ImportType="NEW_KEY_MATERIAL",
        ValidTo=now + timedelta(days=6),
    )
    kms.rotate_key_on_demand(KeyId=key["KeyId"])
    for days, gone in ((4, [first]), (4, [second, first])):
        own.advance(days)
        found = [one for one in events(own, key["Arn"]) if one["eventName"] == "DeleteExpiredKeyMaterial"]
        assert [one["serviceEventDetails"]["keyMaterialId"] for one in found] == gone
        assert {one["userIdentity"]["invokedBy"] for one in found} == {"AWS Internal"}
        assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "PendingImport"
