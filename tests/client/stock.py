"""The Encryption SDK as it comes, without anything of ours."""

from __future__ import annotations

import boto3
from aws_cryptographic_material_providers.mpl import AwsCryptographicMaterialProviders  # type: ignore[import-untyped]
from aws_cryptographic_material_providers.mpl.config import MaterialProvidersConfig  # type: ignore[import-untyped]
from aws_cryptographic_material_providers.mpl.models import CreateAwsKmsKeyringInput  # type: ignore[import-untyped]


def stock_keyring(session: boto3.Session, key_id: str) -> object:
    providers = AwsCryptographicMaterialProviders(config=MaterialProvidersConfig())
    return providers.create_aws_kms_keyring(
        input=CreateAwsKmsKeyringInput(kms_key_id=key_id, kms_client=session.client("kms"))
    )
