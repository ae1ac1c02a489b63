"""The AWS Encryption SDK and its material providers, which carry no types: imported here and nowhere else."""

from __future__ import annotations

from aws_cryptographic_material_providers.mpl.models import (  # type: ignore[import-untyped]
    DecryptionMaterials as KeyringDecryptionMaterials,
)
from aws_cryptographic_material_providers.mpl.models import (
    EncryptedDataKey as KeyringEncryptedDataKey,
)
from aws_cryptographic_material_providers.mpl.models import (
    EncryptionMaterials as KeyringEncryptionMaterials,
)
from aws_cryptographic_material_providers.mpl.models import (
    OnDecryptInput,
    OnDecryptOutput,
    OnEncryptInput,
    OnEncryptOutput,
)
from aws_cryptographic_material_providers.mpl.references import IKeyring  # type: ignore[import-untyped]
from aws_encryption_sdk import CommitmentPolicy, StreamDecryptor, StreamEncryptor  # type: ignore[import-untyped]
from aws_encryption_sdk.exceptions import AWSEncryptionSDKClientError  # type: ignore[import-untyped]
from aws_encryption_sdk.identifiers import Algorithm  # type: ignore[import-untyped]
from aws_encryption_sdk.materials_managers import (  # type: ignore[import-untyped]
    DecryptionMaterials,
    DecryptionMaterialsRequest,
    EncryptionMaterials,
    EncryptionMaterialsRequest,
)
from aws_encryption_sdk.materials_managers.base import CryptoMaterialsManager  # type: ignore[import-untyped]
from aws_encryption_sdk.structures import (  # type: ignore[import-untyped]
    DataKey,
    EncryptedDataKey,
    MasterKeyInfo,
)

SUITE = Algorithm.AES_256_GCM_HKDF_SHA512_COMMIT_KEY
"""Committing and unsigned: the signed suite makes a cache 10 times slower and adds a public key to the context, and a
signature proves nothing here, where every reader may also write."""

POLICY = CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT
FRAME = 64 * 1024
"""Bytes of plaintext in a frame, the unit that is authenticated before any of it is released."""

MAX_DATA_KEYS = 1
"""Encrypted data keys a message: no other key than the tenant's may open it, nor be tried."""

__all__ = [
    "FRAME",
    "MAX_DATA_KEYS",
    "POLICY",
    "SUITE",
    "AWSEncryptionSDKClientError",
    "Algorithm",
    "CryptoMaterialsManager",
    "DataKey",
    "DecryptionMaterials",
    "DecryptionMaterialsRequest",
    "EncryptedDataKey",
    "EncryptionMaterials",
    "EncryptionMaterialsRequest",
    "IKeyring",
    "KeyringDecryptionMaterials",
    "KeyringEncryptedDataKey",
    "KeyringEncryptionMaterials",
    "MasterKeyInfo",
    "OnDecryptInput",
    "OnDecryptOutput",
    "OnEncryptInput",
    "OnEncryptOutput",
    "StreamDecryptor",
    "StreamEncryptor",
]
