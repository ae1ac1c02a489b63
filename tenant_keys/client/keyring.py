"""A keyring that always names the tenant's alias, since IAM allows nothing else (kms:RequestAlias).

For software that uses the Encryption SDK by itself. The stock KMS keyrings name the key's ARN, or nothing, on Decrypt
and are refused. Messages are the same: one that this keyring wrote opens with a stock `AwsKmsKeyring` that has the
key's ARN and may use it.
"""

from __future__ import annotations

from tenant_keys.client.data_key import PROVIDER, KmsCalls, check_context, generate, read_sealed_key, unseal
from tenant_keys.client.errors import MessageRefused, TenantKeysError
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
from tenant_keys.client.tenant_id import check_tenant_id


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
        check_context(materials.encryption_context, self._tenant_id)
        if materials.plaintext_data_key is not None:
            raise TenantKeysError("a data key exists already; use this keyring alone, not inside a multi-keyring")
        made = generate(self._kms, self._alias_arn, materials.encryption_context)
        return OnEncryptOutput(
            materials=KeyringEncryptionMaterials(
                algorithm_suite=materials.algorithm_suite,
                encryption_context=materials.encryption_context,
                required_encryption_context_keys=materials.required_encryption_context_keys,
                signing_key=materials.signing_key,  # of a signed suite, which others may choose
                plaintext_data_key=made.plaintext,
                encrypted_data_keys=[
                    KeyringEncryptedDataKey(
                        key_provider_id=PROVIDER,
                        key_provider_info=made.sealed.key_arn.encode(),
                        ciphertext=made.sealed.ciphertext,
                    )
                ],
            )
        )

    def on_decrypt(self, param: OnDecryptInput) -> OnDecryptOutput:
        """The message's data key, if the alias leads to the key that the message names."""
        materials = param.materials
        check_context(materials.encryption_context, self._tenant_id)
        if len(param.encrypted_data_keys) != 1:
            raise MessageRefused(f"expected one encrypted data key, got {len(param.encrypted_data_keys)}")
        (given,) = param.encrypted_data_keys
        sealed = read_sealed_key(given.key_provider_id, given.key_provider_info, given.ciphertext, self._alias_arn)
        return OnDecryptOutput(
            materials=KeyringDecryptionMaterials(
                algorithm_suite=materials.algorithm_suite,
                encryption_context=materials.encryption_context,
                required_encryption_context_keys=materials.required_encryption_context_keys,
                verification_key=materials.verification_key,
                plaintext_data_key=unseal(self._kms, self._alias_arn, sealed, materials.encryption_context),
            )
        )
