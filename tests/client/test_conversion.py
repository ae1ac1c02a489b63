"""Jobs that move existing records of a table or bucket under the tenants' keys."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from tenant_keys.client import (
    ConfigurationError,
    Tenant,
    TenantKeys,
    TenantKeysError,
    s3,
)
from tenant_keys.client.dynamodb import decrypt_item
from tenant_keys.client.reencrypt import DynamoItems, Progress, S3Objects, reencrypt
from tools.benchmarks.client_estate import ORDERS, ClientEstate

if TYPE_CHECKING:
    from types_boto3_dynamodb.service_resource import Table
    from types_boto3_s3 import S3Client

pytestmark = pytest.mark.xdist_group("client-local-aws")


@pytest.fixture
def table(client_estate: ClientEstate) -> Iterator[Table]:
    made = (
        client_estate.aws.session(ORDERS)
        .resource("dynamodb")
        .create_table(
            TableName=f"orders-{uuid4().hex[:8]}",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    )
    yield made
    made.delete()


def items_job(table: Table, keys: TenantKeys, **options: Any) -> DynamoItems:
    return DynamoItems(
        table,
        key=("pk",),
        attributes=("card",),
        tenant_of=lambda item: keys.tenant_without_token(item["tenant"]),
        page=10,
        **options,
    )


def fill(table: Table, count: int = 35) -> None:
    for number in range(count):
        tenant = ("acme", "globex")[number % 2]
        table.put_item(Item={"pk": f"{number}", "tenant": tenant, "card": {"number": str(number)}, "open": "x"})


def check(table: Table, keys: TenantKeys, count: int = 35) -> None:
    items = table.scan()["Items"]
    assert len(items) == count
    for item in items:
        tenant = keys.tenant_without_token(str(item["tenant"]))
        opened = decrypt_item(tenant, item, table=table.name, key=("pk",), attributes=("card",))
        assert opened["card"] == {"number": item["pk"]}


def test_a_dry_run_counts_and_writes_nothing(table: Table, keys: TenantKeys, tmp_path: Path) -> None:
    fill(table)
    before = table.scan()["Items"]
    progress = reencrypt(items_job(table, keys), checkpoint=tmp_path / "job", dry_run=True)
    assert progress.counts["converted"] == 35
    assert table.scan()["Items"] == before
    assert not list(tmp_path.iterdir())


def test_a_table_is_converted_once_and_only_once(table: Table, keys: TenantKeys, tmp_path: Path) -> None:
    fill(table)
    seen: list[int] = []

    def note(progress: Progress) -> None:
        seen.append(progress.counts["converted"])

    assert reencrypt(items_job(table, keys), checkpoint=tmp_path / "a", on_progress=note).counts["converted"] == 35
    assert seen == sorted(seen)
    assert len(seen) >= 4
    check(table, keys)
    again = reencrypt(items_job(table, keys), checkpoint=tmp_path / "b")
    assert again.counts == {"converted": 0, "already": 35, "nothing to convert": 0, "failed": 0}


KILLED_IN_S3 = """
import os, sys
from pathlib import Path
import boto3
from tenant_keys.client import TenantKeys
from tenant_keys.client.reencrypt import S3Objects, reencrypt
keys = TenantKeys.from_environment()
client = boto3.Session("222222222222", sys.argv[3], region_name="eu-west-1").client("s3")
seen = []
def read_old(key, content):
    seen.append(key)
    if len(seen) == 8:
        os.kill(os.getpid(), 9)
    return content
job = S3Objects(client, bucket=sys.argv[1], tenant_of=lambda _: keys.tenant_without_token("acme"), read_old=read_old,
                page=5)
