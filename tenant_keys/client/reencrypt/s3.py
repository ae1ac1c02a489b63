"""The objects of a bucket, or of a prefix in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from urllib.parse import urlencode

from botocore.exceptions import ClientError

from tenant_keys.client.errors import ConfigurationError, NotConverted
from tenant_keys.client.place import Place
from tenant_keys.client.reencrypt.header import START, data_key_of, looks_encrypted, looks_foreign
from tenant_keys.client.reencrypt.work import Outcome, StaleDataKey, Task, Work
from tenant_keys.client.s3 import object_names, upload
from tenant_keys.client.s3_arguments import accepted, check_access
from tenant_keys.client.stream import Prefixed, UnsealingReader

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from tenant_keys.client.tenant import Tenant

Version = tuple[str, str | None]
"""A key, and in a census the version's id."""

ATTEMPTS = 5
"""Times that an object is read again because another writer changed it meanwhile."""

_KEPT = ("CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentType", "Expires",
         "Metadata", "StorageClass", "WebsiteRedirectLocation", "ServerSideEncryption", "SSEKMSKeyId",
         "BucketKeyEnabled")  # fmt: skip
_GONE = {"NoSuchKey", "NoSuchVersion", "404"}
_OF_THE_OBJECT = {"InvalidObjectState", "AccessDenied", "403", "EntityTooLarge"}
"""Archived, locked away from this role, or too large (S3 API reference, error codes)."""
_CHANGED = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}


