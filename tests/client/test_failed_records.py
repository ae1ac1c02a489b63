"""Records that a job cannot convert: which it lists and skips, and which stop it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from tenant_keys.client import (
    AccessDenied,
    ConfigurationError,
    Tenant,
    TenantKeysError,
    Throttled,
    TokenExpired,
)
from tenant_keys.client.reencrypt import (
    S3Objects,
    reencrypt,
)
from tests.client.tables import create_bucket, create_table
from tools.benchmarks.client_estate import ClientEstate

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
from tests.client.reencryption import answer, fill, items

pytestmark = pytest.mark.xdist_group("client-local-aws")


UNREADABLE: list[Exception] = [
    answer("KMS.DisabledException"), answer("KMS.NotFoundException"), answer("InvalidRequest"), answer("AccessDenied"),
    answer("InvalidObjectState", 403), answer("AccessForbidden", 403), answer("SomethingNew", 400),
    answer("InternalError", 500), answer("SlowDown", 503),
    ReadTimeoutError(endpoint_url="https://s3"), EndpointConnectionError(endpoint_url="https://s3"),
    ValueError("SECRET"),
    KeyError("SECRET"), EOFError("SECRET"), OSError("SECRET"), RuntimeError("SECRET"), AccessDenied("no"),
    Throttled("slow"),
]  # fmt: skip


@pytest.mark.parametrize("error", UNREADABLE, ids=lambda error: f"{type(error).__name__}-{error}"[:60])
def test_one_unreadable_object_is_listed_and_skipped_and_tried_again_by_the_next_run_alone(
    acme: Tenant, client: S3Client, tmp_path: Path, error: Exception
) -> None:
    bucket = create_bucket(client)
    for key in "abc":
        client.put_object(Bucket=bucket, Key=key, Body=b"data")
    unreadable, asked = ["b"], list[str]()

    def read_old(key: str, content: Any) -> Any:
        asked.append(key)
        if key in unreadable:
            raise error
        return content

    job = S3Objects(client, bucket=bucket, tenant_of=lambda _: acme, read_old=read_old, page=2)
    progress = reencrypt(job, checkpoint=tmp_path / "job")
    assert (progress.counts["converted"], progress.counts["failed"], progress.done, progress.exit_code) == (
        2,
        1,
        True,
        2,
    )
    ((record, why),) = progress.failures
    assert record == f"s3://{bucket}/b"
    assert type(error).__name__ in why or why.startswith("NotConverted: S3 refuses")
    assert "SECRET" not in (tmp_path / "job").read_text()
    assert reencrypt(job, checkpoint=tmp_path / "job").exit_code == 2, (
        "still unreadable: not endless, and not forgotten"
    )
    unreadable.clear()
    asked.clear()
    assert reencrypt(job, checkpoint=tmp_path / "job").exit_code == 0
    assert asked == ["b"]


def test_an_object_that_breaks_off_while_it_is_read_is_listed_and_left_as_it_was(
    acme: Tenant, client: S3Client, tmp_path: Path
) -> None:
    bucket = create_bucket(client)
    for key in "ab":
        client.put_object(Bucket=bucket, Key=key, Body=bytes(9_000_000))

    class Breaks(io.RawIOBase):
        def __init__(self, content: Any) -> None:
            self._content, self._left = content, 3

        def read(self, size: int = -1) -> bytes:
            self._left -= 1
            if not self._left:
                raise ReadTimeoutError(endpoint_url="https://s3")
            data: bytes = self._content.read(size)
            return data

    job = S3Objects(
        client, bucket=bucket, tenant_of=lambda _: acme,
        read_old=lambda key, content: Breaks(content) if key == "a" else content,  # type: ignore[return-value]
    )  # fmt: skip
    progress = reencrypt(job, checkpoint=tmp_path / "job")
    assert (progress.counts["converted"], progress.counts["failed"]) == (1, 1)
    assert client.get_object(Bucket=bucket, Key="a")["Body"].read() == bytes(9_000_000)
    assert not client.list_multipart_uploads(Bucket=bucket).get("Uploads")


@pytest.mark.parametrize(
    "error",
    [answer("ExpiredToken"), answer("NoSuchBucket", 404), answer("ResourceNotFoundException"), ConfigurationError("no"),
     TokenExpired("old")],
    ids=str,
)  # fmt: skip
def test_what_no_other_record_could_survive_stops_the_job_at_once(
    client_estate: ClientEstate, acme: Tenant, tmp_path: Path, error: Exception
) -> None:
    table, asked = create_table(client_estate), list[str]()
    fill(table, 5)

    def tenant_of(item: Any) -> Tenant:
        asked.append(item["pk"])
        if len(asked) == 4:
            raise error
        return acme

    with pytest.raises(type(error)):
        reencrypt(items(table, acme, tenant_of=tenant_of), checkpoint=tmp_path / "job")
    assert len(asked) == 4
    rest = reencrypt(items(table, acme), checkpoint=tmp_path / "job")
    assert (rest.counts["converted"], rest.exit_code) == (5, 0)


def test_aws_that_stays_down_stops_the_job_after_ten_records_in_a_row(
    client_estate: ClientEstate, acme: Tenant, tmp_path: Path
) -> None:
    table, asked = create_table(client_estate), list[str]()
    fill(table, 15)

    def down(item: Any) -> Tenant:
        asked.append(item["pk"])
        raise Throttled("slow down")

    with pytest.raises(Throttled):
        reencrypt(items(table, acme, tenant_of=down, page=100), checkpoint=tmp_path / "job")
    assert len(asked) == 10
    assert reencrypt(items(table, acme), checkpoint=tmp_path / "job").counts["converted"] == 15


def test_a_job_stops_when_more_records_fail_than_it_may_list(
    client_estate: ClientEstate, acme: Tenant, tmp_path: Path
) -> None:
    table = create_table(client_estate)
    fill(table, 6)

    def broken(_: Any) -> Tenant:
        raise KeyError("tenant")

    job = items(table, acme, tenant_of=broken)
    with pytest.raises(TenantKeysError, match="5 records failed, the last with KeyError; the cause is likely not"):
        reencrypt(job, checkpoint=tmp_path / "job", max_failures=4)
    assert len(json.loads((tmp_path / "job").read_text())["failures"]) == 3, "the pages before"
    progress = reencrypt(job, checkpoint=tmp_path / "job", max_failures=6)
    assert (progress.counts["failed"], len(progress.failures), progress.exit_code) == (6, 6, 2)


def test_a_message_of_another_client_is_not_buried_under_ours(
    client_estate: ClientEstate, acme: Tenant, client: S3Client, tmp_path: Path
) -> None:
    """Version 2 with the signed suite, and version 1: read_old may undo them, nothing else may overwrite them."""
    table, bucket = create_table(client_estate), create_bucket(client)
    foreign = [bytes([2, 0x05, 0x78]) + bytes(40), bytes([1, 0x80, 0x03, 0x78]) + bytes(40)]
    for number, blob in enumerate(foreign):
        table.put_item(Item={"pk": str(number), "card": blob})
        client.put_object(Bucket=bucket, Key=str(number), Body=blob)
    for job in (items(table, acme), S3Objects(client, bucket=bucket, tenant_of=lambda _: acme)):
        progress = reencrypt(job, checkpoint=tmp_path / str(type(job)))
        assert (progress.counts["failed"], progress.counts["converted"]) == (2, 0)
        assert "give read_old" in progress.failures[0][1]
    read_old: Any = lambda _, value: value  # noqa: E731
    assert reencrypt(items(table, acme, read_old=read_old), checkpoint=tmp_path / "x").counts["converted"] == 2


def test_a_record_that_failed_and_is_gone_by_the_next_run_is_no_failure_any_more(
    client_estate: ClientEstate, acme: Tenant, tmp_path: Path
) -> None:
    table = create_table(client_estate)
    fill(table, 2)

    def tenant_of(item: Any) -> Tenant:
        if item["pk"] == "0":
            raise KeyError
        return acme

    job = items(table, acme, tenant_of=tenant_of)
    assert reencrypt(job, checkpoint=tmp_path / "job").exit_code == 2
    table.delete_item(Key={"pk": "0"})
    progress = reencrypt(job, checkpoint=tmp_path / "job")
    assert (progress.counts["converted"], progress.counts["nothing to convert"], progress.exit_code) == (1, 1, 0)
