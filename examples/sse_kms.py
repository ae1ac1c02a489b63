"""What S3's own encryption asks of KMS, and why a tenant's key refuses it.

With SSE-KMS, S3 calls KMS in the caller's name: GenerateDataKey with the key id from the request's header, Decrypt with
none at all, both with the context `aws:s3:arn` and whatever pairs the writer sent in the header
`x-amz-server-side-encryption-context`, which S3 stores and sends again (S3 user guide, UsingKMSEncryption; S3 API,
PutObject; CloudTrail samples). These are the same two requests. A writer may therefore give the context any
`tenant_id`: only the alias condition refuses, and `decrypt_by: key` lifts that from Decrypt.
"""

from typing import Any


def as_s3_writes(kms: Any, key_arn: str, object_arn: str, **header: str) -> Any:
    context = {**header, "aws:s3:arn": object_arn}
    return kms.generate_data_key(KeyId=key_arn, NumberOfBytes=32, EncryptionContext=context)


def as_s3_reads(kms: Any, blob: bytes, object_arn: str, **header: str) -> Any:
    return kms.decrypt(CiphertextBlob=blob, EncryptionContext={**header, "aws:s3:arn": object_arn})
