"""The AWS Encryption SDK as it comes, for a tenant with `decrypt_by: key` in the manifest.

Encryption names the alias, since IAM allows nothing else. Decryption by the SDK's own keyrings names the key's ARN: a
discovery keyring, held to the key account, does it. Two keyrings, because a multi-keyring with the discovery keyring as
child cannot encrypt (material providers 1.11: "Encryption is not supported with a Discovery Keyring"). The key is still
the tenant's alone: the context must carry `tenant_id`, and the role is the tenant's.

The messages are the client's own: it reads these, and these functions read its. Hence the unsigned suite, since the
SDK's default adds a public key to the context, and the record's name before the data.
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
    """What stands before the data: a 1, the length of the name in two bytes, the name."""
    return b"\x01" + len(name.encode()).to_bytes(2, "big") + name.encode()


def encrypt(session: boto3.Session, alias_arn: str, tenant_id: str, name: str, data: bytes) -> bytes:
    """`session` is one of the tenant's access role, in the alias's Region."""
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
    """`account` is the key account: a key of any other is not tried. Another tenant's context is refused."""
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
