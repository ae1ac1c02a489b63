"""The AWS Encryption SDK without our client, for a tenant with `decrypt_by: key` in the manifest.

Encryption names the alias, because IAM allows nothing else. The SDK's own keyrings name the key's ARN when they
decrypt: here a discovery keyring that is limited to the key account. There are two keyrings, because a multi-keyring
with a discovery keyring as its child cannot encrypt (material providers 1.11: "Encryption is not supported with a
Discovery Keyring"). The key remains the tenant's alone: the context must contain `tenant_id`, and the role is the
tenant's.

These functions and the client read each other's messages. Therefore the suite is unsigned (the SDK's default suite adds
a public key to the context), and the record's name precedes the data.
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
from aws_encryption_sdk.identifiers import Algorithm

SUITE = Algorithm.AES_256_GCM_HKDF_SHA512_COMMIT_KEY
sdk = EncryptionSDKClient(commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT, max_encrypted_data_keys=1)
providers = AwsCryptographicMaterialProviders(config=MaterialProvidersConfig())


def start(name: str) -> bytes:
    """The bytes before the data: a 1, the length of the name in two bytes, the name."""
    return b"\x01" + len(name.encode()).to_bytes(2, "big") + name.encode()


def encrypt(session: boto3.Session, alias_arn: str, tenant_id: str, name: str, data: bytes) -> bytes:
    """`session` is a session of the tenant's access role, in the alias's Region."""
    keyring = providers.create_aws_kms_keyring(
        input=CreateAwsKmsKeyringInput(kms_key_id=alias_arn, kms_client=session.client("kms"))
    )
    blob, _ = sdk.encrypt(
        source=start(name) + data,
        keyring=keyring,
        encryption_context={"tenant_id": tenant_id},
        algorithm=SUITE,
        frame_length=64 * 1024,  # the client reads no larger frames
    )
    return bytes(blob)


def decrypt(session: boto3.Session, account: str, tenant_id: str, name: str, blob: bytes) -> bytes:
    """`account` is the key account: the keyring tries keys of no other. Raises for another tenant's context."""
    keyring: Any = providers.create_aws_kms_discovery_keyring(
        input=CreateAwsKmsDiscoveryKeyringInput(
            kms_client=session.client("kms"), discovery_filter=DiscoveryFilter(partition="aws", account_ids=[account])
        )
    )
    data, header = sdk.decrypt(source=blob, keyring=keyring, encryption_context={"tenant_id": tenant_id})
    if header.encryption_context != {"tenant_id": tenant_id} or header.algorithm is not SUITE:
        raise ValueError("another tenant's message, or one of another suite")
    if not data.startswith(start(name)):
        raise ValueError("another record's message")
    return bytes(data[len(start(name)) :])
