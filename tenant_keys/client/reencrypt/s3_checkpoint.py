"""A checkpoint in S3, for workers that have no disk of their own, such as Lambda functions."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from botocore.exceptions import ClientError

from tenant_keys.client.errors import ConfigurationError, ServiceUnavailable, TenantKeysError
from tenant_keys.client.reencrypt.refusal import may_pass

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

LEASE = 900.0
"""Seconds that a worker may take for a page before another owner may take over: a Lambda function's longest life."""

_LOST = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
"""Another write came first (S3 user guide, conditional writes)."""
_NONE = {"NoSuchKey", "404"}


class S3Checkpoint:
    """An object, written only over the version that was read: of two workers one is refused at its next page.

    `owner` names the worker. The same owner may come back at once, as the retry of a worker that died; another one may
    once the lease has run out, which every save renews.
    """

    def __init__(
        self,
        client: S3Client,
        *,
        bucket: str,
        key: str,
        owner: str,
        lease: float = LEASE,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._client, self._bucket, self._key = client, bucket, key
        self._owner, self._lease, self._now = owner, lease, now
        self._etag: str | None = None
        self._text: str | None = None

    @property
    def place(self) -> str:
        return f"s3://{self._bucket}/{self._key}"

    def open(self) -> str | None:
        saved, self._etag = self._read()
        holder, until = saved.get("owner"), float(saved.get("until", 0))
        if holder is not None and holder != self._owner and until > self._now():
            raise ConfigurationError(
                f"{self.place}: another job is using it: {holder}, until "
                f"{datetime.fromtimestamp(until, UTC).isoformat(timespec='seconds')} unless it goes on; wait for it"
            )
        self._text = saved.get("progress")
        self._write(self._owner)
        return self._text

    def read(self) -> str | None:
        """What was saved last, without becoming the owner."""
        progress: str | None = self._read()[0].get("progress")
        return progress

    def save(self, text: str) -> None:
        self._text = text
        self._write(self._owner)

    def close(self) -> None:
        """Gives the lease up, if it is still ours."""
        if self._etag is not None:
            self._write(None)

    def _read(self) -> tuple[dict[str, Any], str | None]:
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._key)
            saved = json.loads(answer["Body"].read())
        except ClientError as error:
            if _code(error) in _NONE:
                return {}, None
            raise self._refusal(error) from error
        except ValueError as error:
            raise ConfigurationError(f"{self.place}: is not a checkpoint: {error}; delete it to start over") from error
        if not isinstance(saved, dict) or set(saved) != {"owner", "until", "progress", "write"}:
            raise ConfigurationError(f"{self.place}: is not a checkpoint; delete it to start over")
        return saved, answer["ETag"]

    def _write(self, owner: str | None) -> None:
        # Random, since an ETag is a hash of the content: two workers' equal writes would look like one.
        write = uuid4().hex
        saved = {"owner": owner, "until": self._now() + self._lease, "progress": self._text, "write": write}
        condition: Any = {"IfMatch": self._etag} if self._etag else {"IfNoneMatch": "*"}
        try:
            answer = self._client.put_object(
                Bucket=self._bucket, Key=self._key, Body=json.dumps(saved).encode(), **condition
            )
        except ClientError as error:
            self._etag = None
            if _code(error) not in _LOST | _NONE:
                raise self._refusal(error) from error
            found, etag = self._read()
            if found.get("write") != write:  # else the first try had arrived, and only its answer was lost
                raise ConfigurationError(
                    f"{self.place}: another job has written this checkpoint since {self._owner} did; only one may go on"
                ) from error
            self._etag = etag
        else:
            self._etag = answer["ETag"]

    def _refusal(self, error: ClientError) -> TenantKeysError:
        kind = ServiceUnavailable if may_pass(error) else ConfigurationError
        return kind(f"{self.place}: S3 refuses {error.operation_name}: {_code(error)}")


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
