"""The objects of a bucket, or of a prefix in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from urllib.parse import urlencode

from botocore.exceptions import ClientError

from tenant_keys.client.errors import NotConverted
from tenant_keys.client.reencrypt.job import Outcome
from tenant_keys.client.reencrypt.looks import START, looks_encrypted
from tenant_keys.client.s3 import get_object, upload
from tenant_keys.client.stream import Prefixed

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from tenant_keys.client.tenant import Tenant

ATTEMPTS = 5
"""Times that an object is read again because somebody else wrote it meanwhile."""

_KEPT = ("CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentType", "Expires",
         "Metadata", "StorageClass", "WebsiteRedirectLocation", "ServerSideEncryption", "SSEKMSKeyId",
         "BucketKeyEnabled")  # fmt: skip
_GONE = {"NoSuchKey", "404"}
_OF_THE_OBJECT = {"InvalidObjectState", "AccessDenied", "403", "EntityTooLarge"}
"""Archived, locked away from this role, or too large (S3 API reference, error codes)."""
_CHANGED = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}


class S3Objects:
    """`tenant_of` names the handle of a key's tenant; `read_old` undoes an older encryption, given key and content.

    Properties, metadata, storage class, S3's own encryption and tags are kept; ACLs and object locks are not. In a
    versioned bucket the old versions stay as they were, in the clear. A job that is killed may leave an unfinished
    multipart upload behind: let a lifecycle rule abort those.
    """

    def __init__(
        self,
        client: S3Client,
        *,
        bucket: str,
        prefix: str = "",
        tenant_of: Callable[[str], Tenant],
        read_old: Callable[[str, BinaryIO], BinaryIO] = lambda _, content: content,
        page: int = 100,
    ) -> None:
        self._client, self._bucket, self._prefix = client, bucket, prefix
        self._tenant_of, self._read_old, self._page = tenant_of, read_old, page

    @property
    def identity(self) -> str:
        return f"s3://{self._bucket}/{self._prefix}"

    def label(self, record: str) -> str:
        return f"s3://{self._bucket}/{record}"

    def pages(self, after: str | None) -> Iterator[tuple[list[str], str]]:
        cursor = after or ""
        while True:
            answer = self._client.list_objects_v2(
                Bucket=self._bucket, Prefix=self._prefix, StartAfter=cursor, MaxKeys=self._page
            )
            keys = [item["Key"] for item in answer.get("Contents", [])]
            if not keys:
                return
            cursor = keys[-1]
            yield keys, cursor

    def convert(self, record: str, *, dry_run: bool) -> Outcome:
        """Writes only over the very object that was read, by its ETag, else reads again."""
        tenant = self._tenant_of(record)
        for _ in range(ATTEMPTS):
            try:
                return self._convert(tenant, record, dry_run=dry_run)
            except ClientError as error:
                code = error.response.get("Error", {}).get("Code")
                if code in _GONE:
                    return Outcome.NOTHING
                if code in _OF_THE_OBJECT:
                    raise NotConverted(f"S3 refuses {error.operation_name}: {code}") from error
                if code not in _CHANGED:
                    raise
        raise NotConverted(f"written by others {ATTEMPTS} times in a row")

    def _convert(self, tenant: Tenant, key: str, *, dry_run: bool) -> Outcome:
        old = self._client.get_object(Bucket=self._bucket, Key=key)
        with old["Body"] as body:
            start = body.read(len(START))
            if looks_encrypted(start):
                with get_object(tenant, self._client, bucket=self._bucket, key=key):
                    return Outcome.ALREADY  # its first frame has opened under the object's own name
            if not dry_run:
                content = cast("BinaryIO", Prefixed(start, cast("BinaryIO", body)))
                upload(
                    tenant,
                    self._client,
                    bucket=self._bucket,
                    key=key,
                    source=self._read_old(key, content),
                    about=int(old["ContentLength"]),
                    extra={"IfMatch": old["ETag"], **self._properties(key, cast("dict[str, Any]", old))},
                )
            return Outcome.CONVERTED

    def _properties(self, key: str, old: dict[str, Any]) -> dict[str, Any]:
        kept = {name: old[name] for name in _KEPT if old.get(name)}
        tags = self._client.get_object_tagging(Bucket=self._bucket, Key=key)["TagSet"]
        if tags:
            kept["Tagging"] = urlencode({tag["Key"]: tag["Value"] for tag in tags})
        return kept
