"""A multipart upload of a stream whose length nobody knows; nothing of it stays if it fails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import CompletedPartTypeDef

    from tenant_keys.client.stream import SealingReader

PART = 8 * 1024 * 1024
"""Bytes of an uploaded part, the memory that an upload takes. S3 wants 5 MiB at least, the last part apart."""
MAX_PARTS = 10_000
"""Of one upload (S3 user guide, qfacts)."""

_AT_THE_END = ("IfMatch", "IfNoneMatch")
"""Conditions belong to the request that makes the object appear (S3 API reference, CompleteMultipartUpload)."""


def upload_parts(
    client: S3Client,
    message: SealingReader | BinaryIO,
    first: bytes,
    *,
    part: int,
    bucket: str,
    key: str,
    extra: Mapping[str, Any],
) -> None:
    """Part after part, `first` being read already. Not `upload_fileobj`, which takes no conditions."""
    conditions = {name: value for name, value in extra.items() if name in _AT_THE_END}
    properties = {name: value for name, value in extra.items() if name not in _AT_THE_END}
    upload = client.create_multipart_upload(Bucket=bucket, Key=key, **properties)["UploadId"]
    try:
        done: list[CompletedPartTypeDef] = []
        for number, content in enumerate(chain([first], _rest(message, part)), start=1):
            answer = client.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=number, Body=content)
            done.append({"PartNumber": number, "ETag": answer["ETag"]})
        client.complete_multipart_upload(
            Bucket=bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": done}, **conditions
        )
    except BaseException:
        client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload)
        raise


def _rest(message: SealingReader | BinaryIO, part: int) -> Iterator[bytes]:
    while content := message.read(part):
        yield content
