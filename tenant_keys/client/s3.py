"""S3 objects of any size under a tenant's key, encrypted before they leave the process.

    s3.put_object(tenant, client, bucket="data", key="reports/1.pdf", body=file)
    with s3.get_object(tenant, client, bucket="data", key="reports/1.pdf") as reader: ...

Bound to bucket and key: an object that was copied or swapped does not open. A bucket that is reached through an access
point, or that is a copy, needs a declared `Place`. Not bound to a version: an older version of the same object does
open, so keep `s3:DeleteObjectVersion` and unversioned overwrites from whom you do not trust.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from tenant_keys.client.place import Place, bucket_names
from tenant_keys.client.s3_arguments import SMALL, accepted, check_reading, check_writing
from tenant_keys.client.s3_parts import MAX_PARTS, PART, upload_parts
from tenant_keys.client.stream import Exactly

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from tenant_keys.client.stream import UnsealingReader
    from tenant_keys.client.tenant import Tenant

MEBIBYTE = 1024 * 1024
ROOM = 1.01
"""The message is longer than the data: 32 bytes a frame of 64 KiB, and the header."""


def object_name(bucket: str, key: str) -> str:
    """The record name of an object. A bucket's name has no slash, so no two objects share one."""
    return f"s3://{bucket}/{key}"


def object_names(bucket: str, key: str, place: Place | None, *, writing: bool) -> tuple[str, ...]:
    """All names that the object may have, the one to write it under first."""
    return tuple(object_name(name, key) for name in bucket_names(bucket, place, writing=writing))


def put_object(
    tenant: Tenant,
    client: S3Client,
    *,
    bucket: str,
    key: str,
    body: bytes | bytearray | memoryview | BinaryIO,
    size: int | None = None,
    place: Place | None = None,
    **extra: Any,
) -> None:
    """Uploads while it encrypts. `extra`, such as `Metadata` or `IfNoneMatch`, goes to every request that takes it.

    `place`: what the object is bound to, where the bucket is an access point or has another name than its objects.

    `size`: the body's length in bytes, where it cannot seek. Exactly so many are read; fewer raise `EOFError` and leave
    no object, so that a request whose sender hung up does not become a shorter one. Without it the body is read to its
    end, which must come before 80 GB: S3 takes 10,000 parts.

    Raises:
        ValueError: an argument that an object of some size could not have, before anything is sent; a bucket that the
            place does not declare.
    """
    check_writing(client, extra)
    name = object_names(bucket, key, place, writing=True)[0]
    source = io.BytesIO(body) if isinstance(body, (bytes, bytearray, memoryview)) else body
    size = _size_of(source) if size is None else size
    whole = source if size is None else cast("BinaryIO", Exactly(source, size))
    upload(tenant, client, bucket=bucket, key=key, name=name, source=whole, about=size, extra=extra)


def upload(
    tenant: Tenant,
    client: S3Client,
    *,
    bucket: str,
    key: str,
    name: str,
    source: BinaryIO,
    about: int | None,
    extra: Mapping[str, Any],
    before: Callable[[bytes], None] = lambda _: None,
) -> None:
    """Reads the source to its end; `about` how many bytes that is decides how big the parts are.

    `before` gets the beginning of the message before anything is sent.
    """
    part = _part_size(about)
    message = tenant.encrypting(source, name=name)
    first = message.read(part)
    before(first)
    if len(first) < part:
        client.put_object(Bucket=bucket, Key=key, Body=first, **accepted(client, SMALL, extra))
    else:
        upload_parts(client, message, first, part=part, bucket=bucket, key=key, extra=extra)


def get_object(
    tenant: Tenant, client: S3Client, *, bucket: str, key: str, place: Place | None = None, **extra: Any
) -> UnsealingReader:
    """A file of the plaintext, to be read to its end: a truncated object is known by then, and not before.

    `extra` goes to S3, such as `VersionId`.

    Raises:
        ValueError: `Range`, `PartNumber`, or an argument that is not known; a bucket that the place does not declare.
    """
    check_reading(client, extra)
    names = object_names(bucket, key, place, writing=False)
    body = client.get_object(Bucket=bucket, Key=key, **extra)["Body"]
    try:
        return tenant.decrypting(body, name=names)  # type: ignore[arg-type]  # it reads
    except BaseException:
        body.close()
        raise


def download(
    tenant: Tenant, client: S3Client, *, bucket: str, key: str, to: BinaryIO, place: Place | None = None, **extra: Any
) -> int:
    """Writes the plaintext to a file that can seek, and cuts it off where it began if the object is refused.

    Returns the bytes written. Anyone who reads the file before this returns sees what may yet be refused.
    """
    start = to.tell()
    written = 0
    try:
        with get_object(tenant, client, bucket=bucket, key=key, place=place, **extra) as reader:
            for chunk in reader:
                written += to.write(chunk)
    except BaseException:
        to.seek(start)
        to.truncate()
        raise
    return written


def _size_of(source: BinaryIO) -> int | None:
    # What a WSGI server hands on has read() and no more (PEP 3333).
    if not hasattr(source, "seekable") or not source.seekable():
        return None
    here = source.tell()
    end = source.seek(0, io.SEEK_END)
    source.seek(here)
    return end - here


def _part_size(size: int | None) -> int:
    """Bytes, rounded up to whole mebibytes, so that the parts suffice."""
    needed = int((size or 0) * ROOM) // MAX_PARTS + 1
    return max(PART, -(-needed // MEBIBYTE) * MEBIBYTE)
