"""The requests that S3's own encryption sends to KMS, and why a tenant's key denies them.

With SSE-KMS, S3 calls KMS on behalf of the caller: GenerateDataKey with the key id from the request's header, Decrypt
without a key id. Both have the context `aws:s3:arn` and the pairs that the writer sent in the header
`x-amz-server-side-encryption-context`, which S3 stores and sends again (S3 user guide, UsingKMSEncryption; S3 API,
PutObject; CloudTrail samples). The functions below send the same two requests. A writer may therefore put any
`tenant_id` into the context. Only the alias condition denies the request, and `decrypt_by: key` removes this condition
from Decrypt.
"""

from typing import Any


def as_s3_writes(kms: Any, key_arn: str, object_arn: str, **header: str) -> Any:
    context = {**header, "aws:s3:arn": object_arn}
    return kms.generate_data_key(KeyId=key_arn, NumberOfBytes=32, EncryptionContext=context)


def as_s3_reads(kms: Any, blob: bytes, object_arn: str, **header: str) -> Any:
    return kms.decrypt(CiphertextBlob=blob, EncryptionContext={**header, "aws:s3:arn": object_arn})