class S3Objects:
    """`tenant_of` names the handle of a key's tenant; `read_old` undoes an older encryption, given key and content.

    Properties, metadata, storage class, S3's own encryption and tags are kept; ACLs and object locks are not. In a
    versioned bucket the old versions stay as they were; only a census reads them. A job that is killed may leave an
    unfinished multipart upload behind: let a lifecycle rule abort those. `access` goes to every request that takes it:
    `ExpectedBucketOwner`, `RequestPayer`, the key of SSE-C.
    """

    def __init__(
        self,
        client: S3Client,
        *,
        bucket: str,
        prefix: str = "",
        place: Place | None = None,
        tenant_of: Callable[[str], Tenant],
        read_old: Callable[[str, BinaryIO], BinaryIO] | None = None,
        access: Mapping[str, Any] | None = None,
        page: int = 100,
    ) -> None:
        self._client, self._bucket, self._prefix, self._place = client, bucket, prefix, place
        self._tenant_of, self._read_old, self._page = tenant_of, read_old, page
        self._access = dict(access or {})
        check_access(self._access)
        self._names = object_names(bucket, "", place, writing=True)

    def identity(self) -> dict[str, Any]:
        """The bucket's owner and creation date; of a bucket that is not this account's, `ExpectedBucketOwner`.

        Raises:
            ConfigurationError: a bucket that is not in this account, without `ExpectedBucketOwner`.
        """
        head = self._client.head_bucket(Bucket=self._bucket, **self._for("HeadBucket"))
        owner, made = self._made() or (self._access.get("ExpectedBucketOwner"), None)
        if owner is None:
            raise ConfigurationError(
                f"bucket {self._bucket}: this account does not list it, so a checkpoint cannot be bound to it; give "
                "access={'ExpectedBucketOwner': the owner's account}"
            )
        return {
            "bucket": self._bucket,
            "region": head.get("BucketRegion") or self._client.meta.region_name,
            "owner": owner,
            "made": made,
            "prefix": self._prefix,
            "names": list(self._names),
        }

    def _made(self) -> tuple[str, str] | None:
        """The owner's id and the creation date, where this account owns the bucket and may list its buckets."""
        try:
            for page in self._client.get_paginator("list_buckets").paginate(Prefix=self._bucket):
                for bucket in page.get("Buckets", []):
                    if bucket["Name"] == self._bucket:
                        return page["Owner"]["ID"], bucket["CreationDate"].isoformat()
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in {"AccessDenied", "403"}:
                raise
        return None

    def must_be_seen(self) -> frozenset[str]:
        return frozenset()

    def label(self, record: Version) -> str:
        key, version = record
        return f"s3://{self._bucket}/{key}" if version is None else json.dumps([key, version], ensure_ascii=False)

    def labelled(self, label: str) -> Version | None:
        if label.startswith("["):
            key, version = json.loads(label)
            return key, version
        return label.removeprefix(f"s3://{self._bucket}/"), None

    def pages(self, after: str | None, work: Work) -> Iterator[tuple[list[Version], str | None]]:
        return self._versions(after) if work is Work.CENSUS else self._objects(after)

    def _objects(self, after: str | None) -> Iterator[tuple[list[Version], str | None]]:
        cursor = after or ""
        while True:
            answer = self._client.list_objects_v2(
                Bucket=self._bucket, Prefix=self._prefix, StartAfter=cursor, MaxKeys=self._page,
                **self._for("ListObjectsV2"),
            )  # fmt: skip
            keys = [item["Key"] for item in answer.get("Contents", [])]
            more = bool(keys and answer.get("IsTruncated"))
            cursor = keys[-1] if more else ""
            yield [(key, None) for key in keys], cursor or None
            if not more:
                return

    def _versions(self, after: str | None) -> Iterator[tuple[list[Version], str | None]]:
        """Every version: an old one opens with its data key for as long as it is kept."""
        start: dict[str, Any] = json.loads(after) if after else {}
        while True:
            answer = self._client.list_object_versions(
                Bucket=self._bucket, Prefix=self._prefix, MaxKeys=self._page, **self._for("ListObjectVersions"), **start
            )
            more = answer.get("IsTruncated")
            start = {"KeyMarker": answer.get("NextKeyMarker"), "VersionIdMarker": answer.get("NextVersionIdMarker")}
            start = {name: value for name, value in start.items() if value}
            found: list[Version] = [(item["Key"], item["VersionId"]) for item in answer.get("Versions", [])]
            yield found, json.dumps(start) if more else None
            if not more:
                return

    def convert(self, record: Version, task: Task) -> Outcome:
        """Writes only over the very object that was read, by its ETag, else reads again."""
        tenant = self._tenant_of(record[0])
        task.prepare(tenant)
        for _ in range(ATTEMPTS):
            try:
                return self._convert(tenant, record, task)
            except StaleDataKey:
                tenant = self._tenant_of(record[0])
                task.prepare(tenant, anew=True)
            except ClientError as error:
                code = error.response.get("Error", {}).get("Code")
                if code in _GONE:
                    return Outcome.NOTHING
                if code in _OF_THE_OBJECT:
                    raise NotConverted(f"S3 refuses {error.operation_name}: {code}") from error
                if code not in _CHANGED:
                    raise
        raise NotConverted(f"written by others {ATTEMPTS} times in a row")

    def _convert(self, tenant: Tenant, record: Version, task: Task) -> Outcome:
        key, version = record
        which: dict[str, Any] = {} if version is None else {"VersionId": version}
        old = self._client.get_object(Bucket=self._bucket, Key=key, **which, **self._for("GetObject"))
        with old["Body"] as body:
            start = body.read(len(START))
            content = cast("BinaryIO", Prefixed(start, cast("BinaryIO", body)))
            names = object_names(self._bucket, key, self._place, writing=True)
            reader: UnsealingReader | None = None
            if looks_encrypted(start):
                # Its first frame opens here, under one of the object's own names.
                reader = tenant.decrypting(content, name=names)
                if not task.needs(tenant, reader.data_key, current_name=reader.record == names[0]):
                    return Outcome.ALREADY
            elif looks_foreign(start) and self._read_old is None:
                raise NotConverted("a message of the Encryption SDK that this client did not write; give read_old")
            elif not task.needs_clear("the object"):
                return Outcome.NOTHING
            elif self._read_old is not None:
                content = self._read_old(key, content)
            if not task.dry_run:
                upload(
                    tenant,
                    self._client,
                    bucket=self._bucket,
                    key=key,
                    name=names[0],
                    source=cast("BinaryIO", reader or content),
                    about=int(old["ContentLength"]),
                    extra={"IfMatch": old["ETag"], **self._properties(key, cast("dict[str, Any]", old))},
                    before=lambda message: task.about_to_write(
                        [data_key_of(message)], [reader.data_key] if reader else []
                    ),
                )
            return Outcome.CONVERTED

    def _properties(self, key: str, old: dict[str, Any]) -> dict[str, Any]:
        kept = {name: old[name] for name in _KEPT if old.get(name)}
        answer = self._client.get_object_tagging(Bucket=self._bucket, Key=key, **self._for("GetObjectTagging"))
        if tags := answer["TagSet"]:
            kept["Tagging"] = urlencode({tag["Key"]: tag["Value"] for tag in tags})
        return kept | self._access

    def _for(self, operation: str) -> dict[str, Any]:
        return accepted(self._client, operation, self._access)
