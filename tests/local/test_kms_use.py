"""Encryption as boto3 sees it: errors by AWS's own names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tenant_keys.local import LocalAws
from tests.local import handmade
from tests.local.refusal import refused

if TYPE_CHECKING:
    from types_boto3_kms import KMSClient

CONTEXT = {"tenant_id": "acme"}


@pytest.fixture
def key_id(kms: KMSClient) -> str:
    return kms.create_key()["KeyMetadata"]["KeyId"]


@pytest.fixture
def blob(kms: KMSClient, key_id: str) -> bytes:
    return kms.encrypt(KeyId=key_id, Plaintext=b"secret", EncryptionContext=CONTEXT)["CiphertextBlob"]


def test_decrypt_opens_what_encrypt_sealed_and_names_the_key(kms: KMSClient, key_id: str, blob: bytes) -> None:
    opened = kms.decrypt(CiphertextBlob=blob, EncryptionContext=CONTEXT)
    assert opened["Plaintext"] == b"secret"
    assert opened["KeyId"] == f"arn:aws:kms:{handmade.REGION}:{handmade.CENTRAL}:key/{key_id}"


def test_another_context_is_an_invalid_ciphertext(kms: KMSClient, blob: bytes) -> None:
    with refused("InvalidCiphertextException"):
        kms.decrypt(CiphertextBlob=blob, EncryptionContext={"tenant_id": "globex"})


def test_a_tampered_ciphertext_is_refused(kms: KMSClient, blob: bytes) -> None:
    with refused("InvalidCiphertextException"):
        kms.decrypt(CiphertextBlob=blob[:-1] + bytes([blob[-1] ^ 1]), EncryptionContext=CONTEXT)


def test_another_key_is_an_incorrect_key(kms: KMSClient, blob: bytes) -> None:
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    with refused("IncorrectKeyException", "does not identify a CMK that can perform this operation"):
        kms.decrypt(CiphertextBlob=blob, KeyId=other, EncryptionContext=CONTEXT)


def test_plaintext_ends_at_4096_bytes(kms: KMSClient, key_id: str) -> None:
    assert kms.encrypt(KeyId=key_id, Plaintext=b"x" * 4096)["CiphertextBlob"]
    with refused("ValidationException", "less than or equal to 4096"):
        kms.encrypt(KeyId=key_id, Plaintext=b"x" * 4097)


def test_a_data_key_opens_to_itself(kms: KMSClient, key_id: str) -> None:
    made = kms.generate_data_key(KeyId=key_id, KeySpec="AES_256", EncryptionContext=CONTEXT)
    assert len(made["Plaintext"]) == 32
    assert (
        kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext=CONTEXT)["Plaintext"] == made["Plaintext"]
    )


def test_a_data_key_without_plaintext_shows_none(kms: KMSClient, key_id: str) -> None:
    made = kms.generate_data_key_without_plaintext(KeyId=key_id, NumberOfBytes=64)
    assert "Plaintext" not in made
    assert len(kms.decrypt(CiphertextBlob=made["CiphertextBlob"])["Plaintext"]) == 64


def test_size_and_spec_of_a_data_key_exclude_each_other(kms: KMSClient, key_id: str) -> None:
    with refused("ValidationException", "either number of bytes or key spec"):
        kms.generate_data_key(KeyId=key_id)


def test_a_data_key_pair_is_sealed_like_a_data_key(kms: KMSClient, key_id: str) -> None:
    made = kms.generate_data_key_pair(KeyId=key_id, KeyPairSpec="ECC_NIST_P256", EncryptionContext=CONTEXT)
    opened = kms.decrypt(CiphertextBlob=made["PrivateKeyCiphertextBlob"], EncryptionContext=CONTEXT)
    assert opened["Plaintext"] == made["PrivateKeyPlaintext"]


def test_re_encrypt_moves_a_ciphertext_to_another_key_and_context(kms: KMSClient, blob: bytes) -> None:
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    moved = kms.re_encrypt(
        CiphertextBlob=blob,
        SourceEncryptionContext=CONTEXT,
        DestinationKeyId=other,
        DestinationEncryptionContext={"tenant_id": "globex"},
    )["CiphertextBlob"]
    assert (
        kms.decrypt(CiphertextBlob=moved, KeyId=other, EncryptionContext={"tenant_id": "globex"})["Plaintext"]
        == b"secret"
    )
    with refused("InvalidCiphertextException"):
        kms.decrypt(CiphertextBlob=moved, EncryptionContext=CONTEXT)


def test_dry_run_says_that_it_would_succeed_and_does_nothing(kms: KMSClient, key_id: str, blob: bytes) -> None:
    with refused("DryRunOperationException"):
        kms.decrypt(CiphertextBlob=blob, EncryptionContext=CONTEXT, DryRun=True)
    with refused("DryRunOperationException"):
        kms.decrypt(KeyId=key_id, EncryptionContext=CONTEXT, DryRun=True, DryRunModifiers=["IGNORE_CIPHERTEXT"])


def test_a_symmetric_key_does_not_sign(kms: KMSClient, key_id: str) -> None:
    with refused("InvalidKeyUsageException"):
        kms.sign(KeyId=key_id, Message=b"x", SigningAlgorithm="ECDSA_SHA_256")


def test_an_alias_that_is_not_there_is_not_found(kms: KMSClient) -> None:
    with refused("NotFoundException", "alias/nobody is not found"):
        kms.encrypt(KeyId="alias/nobody", Plaintext=b"x")


def test_an_alias_name_means_the_callers_own_account(aws: LocalAws, kms: KMSClient, key_id: str) -> None:
    kms.create_alias(AliasName="alias/only-central", TargetKeyId=key_id)
    elsewhere = aws.session(handmade.WORKLOAD).client("kms")
    with refused("NotFoundException", f"{handmade.WORKLOAD}:alias/only-central is not found"):
        elsewhere.encrypt(KeyId="alias/only-central", Plaintext=b"x")


def test_a_foreign_account_learns_nothing_of_keys_that_are_not_its_own(
    aws: LocalAws, kms: KMSClient, key_id: str
) -> None:
    """The same words for a key that is there and for one that is not."""
    elsewhere = aws.session(handmade.WORKLOAD).client("kms")
    for name in (key_id, "00000000-0000-0000-0000-000000000000"):
        with refused("AccessDeniedException", "because the resource does not exist in this Region"):
            elsewhere.encrypt(KeyId=f"arn:aws:kms:{handmade.REGION}:{handmade.CENTRAL}:key/{name}", Plaintext=b"x")
