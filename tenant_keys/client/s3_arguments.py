"""The arguments of S3's requests that a caller may add, and which of the requests of an upload take each.

Which request takes an argument is read from botocore's own model of S3, so that one does not work for a small object,
which is one PutObject, and fail or go missing for a large one, which is a multipart upload. An argument that neither
this module nor that model knows is refused before anything is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

SMALL = "PutObject"
LARGE = ("CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "AbortMultipartUpload")

ACCESS = frozenset(
    {"ExpectedBucketOwner", "RequestPayer", "SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5"}
)
"""Who pays, whose bucket it must be, and the key of SSE-C: of every request for an object, not of the object."""

WRITING = ACCESS | {
    "ACL", "BucketKeyEnabled", "CacheControl", "ChecksumAlgorithm", "ContentDisposition", "ContentEncoding",
    "ContentLanguage", "ContentType", "Expires", "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWriteACP",
    "IfMatch", "IfNoneMatch", "Metadata", "ObjectLockEventHold", "ObjectLockEventHoldDurationDays",
    "ObjectLockEventHoldDurationYears", "ObjectLockLegalHoldStatus", "ObjectLockMode", "ObjectLockRetainUntilDate",
    "SSEKMSEncryptionContext", "SSEKMSKeyId", "ServerSideEncryption", "StorageClass", "Tagging",
    "WebsiteRedirectLocation",
}  # fmt: skip
READING = ACCESS | {
    "ChecksumMode", "IfMatch", "IfModifiedSince", "IfNoneMatch", "IfUnmodifiedSince", "ResponseCacheControl",
    "ResponseContentDisposition", "ResponseContentEncoding", "ResponseContentLanguage", "ResponseContentType",
    "ResponseExpires", "VersionId",
}  # fmt: skip

_OF_THE_BYTES = "describes the bytes sent, which are the encrypted message; use ChecksumAlgorithm"
_WHY = {
    "ContentLength": _OF_THE_BYTES,
    "ContentMD5": _OF_THE_BYTES,
    "WriteOffsetBytes": "an encrypted message cannot be appended to",
    "ChecksumType": "PutObject has no such argument, so small objects could not use it",
    "Range": "part of an encrypted object cannot be authenticated; read the whole object",
    "PartNumber": "part of an encrypted object cannot be authenticated; read the whole object",
}


def accepted(client: S3Client, operation: str, extra: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the arguments that the operation takes, by botocore's model."""
    shape = client.meta.service_model.operation_model(operation).input_shape
    return {name: value for name, value in extra.items() if shape is not None and name in shape.members}


def check_writing(client: S3Client, extra: Mapping[str, Any]) -> None:
    """Refuses, before anything is sent, an argument that not both a small and a large object can have.

    Raises:
        ValueError: with every such argument and why.
    """
    large = {name for operation in LARGE[:3] for name in accepted(client, operation, extra)}
    _refuse(set(extra) - (WRITING & large & set(accepted(client, SMALL, extra))), "put_object")


def check_reading(client: S3Client, extra: Mapping[str, Any]) -> None:
    """Refuses what reads a piece of an object, and what is not known.

    Raises:
        ValueError: with every such argument and why.
    """
    _refuse(set(extra) - (READING & set(accepted(client, "GetObject", extra))), "get_object")


def check_access(extra: Mapping[str, Any]) -> None:
    """Refuses what is not the same for every request of a job.

    Raises:
        ValueError: with every such argument.
    """
    _refuse(set(extra) - ACCESS, "a job over a bucket")


def _refuse(names: set[str], caller: str) -> None:
    if not names:
        return
    why = [f"{name}: {_reason(name, caller)}" for name in sorted(names)]
    raise ValueError("; ".join(why))


def _reason(name: str, caller: str) -> str:
    if name.startswith("Checksum") and name not in _WHY and name not in WRITING | READING:
        return _OF_THE_BYTES
    return _WHY.get(name, f"{caller} does not accept it")
