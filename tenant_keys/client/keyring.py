"""A keyring that always names the tenant's alias, since IAM allows nothing else (kms:RequestAlias).

The stock KMS keyrings name the key's ARN, or nothing, on Decrypt and are refused. Messages are the same: one that
this keyring wrote opens with a stock `AwsKmsKeyring` that has the key's ARN and may use it.
"""

from __future__ import annotations

from typing import Any, Protocol

from tenant_keys.client.errors import DamagedMessage, KeyMismatch, MessageRefused, TenantKeysError, WrongTenant
from tenant_keys.client.sdk import (
    IKeyring,
    KeyringDecryptionMaterials,
    KeyringEncryptedDataKey,
    KeyringEncryptionMaterials,
    OnDecryptInput,
    OnDecryptOutput,
    OnEncryptInput,
    OnEncryptOutput,
)
from tenant_keys.client.tenant_id import CONTEXT_KEY, check_tenant_id

PROVIDER = "aws-kms"
"""Provider id of KMS in an encrypted data key (Encryption SDK message format)."""

DATA_KEY_BYTES = 32

MAX_CIPHERTEXT = 6144
"""Bytes of an encrypted data key (KMS API reference, Decrypt, CiphertextBlob)."""


class KmsCalls(Protocol):
    """The two calls needed of a boto3 KMS client."""

    def generate_data_key(self, *, KeyId: str, NumberOfBytes: int, EncryptionContext: dict[str, str]) -> Any: ...
    def decrypt(self, *, KeyId: str, CiphertextBlob: bytes, EncryptionContext: dict[str, str]) -> Any: ...


class AliasKeyring(IKeyring):  # type: ignore[misc]
    """One tenant's alias, for encryption and decryption. `alias_arn` pins account and Region; a name would not."""

    def __init__(self, *, kms: KmsCalls, alias_arn: str, tenant_id: str) -> None:
        if not alias_arn.startswith("arn:") or ":alias/" not in alias_arn:
            raise ValueError(f"alias_arn: got {alias_arn!r}; expected the ARN of an alias")
        self._kms = kms
        self._alias_arn = alias_arn
        self._tenant_id = check_tenant_id(tenant_id)

    def on_encrypt(self, param: OnEncryptInput) -> OnEncryptOutput:
        """A new data key under the tenant's key, by its alias."""
        materials = param.materials
        self._check_context(materials.encryption_context)
        if materials.plaintext_data_key is not None:
            raise TenantKeysError("a data key exists already; use this keyring alone, not inside a multi-keyring")
        answer = self._kms.generate_data_key(
            KeyId=self._alias_arn, NumberOfBytes=DATA_KEY_BYTES, EncryptionContext=materials.encryption_context
        )
        return OnEncryptOutput(
            materials=KeyringEncryptionMaterials(
                algorithm_suite=materials.algorithm_suite,
                encryption_context=materials.encryption_context,
                required_encryption_context_keys=materials.required_encryption_context_keys,
                signing_key=materials.signing_key,  # of a signed suite, which others may choose
                plaintext_data_key=answer["Plaintext"],
                encrypted_data_keys=[
                    KeyringEncryptedDataKey(
                        key_provider_id=PROVIDER,
                        key_provider_info=answer["KeyId"].encode(),
                        ciphertext=answer["CiphertextBlob"],
                    )
                ],
            )
        )

    def on_decrypt(self, param: OnDecryptInput) -> OnDecryptOutput:
        """The message's data key, if the alias leads to the key that the message names."""
        materials = param.materials
        self._check_context(materials.encryption_context)
        if len(param.encrypted_data_keys) != 1:
            raise MessageRefused(f"expected one encrypted data key, got {len(param.encrypted_data_keys)}")
        (data_key,) = param.encrypted_data_keys
        key_arn = self._key_of_our_account(data_key)
        answer = self._kms.decrypt(
            KeyId=self._alias_arn,
            CiphertextBlob=bytes(data_key.ciphertext),
            EncryptionContext=materials.encryption_context,
        )
        if not same_key(key_arn, answer["KeyId"]):
            raise KeyMismatch(f"KMS answered with {answer['KeyId']}, the message names {key_arn}")
        return OnDecryptOutput(
            materials=KeyringDecryptionMaterials(
                algorithm_suite=materials.algorithm_suite,
                encryption_context=materials.encryption_context,
                required_encryption_context_keys=materials.required_encryption_context_keys,
                verification_key=materials.verification_key,
                plaintext_data_key=answer["Plaintext"],
            )
        )

    def _check_context(self, context: dict[str, str]) -> None:
        if context.get(CONTEXT_KEY) != self._tenant_id:
            raise WrongTenant(f"the encryption context's {CONTEXT_KEY} is not {self._tenant_id}")

    def _key_of_our_account(self, data_key: KeyringEncryptedDataKey) -> str:
        """The key's ARN, refused before KMS is asked where it stands in another partition or account."""
        try:
            key_arn = bytes(data_key.key_provider_info).decode("ascii")
        except UnicodeDecodeError as error:
            raise DamagedMessage("the encrypted data key names no key ARN") from error
        if not 1 <= len(data_key.ciphertext) <= MAX_CIPHERTEXT:
            raise DamagedMessage("the encrypted data key is empty, or longer than any of KMS")
        ours, theirs = self._alias_arn.split(":", 5), key_arn.split(":", 5)
        if data_key.key_provider_id != PROVIDER or len(theirs) != len(ours) or not theirs[5].startswith("key/"):
            raise DamagedMessage("the encrypted data key is not of a KMS key")
        if (ours[1], ours[2], ours[4]) != (theirs[1], theirs[2], theirs[4]):
            raise KeyMismatch(f"the message was encrypted under a key of another account: {key_arn}")
        return key_arn


def same_key(left: str, right: str) -> bool:
    """Equal ARNs, or replicas of one multi-Region key, which share account and `mrk-` id (KMS guide, multi-Region)."""
    if left == right:
        return True
    one, other = left.split(":", 5), right.split(":", 5)
    return len(one) == len(other) and one[5].startswith("key/mrk-") and (one[:3], one[4:]) == (other[:3], other[4:])
