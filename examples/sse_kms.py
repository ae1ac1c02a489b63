"""The two requests that S3 sends to KMS with SSE-KMS. A tenant's key denies both, because they do not name its alias.

S3 calls KMS on behalf of the caller: GenerateDataKey with the key id from the request's header, and Decrypt without a
key id. The context is `aws:s3:arn` and the pairs of the header `x-amz-server-side-encryption-context` (S3 user guide,
UsingKMSEncryption; S3 API, PutObject; CloudTrail samples). docs/runtime.md describes the case of `decrypt_by: key`.
"""

from typing import Any


def as_s3_writes(kms: Any, key_arn: str, object_arn: str, **header: str) -> Any:
    context = {**header, "aws:s3:arn": object_arn}
    return kms.generate_data_key(KeyId=key_arn, NumberOfBytes=32, EncryptionContext=context)


def as_s3_reads(kms: Any, blob: bytes, object_arn: str, **header: str) -> Any:
    return kms.decrypt(CiphertextBlob=blob, EncryptionContext={**header, "aws:s3:arn": object_arn})
