"""The AWS Encryption SDK as it comes, for a tenant with `decrypt_by: key` in the manifest.

Encryption names the alias, since IAM allows nothing else. Decryption by the SDK's own keyrings names the key's ARN: a
discovery keyring, held to the key account, does it. Two keyrings, because a multi-keyring with the discovery keyring as
child cannot encrypt (material providers 1.11: "Encryption is not supported with a Discovery Keyring"). The key is still
the tenant's alone: the context must carry `tenant_id`, and the role is the tenant's.
"""

from typing import Any

import boto3
from aws_cryptographic_material_providers.mpl import AwsCryptographicMaterialProviders
from aws_cryptographic_material_providers.mpl.config import MaterialProvidersConfig
from aws_cryptographic_material_providers.mpl.models import (
    CreateAwsKmsDiscoveryKeyringInput,
    CreateAwsKmsKeyringInput,
    DiscoveryFilter,
)
from aws_encryption_sdk import CommitmentPolicy, EncryptionSDKClient

sdk = EncryptionSDKClient(commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT, max_encrypted_data_keys=1)
providers = AwsCryptographicMaterialProviders(config=MaterialProvidersConfig())


def encrypt(session: boto3.Session, alias_arn: str, tenant_id: str, data: bytes) -> bytes:
    """`session` is one of the tenant's access role, in the alias's Region."""
    keyring = providers.create_aws_kms_keyring(
        input=CreateAwsKmsKeyringInput(kms_key_id=alias_arn, kms_client=session.client("kms"))
    )
    blob, _ = sdk.encrypt(source=data, keyring=keyring, encryption_context={"tenant_id": tenant_id})
    return bytes(blob)


def decrypt(session: boto3.Session, account: str, tenant_id: str, blob: bytes) -> bytes:
    """`account` is the key account: a key of any other is not tried. Another tenant's context is refused."""
    keyring: Any = providers.create_aws_kms_discovery_keyring(
        input=CreateAwsKmsDiscoveryKeyringInput(
            kms_client=session.client("kms"), discovery_filter=DiscoveryFilter(partition="aws", account_ids=[account])
        )
    )
    data, header = sdk.decrypt(source=blob, keyring=keyring, encryption_context={"tenant_id": tenant_id})
    if header.encryption_context.get("tenant_id") != tenant_id:
        raise ValueError("another tenant's message")
    return bytes(data)
