"""A multipart upload of a stream of unknown length; nothing of it stays if it fails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from botocore.exceptions import BotoCoreError, ClientError

from tenant_keys.client.s3_arguments import LARGE, accepted

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import CompletedPartTypeDef

    from tenant_keys.client.stream import SealingReader

PART = 8 * 1024 * 1024
"""Bytes of an uploaded part, the memory that an upload takes. S3 wants 5 MiB at least, the last part apart."""
MAX_PARTS = 10_000
"""Of one upload (S3 user guide, qfacts)."""


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
    """Part after part, `first` being read already. Not `upload_fileobj`, which takes no conditions.

    Each request gets those arguments of `extra` that it takes. Where a checksum algorithm is asked for, the parts'
    checksums are named at the end (S3 user guide, checking object integrity: composite checksums).
    """
    create, send, complete, abort = (accepted(client, operation, extra) for operation in LARGE)
    checksum = f"Checksum{extra.get('ChecksumAlgorithm')}"
    upload = client.create_multipart_upload(Bucket=bucket, Key=key, **create)["UploadId"]
    of: dict[str, Any] = {"Bucket": bucket, "Key": key, "UploadId": upload}
    try:
        done: list[CompletedPartTypeDef] = []
        for number, content in enumerate(chain([first], _rest(message, part)), start=1):
            answer = client.upload_part(PartNumber=number, Body=content, **of, **send)
            proof = {checksum: answer[checksum]} if checksum in answer else {}  # type: ignore[literal-required]
            done.append(cast("CompletedPartTypeDef", {"PartNumber": number, "ETag": answer["ETag"], **proof}))
        client.complete_multipart_upload(MultipartUpload={"Parts": done}, **of, **complete)
    except BaseException as error:
        try:
            client.abort_multipart_upload(**of, **abort)
        except (BotoCoreError, ClientError) as also:
            error.add_note(f"the unfinished upload {upload} could not be aborted: {also}")
        raise


def _rest(message: SealingReader | BinaryIO, part: int) -> Iterator[bytes]:
    while content := message.read(part):
        yield content
