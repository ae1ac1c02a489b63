"""What S3's own encryption asks of KMS, and why a tenant's key refuses it.

With SSE-KMS, S3 calls KMS in the caller's name: GenerateDataKey with the key id from the request's header, Decrypt with
none at all, both with the context `aws:s3:arn` alone (S3 user guide, UsingKMSEncryption; CloudTrail samples). These are
the same two requests.
"""

from typing import Any


def as_s3_writes(kms: Any, key_arn: str, object_arn: str) -> Any:
    return kms.generate_data_key(KeyId=key_arn, NumberOfBytes=32, EncryptionContext={"aws:s3:arn": object_arn})


def as_s3_reads(kms: Any, blob: bytes, object_arn: str) -> Any:
    return kms.decrypt(CiphertextBlob=blob, EncryptionContext={"aws:s3:arn": object_arn})