reencrypt(job, checkpoint=Path(sys.argv[2]))
"""


def test_a_job_over_a_bucket_that_was_killed_goes_on_where_it_was(
    client_estate: ClientEstate, acme: Tenant, client: S3Client, bucket: str, tmp_path: Path
) -> None:
    for number in range(12):
        client.put_object(Bucket=bucket, Key=f"{number:02}", Body=b"data" * number)
    role = client_estate.runs_as("orders").get_credentials()
    assert role is not None
    given = {"AccessKeyId": role.access_key, "SecretAccessKey": role.secret_key, "SessionToken": role.token}
    environment = os.environ | client_estate.aws.environment(credentials=given) | {"TENANT_KEYS_WORKLOAD": "orders"}
    secret = client_estate.aws.environment(ORDERS)["AWS_SECRET_ACCESS_KEY"]
    ended = subprocess.run(
        [sys.executable, "-c", KILLED_IN_S3, bucket, str(tmp_path / "job"), secret],
        env=environment | {"PYTHONPATH": os.pathsep.join(part for part in sys.path if part)},
        capture_output=True,
        check=False,
    )
    assert ended.returncode == -9, ended.stderr.decode()[-2000:]
    assert json.loads((tmp_path / "job").read_text())["cursor"] == "04"
    job = S3Objects(client, bucket=bucket, tenant_of=lambda _: acme, page=5)
    rest = reencrypt(job, checkpoint=tmp_path / "job")
    assert (rest.counts["converted"], rest.counts["already"], rest.counts["failed"]) == (10, 2, 0)
    for number in range(12):
        with s3.get_object(acme, client, bucket=bucket, key=f"{number:02}") as reader:
            assert reader.read() == b"data" * number


def test_a_job_that_ended_with_failures_tries_those_records_again_and_no_others(
    table: Table, keys: TenantKeys, tmp_path: Path
) -> None:
    fill(table, 3)
    table.put_item(Item={"pk": "9", "tenant": "wrong--id", "card": "x"})
    first = reencrypt(items_job(table, keys), checkpoint=tmp_path / "job")
    assert (first.counts["converted"], first.counts["failed"], first.done) == (3, 1, True)
    table.put_item(Item={"pk": "9", "tenant": "acme", "card": "x"})
    again = reencrypt(items_job(table, keys), checkpoint=tmp_path / "job")
    assert (again.counts["converted"], again.counts["already"], again.counts["failed"]) == (4, 0, 0)
    assert (first.exit_code, again.exit_code, again.failures) == (2, 0, [])
    assert reencrypt(items_job(table, keys), checkpoint=tmp_path / "job") == again, "and one without, not at all"


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"identity": 1, "more": 2}'])
def test_a_broken_checkpoint_says_what_to_do(table: Table, keys: TenantKeys, tmp_path: Path, content: str) -> None:
    (tmp_path / "job").write_text(content)
    with pytest.raises(ConfigurationError, match="delete it"):
        reencrypt(items_job(table, keys), checkpoint=tmp_path / "job")
    with pytest.raises(ConfigurationError, match="folder"):
        reencrypt(items_job(table, keys), checkpoint=tmp_path / "nowhere" / "job")


def test_a_record_that_cannot_be_converted_does_not_stop_the_others(
    table: Table, keys: TenantKeys, tmp_path: Path
) -> None:
    """An item that grows beyond 400 KB, and one that others write all the time."""
    fill(table, 2)
    too_large = {"Error": {"Code": "ValidationException", "Message": "Item size to update has exceeded the limit"}}
    honest, raced = table.update_item, iter(range(100))

    class Between:
        """The table, as it answers to the job."""

        name, scan, get_item, meta = table.name, table.scan, table.get_item, table.meta

        def update_item(self, **request: Any) -> Any:
            if request["Key"] == {"pk": "0"}:
                raise ClientError(too_large, "UpdateItem")
            table.put_item(Item={"pk": "1", "tenant": "globex", "card": next(raced)})
            return honest(**request)

    progress = reencrypt(items_job(Between(), keys), checkpoint=tmp_path / "job")
    assert progress.counts["failed"] == 2
    assert sorted(why for _, why in progress.failures) == [
        "NotConverted: DynamoDB rejected the request: Item size to update has exceeded the limit",
        "NotConverted: written by others 5 times in a row",
    ]
    assert table.get_item(Key={"pk": "1"})["Item"]["card"] == 4, "what the others wrote is there"


def test_an_item_deleted_meanwhile_stays_deleted(table: Table, keys: TenantKeys, tmp_path: Path) -> None:
    fill(table, 1)

    def tenant_of(item: Any) -> Tenant:
        table.delete_item(Key={"pk": "0"})
        return keys.tenant_without_token(item["tenant"])

    job = DynamoItems(table, key=("pk",), attributes=("card",), tenant_of=tenant_of)
    assert reencrypt(job, checkpoint=tmp_path / "job").counts["nothing to convert"] == 1
    assert not table.scan()["Items"]


def test_a_checkpoint_of_another_job_is_refused(table: Table, keys: TenantKeys, tmp_path: Path) -> None:
    fill(table, 3)
    reencrypt(items_job(table, keys), checkpoint=tmp_path / "job")
    other = DynamoItems(table, key=("pk",), attributes=("open",), tenant_of=lambda _: keys.tenant_without_token("acme"))
    with pytest.raises(TenantKeysError, match="another job"):
        reencrypt(other, checkpoint=tmp_path / "job")


def test_an_item_written_meanwhile_is_read_again_and_never_lost(table: Table, keys: TenantKeys, tmp_path: Path) -> None:
    fill(table, 1)
    raced: list[str] = []

    def tenant_of(item: Any) -> Tenant:
        if not raced:
            raced.append(table.update_item(
                Key={"pk": "0"}, UpdateExpression="SET card = :c", ExpressionAttributeValues={":c": "newer"}
            ) and "written")  # fmt: skip
        return keys.tenant_without_token(item["tenant"])

    job = DynamoItems(table, key=("pk",), attributes=("card",), tenant_of=tenant_of)
    assert reencrypt(job, checkpoint=tmp_path / "job").counts["converted"] == 1
    stored = table.get_item(Key={"pk": "0"})["Item"]
    where: dict[str, Any] = {"table": table.name, "key": ("pk",), "attributes": ("card",)}
    assert decrypt_item(keys.tenant_without_token("acme"), stored, **where)["card"] == "newer"


def test_what_a_busy_writer_wrote_last_is_there_after_the_job(table: Table, keys: TenantKeys, tmp_path: Path) -> None:
    """A writer that writes in the clear and without conditions, all the time, while jobs run again and again."""
    fill(table, 3)
    last: dict[str, int] = {}
    stop = threading.Event()

    def write() -> None:
        for turn in itertools.count():
            if stop.is_set():
                return
            pk = str(turn % 3)
            table.update_item(
                Key={"pk": pk}, UpdateExpression="SET card = :c", ExpressionAttributeValues={":c": {"turn": turn}}
            )
            last[pk] = turn
            time.sleep(0.005)

    writer = threading.Thread(target=write)
    writer.start()
    converted = 0
    try:
        for number in range(3):
            counts = reencrypt(items_job(table, keys), checkpoint=tmp_path / f"job{number}").counts
            converted += counts["converted"]
    finally:
        stop.set()
        writer.join()
    assert converted > 3, "the two did meet"
    reencrypt(items_job(table, keys), checkpoint=tmp_path / "last")
    for item in table.scan()["Items"]:
        tenant = keys.tenant_without_token(str(item["tenant"]))
        opened = decrypt_item(tenant, item, table=table.name, key=("pk",), attributes=("card",))
        assert opened["card"] == {"turn": last[str(item["pk"])]}


def test_a_message_under_a_foreign_name_is_reported_and_left_alone(
    table: Table, keys: TenantKeys, tmp_path: Path
) -> None:
    foreign = keys.tenant_without_token("globex").encrypt(b'{"S": "x"}', name="elsewhere")
    table.put_item(Item={"pk": "0", "tenant": "acme", "card": foreign})
    progress = reencrypt(items_job(table, keys), checkpoint=tmp_path / "job")
    assert progress.counts["failed"] == 1
    assert progress.failures[0][1].startswith("WrongTenant")
    assert bytes(table.get_item(Key={"pk": "0"})["Item"]["card"].value) == foreign  # type: ignore[union-attr]


def test_a_bucket_is_converted_with_its_properties(
    keys: TenantKeys, client: S3Client, bucket: str, tmp_path: Path
) -> None:
    for number in range(12):
        tenant = ("acme", "globex")[number % 2]
        client.put_object(Bucket=bucket, Key=f"{tenant}/{number:02}", Body=b"data" * number, ContentType="text/x",
                          Metadata={"n": str(number)}, Tagging="team=a%20b")  # fmt: skip
    done = keys.tenant_without_token("acme")
    s3.put_object(done, client, bucket=bucket, key="acme/new", body=b"new")

    def job() -> S3Objects:
        return S3Objects(
            client, bucket=bucket, tenant_of=lambda key: keys.tenant_without_token(key.split("/")[0]), page=5
        )

    assert reencrypt(job(), checkpoint=tmp_path / "dry", dry_run=True).counts["converted"] == 12
    counts = reencrypt(job(), checkpoint=tmp_path / "a").counts
    assert (counts["converted"], counts["already"], counts["failed"]) == (12, 1, 0)
    assert reencrypt(job(), checkpoint=tmp_path / "b").counts["already"] == 13
    for number in range(12):
        tenant = ("acme", "globex")[number % 2]
        key = f"{tenant}/{number:02}"
        with s3.get_object(keys.tenant_without_token(tenant), client, bucket=bucket, key=key) as reader:
            assert reader.read() == b"data" * number
        head = client.head_object(Bucket=bucket, Key=key)
        assert (head["ContentType"], head["Metadata"]) == ("text/x", {"n": str(number)})
        assert client.get_object_tagging(Bucket=bucket, Key=key)["TagSet"] == [{"Key": "team", "Value": "a b"}]


def test_an_object_written_meanwhile_is_read_again_and_never_lost(
    acme: Tenant, client: S3Client, bucket: str, tmp_path: Path
) -> None:
    client.put_object(Bucket=bucket, Key="k", Body=b"older")
    raced: list[str] = []

    def read_old(key: str, content: Any) -> Any:
        if not raced:
            raced.append(client.put_object(Bucket=bucket, Key=key, Body=b"newer")["ETag"])
        return content

    job = S3Objects(client, bucket=bucket, tenant_of=lambda _: acme, read_old=read_old)
    assert reencrypt(job, checkpoint=tmp_path / "job").counts["converted"] == 1
    with s3.get_object(acme, client, bucket=bucket, key="k") as reader:
        assert reader.read() == b"newer"


@pytest.mark.parametrize("when", ["before it is read", "while it is read"])
def test_an_object_deleted_meanwhile_stays_deleted_and_stops_nothing(
    acme: Tenant, client: S3Client, bucket: str, tmp_path: Path, when: str
) -> None:
    for key in "ab":
        client.put_object(Bucket=bucket, Key=key, Body=b"data")

    def delete(key: str, moment: str) -> None:
        if key == "a" and when == moment:
            client.delete_object(Bucket=bucket, Key="a")

    def tenant_of(key: str) -> Tenant:
        delete(key, "before it is read")
        return acme

    def read_old(key: str, content: Any) -> Any:
        delete(key, "while it is read")
        return content

    job = S3Objects(client, bucket=bucket, tenant_of=tenant_of, read_old=read_old)
    counts = reencrypt(job, checkpoint=tmp_path / "job").counts
    assert (counts["converted"], counts["nothing to convert"], counts["failed"]) == (1, 1, 0)
    assert [item["Key"] for item in client.list_objects_v2(Bucket=bucket)["Contents"]] == ["b"]


def test_an_archived_object_is_reported_and_stops_nothing(
    acme: Tenant, client: S3Client, bucket: str, tmp_path: Path
) -> None:
    """The local AWS archives nothing; the answer is S3's (S3 API reference, GetObject, InvalidObjectState)."""
    for key in "ab":
        client.put_object(Bucket=bucket, Key=key, Body=b"data")
    archived = {"Error": {"Code": "InvalidObjectState", "Message": "not valid for the object's storage class"}}

    def answer(params: Any, **_: Any) -> None:
        if params["Key"] == "a":
            raise ClientError(archived, "GetObject")

    client.meta.events.register("provide-client-params.s3.GetObject", answer)
    progress = reencrypt(S3Objects(client, bucket=bucket, tenant_of=lambda _: acme), checkpoint=tmp_path / "job")
    assert (progress.counts["converted"], progress.counts["failed"]) == (1, 1)
    assert progress.failures[0][1] == "NotConverted: S3 refuses GetObject: InvalidObjectState"


def test_an_objects_storage_class_is_kept(acme: Tenant, client: S3Client, bucket: str, tmp_path: Path) -> None:
    client.put_object(Bucket=bucket, Key="k", Body=b"data", StorageClass="STANDARD_IA", CacheControl="no-store")
    reencrypt(S3Objects(client, bucket=bucket, tenant_of=lambda _: acme), checkpoint=tmp_path / "job")
    head = client.head_object(Bucket=bucket, Key="k")
    assert (head["StorageClass"], head["CacheControl"]) == ("STANDARD_IA", "no-store")
