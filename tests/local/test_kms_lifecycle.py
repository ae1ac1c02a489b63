"""Key states take effect at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tenant_keys.local import LocalAws
from tests.local import handmade
from tests.local.refusal import refused

if TYPE_CHECKING:
    from types_boto3_kms import KMSClient


@pytest.fixture
def own() -> Iterator[LocalAws]:
    """An instance whose time may be moved."""
    with LocalAws(accounts=(handmade.CENTRAL,)) as running:
        yield running


def test_a_disabled_key_opens_nothing_until_it_is_enabled(kms: KMSClient) -> None:
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
    kms.disable_key(KeyId=key_id)
    with refused("DisabledException", "is disabled"):
        kms.decrypt(CiphertextBlob=blob)
    with refused("DisabledException", "is disabled"):
        kms.encrypt(KeyId=key_id, Plaintext=b"x")
    kms.enable_key(KeyId=key_id)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_a_key_pending_deletion_is_unusable_and_comes_back_disabled(kms: KMSClient) -> None:
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
    answer = kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)
    assert answer["KeyState"] == "PendingDeletion"
    with refused("KMSInvalidStateException", "is pending deletion"):
        kms.decrypt(CiphertextBlob=blob)
    with refused("KMSInvalidStateException", "is pending deletion"):
        kms.enable_key(KeyId=key_id)
    with refused("KMSInvalidStateException", "is pending deletion"):
        kms.put_key_policy(KeyId=key_id, Policy="{}")
    with refused("KMSInvalidStateException", "is pending deletion"):
        kms.tag_resource(KeyId=key_id, Tags=[{"TagKey": "a", "TagValue": "b"}])
    kms.cancel_key_deletion(KeyId=key_id)
    assert kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == "Disabled"


def test_the_waiting_period_is_7_to_30_days(kms: KMSClient) -> None:
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    with refused("ValidationException", "between 7 and 30"):
        kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=31)


def test_a_deleted_key_takes_its_aliases_with_it(own: LocalAws) -> None:
    kms = own.session().client("kms")
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/gone", TargetKeyId=key_id)
    kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)
    own.advance(6.9)
    assert kms.describe_key(KeyId="alias/gone")["KeyMetadata"]["KeyState"] == "PendingDeletion"
    own.advance(0.2)
    with refused("NotFoundException", "does not exist"):
        kms.describe_key(KeyId=key_id)
    assert kms.list_aliases()["Aliases"] == []


def test_a_rotated_key_opens_what_it_sealed_before(kms: KMSClient) -> None:
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    before = kms.encrypt(KeyId=key_id, Plaintext=b"before")["CiphertextBlob"]
    kms.rotate_key_on_demand(KeyId=key_id)
    after = kms.encrypt(KeyId=key_id, Plaintext=b"after")["CiphertextBlob"]
    opened = [kms.decrypt(CiphertextBlob=blob, KeyId=key_id) for blob in (before, after)]
    assert [each["Plaintext"] for each in opened] == [b"before", b"after"]
    assert opened[0]["KeyMaterialId"] != opened[1]["KeyMaterialId"]
    assert [r["RotationType"] for r in kms.list_key_rotations(KeyId=key_id)["Rotations"]] == ["ON_DEMAND"]


def test_on_demand_rotation_ends_at_25(kms: KMSClient) -> None:
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    for _ in range(25):
        kms.rotate_key_on_demand(KeyId=key_id)
    with refused("LimitExceededException"):
        kms.rotate_key_on_demand(KeyId=key_id)


def test_automatic_rotation_happens_when_it_is_due(own: LocalAws) -> None:
    kms = own.session().client("kms")
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.enable_key_rotation(KeyId=key_id, RotationPeriodInDays=90)
    old = kms.encrypt(KeyId=key_id, Plaintext=b"x")
    assert kms.get_key_rotation_status(KeyId=key_id)["RotationPeriodInDays"] == 90
    own.advance(91)
    assert kms.decrypt(CiphertextBlob=old["CiphertextBlob"])["Plaintext"] == b"x"
    assert [r["RotationType"] for r in kms.list_key_rotations(KeyId=key_id)["Rotations"]] == ["AUTOMATIC"]


def test_rotation_of_a_disabled_key_cannot_be_changed(kms: KMSClient) -> None:
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.disable_key(KeyId=key_id)
    with refused("DisabledException"):
        kms.enable_key_rotation(KeyId=key_id)


def test_last_usage_is_the_last_cryptographic_use(kms: KMSClient) -> None:
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    assert "KeyLastUsage" not in kms.get_key_last_usage(KeyId=key_id)
    kms.encrypt(KeyId=key_id, Plaintext=b"x")
    assert kms.get_key_last_usage(KeyId=key_id)["KeyLastUsage"]["Operation"] == "Encrypt"


def test_lists_come_in_pages(kms: KMSClient) -> None:
    made = {kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(3)}
    pages = kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 2})
    assert made <= {key["KeyId"] for page in pages for key in page["Keys"]}
