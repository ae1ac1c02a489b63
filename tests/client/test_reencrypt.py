"""Jobs over data that exists: whose checkpoint it is, what stops them, rewrapping, the census, work in parts."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from tenant_keys.client import (
    AccessDenied,
    ConfigurationError,
    Limits,
    ServiceUnavailable,
    Tenant,
    TenantKeys,
    TenantKeysError,
    Throttled,
    TokenExpired,
    WrongTenant,
    s3,
)
from tenant_keys.client.dynamodb import decrypt_item, encrypt_item
from tenant_keys.client.reencrypt import (
    DynamoItems,
    Progress,
    S3Checkpoint,
    S3Objects,
    Work,
    check_seen,
    reencrypt,
    together,
)
from tenant_keys.client.reencrypt.header import data_key_of
from tests.client.tables import create_bucket, create_table
from tools.benchmarks.client_estate import ORDERS, Stage

if TYPE_CHECKING:
    from types_boto3_dynamodb.service_resource import Table
    from types_boto3_s3 import S3Client

pytestmark = pytest.mark.xdist_group("client-local-aws")
OF: dict[str, Any] = {"key": ("pk",), "attributes": ("card",)}


@pytest.fixture(scope="module")
def keys(stage: Stage) -> TenantKeys:
    return stage.keys("orders")


@pytest.fixture
def acme(keys: TenantKeys) -> Tenant:
    return keys.tenant_without_token("acme")


@pytest.fixture
def client(stage: Stage) -> S3Client:
    return stage.aws.session(ORDERS).client("s3")


def items(table: Table, tenant: Tenant, **options: Any) -> DynamoItems:
    return DynamoItems(table, **{**OF, "tenant_of": lambda _: tenant, "page": 3, **options})


def fill(table: Table, count: int, tenant: Tenant | None = None) -> None:
    for number in range(count):
        item: dict[str, Any] = {"pk": str(number), "card": f"card {number}", "note": f"note {number}"}
        table.put_item(Item=encrypt_item(tenant, item, table=table.name, **OF) if tenant else item)


def read(table: Table, tenant: Tenant) -> dict[str, Any]:
    found = table.scan(ConsistentRead=True)["Items"]
    return {str(item["pk"]): decrypt_item(tenant, item, table=table.name, **OF)["card"] for item in found}


def data_keys(table: Table) -> set[bytes]:
    return {data_key_of(bytes(item["card"].value)) for item in table.scan(ConsistentRead=True)["Items"]}  # type: ignore[union-attr]


# Whose checkpoint it is.


def test_a_checkpoint_of_a_table_is_no_checkpoint_of_its_namesake_in_another_region(
    stage: Stage, acme: Tenant, tmp_path: Path
) -> None:
    here = create_table(stage)
    there = create_table(stage, here.name, region="eu-central-1")
    fill(here, 4)
    fill(there, 4)
    reencrypt(items(here, acme), checkpoint=tmp_path / "job")
    with pytest.raises(ConfigurationError, match=r"another job: table was .*eu-west-1.*, is .*eu-central-1"):
        reencrypt(items(there, acme), checkpoint=tmp_path / "job")
    assert all(isinstance(item["card"], str) for item in there.scan()["Items"])
    assert reencrypt(items(there, acme), checkpoint=tmp_path / "other").counts["converted"] == 4


def test_a_checkpoint_of_a_table_is_none_of_the_table_that_was_made_in_its_place(
    stage: Stage, acme: Tenant, tmp_path: Path
) -> None:
    table = create_table(stage)
    fill(table, 2)
    reencrypt(items(table, acme), checkpoint=tmp_path / "job")
    table.delete()
    table = create_table(stage, table.name)
    fill(table, 2)
    with pytest.raises(ConfigurationError, match="another job: table_id"):
        reencrypt(items(table, acme), checkpoint=tmp_path / "job")


def test_a_checkpoint_is_bound_to_the_parameters_of_its_job(stage: Stage, acme: Tenant, tmp_path: Path) -> None:
    from tenant_keys.client.place import Place

    table = create_table(stage)
    fill(table, 2)
    reencrypt(items(table, acme), checkpoint=tmp_path / "job")
    others: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"attributes": ("note",)}, {}),
        ({"attributes": ("card", "note")}, {}),
        ({"optional": ("note",)}, {}),
        ({"optional": ("card",)}, {}),
        ({"signed": ("note",)}, {}),
        ({"place": Place("other", at=(table.name,))}, {}),
        ({"place": Place(table.name, formerly=("other",))}, {}),
        ({"segment": (0, 1)}, {}),
        ({}, {"work": Work.REWRAP}),
        ({}, {"work": Work.CENSUS}),
        ({}, {"work": Work.REBIND}),
        ({}, {"work": Work.REWRAP, "materials": ("0" * 64,)}),
    ]
    for options, run in others:
        with pytest.raises(ConfigurationError, match="another job"):
            reencrypt(items(table, acme, **options), checkpoint=tmp_path / "job", **run)


def test_a_checkpoint_of_a_bucket_is_none_of_the_bucket_that_was_made_in_its_place(
    client: S3Client, acme: Tenant, tmp_path: Path
) -> None:
    bucket = create_bucket(client)
    job = S3Objects(client, bucket=bucket, tenant_of=lambda _: acme)
    reencrypt(job, checkpoint=tmp_path / "job")
    for other in (
        S3Objects(client, bucket=bucket, prefix="a", tenant_of=lambda _: acme),
        S3Objects(client, bucket=create_bucket(client), tenant_of=lambda _: acme),
    ):
        with pytest.raises(ConfigurationError, match="another job"):
            reencrypt(other, checkpoint=tmp_path / "job")
    client.delete_bucket(Bucket=bucket)
    create_bucket(client, bucket)
    with pytest.raises(ConfigurationError, match="another job: made"):
        reencrypt(job, checkpoint=tmp_path / "job")


def test_a_bucket_of_another_account_needs_its_owner(client: S3Client, acme: Tenant) -> None:
    bucket = create_bucket(client)
    client.meta.events.register("after-call.s3.ListBuckets", lambda parsed, **_: parsed.update({"Buckets": []}))
    with pytest.raises(ConfigurationError, match="ExpectedBucketOwner"):
        S3Objects(client, bucket=bucket, tenant_of=lambda _: acme).identity()
    owned = S3Objects(client, bucket=bucket, tenant_of=lambda _: acme, access={"ExpectedBucketOwner": ORDERS})
    assert owned.identity()["owner"] == ORDERS


def test_a_key_that_is_not_the_tables_is_refused_before_anything_is_read(
    stage: Stage, acme: Tenant, tmp_path: Path
) -> None:
    table = create_table(stage, key=("pk", "sk"))
    with pytest.raises(ConfigurationError, match="the table's key is pk, sk"):
        reencrypt(items(table, acme), checkpoint=tmp_path / "job")


def test_a_checkpoint_of_the_version_before_says_what_to_do(stage: Stage, acme: Tenant, tmp_path: Path) -> None:
    table = create_table(stage)
    old = {"identity": f"dynamodb:{table.name}:card", "cursor": "{}", "done": True, "counts": {}, "failures": []}
    (tmp_path / "job").write_text(json.dumps(old))
    with pytest.raises(ConfigurationError, match="delete it to begin anew"):
        reencrypt(items(table, acme), checkpoint=tmp_path / "job")


@pytest.mark.parametrize(
    ("field", "value"),
    [("counts", []), ("failures", [[1]]), ("failures", {}), ("done", "yes"), ("seen", None), ("data_keys", "x"),
     ("identity", "x"), ("version", True), ("more", 1)],
    ids=str,
)  # fmt: skip
def test_a_checkpoint_that_somebody_edited_says_what_to_do(
    stage: Stage, acme: Tenant, tmp_path: Path, field: str, value: Any
) -> None:
    table = create_table(stage)
    fill(table, 1)
    reencrypt(items(table, acme), checkpoint=tmp_path / "job")
    saved = json.loads((tmp_path / "job").read_text())
    (tmp_path / "job").write_text(json.dumps(saved | {field: value}))
    with pytest.raises(ConfigurationError, match="delete it to begin anew"):
        reencrypt(items(table, acme), checkpoint=tmp_path / "job")
    assert not (tmp_path / "job.lock").exists()


def test_a_checkpoint_that_cannot_be_a_file_is_a_clear_error(stage: Stage, acme: Tenant, tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    for path in (tmp_path, Path("/proc/job"), tmp_path / "bytes", str(tmp_path / "no" / "job")):
        with pytest.raises(ConfigurationError, match=r"checkpoint|no such folder"):
            reencrypt(items(create_table(stage), acme), checkpoint=path)


@pytest.mark.parametrize("segment", [(4, 4), (-1, 4), (0, 0), (0, 1_000_001)])
def test_a_segment_that_cannot_be_is_refused_at_once(stage: Stage, acme: Tenant, segment: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="segment: got"):
        items(create_table(stage), acme, segment=segment)


# Two jobs on one checkpoint.

HOLDS = """
import os, sys, time
from pathlib import Path
from tenant_keys.client.reencrypt import FileCheckpoint
checkpoint = FileCheckpoint(Path(sys.argv[1]))
checkpoint.open()
print(os.getpid(), flush=True)
sys.stdin.read()
"""


def test_of_two_jobs_on_one_checkpoint_the_second_is_told_who_has_it_until_that_one_dies(
    stage: Stage, acme: Tenant, tmp_path: Path
) -> None:
    table = create_table(stage)
    fill(table, 2)
    path = os.pathsep.join(part for part in sys.path if part)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path / "job")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": path},
    ) as other:
        assert other.stdout is not None
        pid = other.stdout.readline().decode().strip()
        with pytest.raises(ConfigurationError, match=rf'another job works with it: {{"pid": {pid}, "host": '):
            reencrypt(items(table, acme), checkpoint=tmp_path / "job")
        assert all(isinstance(item["card"], str) for item in table.scan()["Items"])
        other.kill()
    assert (tmp_path / "job.lock").exists(), "what a killed job leaves behind"
    assert reencrypt(items(table, acme), checkpoint=tmp_path / "job").counts["converted"] == 2
    assert not (tmp_path / "job.lock").exists()


def test_two_jobs_in_one_process_do_not_share_a_checkpoint_either(stage: Stage, acme: Tenant, tmp_path: Path) -> None:
    table = create_table(stage)
    fill(table, 6)
    refused: list[str] = []

    def second(_: Progress) -> None:
        with pytest.raises(ConfigurationError, match="another job") as error:
            reencrypt(items(table, acme), checkpoint=tmp_path / "job")
        refused.append(str(error.value))

    assert reencrypt(items(table, acme), checkpoint=tmp_path / "job", on_progress=second).counts["converted"] == 6
    assert len(refused) >= 2


def test_a_checkpoint_in_s3_has_one_owner_at_a_time(client: S3Client) -> None:
    bucket, now = create_bucket(client), [1000.0]

    def checkpoint(owner: str) -> S3Checkpoint:
        return S3Checkpoint(client, bucket=bucket, key="job", owner=owner, lease=60, now=lambda: now[0])

    first = checkpoint("one")
    assert first.open() is None
    first.save("page 1")
    with pytest.raises(ConfigurationError, match=r"another job works with it: one, until 1970-01-01T00:17:40\+00:00"):
        checkpoint("two").open()
    retry = checkpoint("one")
    assert retry.open() == "page 1", "the retry of a worker that died comes back at once"
    with pytest.raises(ConfigurationError, match="only one may go on"):
        first.save("page 2")
    first.close()
    retry.save("page 2")
    now[0] += 61
    second = checkpoint("two")
    assert second.open() == "page 2", "the lease has run out"
    with pytest.raises(ConfigurationError, match="only one may go on"):
        retry.save("page 3")
    second.close()
    assert checkpoint("three").open() == "page 2", "given up at the end, so nobody waits"


def test_a_save_whose_answer_was_lost_is_known_by_the_retry_as_its_own(client: S3Client) -> None:
    """botocore sends it again with the ETag from before, and S3 refuses that."""
    bucket, lost = create_bucket(client), list[str]()
    checkpoint = S3Checkpoint(client, bucket=bucket, key="job", owner="one")
    checkpoint.open()

    def lose(http_response: Any, parsed: dict[str, Any], **_: Any) -> None:
        if not lost:
            lost.append("answer")
            http_response.status_code = 412
            parsed["Error"] = {"Code": "PreconditionFailed", "Message": "no"}

    client.meta.events.register("after-call.s3.PutObject", lose)
    checkpoint.save("page 1")
    checkpoint.save("page 2")
    checkpoint.close()
    assert lost
    assert S3Checkpoint(client, bucket=bucket, key="job", owner="two").open() == "page 2"


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b'{"owner": null}'])
def test_an_object_that_is_no_checkpoint_says_what_to_do(client: S3Client, content: bytes) -> None:
    bucket = create_bucket(client)
    client.put_object(Bucket=bucket, Key="job", Body=content)
    with pytest.raises(ConfigurationError, match="delete it to begin anew"):
        S3Checkpoint(client, bucket=bucket, key="job", owner="one").open()
    with pytest.raises(ConfigurationError, match="S3 refuses GetObject: NoSuchBucket"):
        S3Checkpoint(client, bucket=f"{bucket}-x", key="job", owner="one").open()


def test_a_checkpoint_that_s3_cannot_take_now_may_be_tried_later(client: S3Client) -> None:
    """So that Step Functions calls the worker again: a configuration error it does not."""
    bucket = create_bucket(client)
    checkpoint = S3Checkpoint(client, bucket=bucket, key="job", owner="one")
    checkpoint.open()

    def slow(**_: Any) -> None:
        raise answer("SlowDown", 503, "PutObject")

    client.meta.events.register("before-call.s3.PutObject", slow)
    with pytest.raises(ServiceUnavailable, match="S3 refuses PutObject: SlowDown"):
        checkpoint.save("page 1")


# What stops a job, and what does not.


def answer(code: str, status: int = 400, operation: str = "GetObject") -> ClientError:
    error: Any = {"Error": {"Code": code, "Message": "SECRET"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(error, operation)


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
    stage: Stage, acme: Tenant, tmp_path: Path, error: Exception
) -> None:
    table, asked = create_table(stage), list[str]()
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
    stage: Stage, acme: Tenant, tmp_path: Path
) -> None:
    table, asked = create_table(stage), list[str]()
    fill(table, 15)

    def down(item: Any) -> Tenant:
        asked.append(item["pk"])
        raise Throttled("slow down")

    with pytest.raises(Throttled):
        reencrypt(items(table, acme, tenant_of=down, page=100), checkpoint=tmp_path / "job")
    assert len(asked) == 10
    assert reencrypt(items(table, acme), checkpoint=tmp_path / "job").counts["converted"] == 15


def test_a_job_stops_when_more_records_fail_than_it_may_list(stage: Stage, acme: Tenant, tmp_path: Path) -> None:
    table = create_table(stage)
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
    stage: Stage, acme: Tenant, client: S3Client, tmp_path: Path
) -> None:
    """Version 2 with the signed suite, and version 1: read_old may undo them, nothing else may overwrite them."""
    table, bucket = create_table(stage), create_bucket(client)
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
    stage: Stage, acme: Tenant, tmp_path: Path
) -> None:
    table = create_table(stage)
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


def test_keys_of_every_type_are_found_again_by_their_label(stage: Stage, acme: Tenant, tmp_path: Path) -> None:
    table = (
        stage.aws.session(ORDERS)
        .resource("dynamodb")
        .create_table(
            TableName=f"keys-{uuid4().hex[:8]}",
            KeySchema=[{"AttributeName": "b", "KeyType": "HASH"}, {"AttributeName": "n", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": "b", "AttributeType": "B"},
                {"AttributeName": "n", "AttributeType": "N"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
    )
    for number in range(5):
        table.put_item(Item={"b": b"\x00\xff", "n": Decimal("1.5") * number, "card": number})
    bad = [Decimal(3)]

    def tenant_of(item: Any) -> Tenant:
        if item["n"] in bad:
            raise KeyError
        return acme

    job = items(table, acme, key=("b", "n"), tenant_of=tenant_of, page=2)
    assert reencrypt(job, checkpoint=tmp_path / "job").counts["failed"] == 1
    bad.clear()
    progress = reencrypt(job, checkpoint=tmp_path / "job")
    assert (progress.counts["converted"], progress.exit_code) == (5, 0)


def test_no_work_touches_what_is_another_tenants_or_another_attributes(
    stage: Stage, keys: TenantKeys, tmp_path: Path
) -> None:
    table = create_table(stage)
    acme, globex = (keys.tenant_without_token(one) for one in ("acme", "globex"))
    both: dict[str, Any] = {"table": table.name, "key": ("pk",), "attributes": ("card", "note")}
    table.put_item(Item=encrypt_item(globex, {"pk": "foreign", "card": "1", "note": "2"}, **both))
    one = encrypt_item(acme, {"pk": "swapped", "card": "1", "note": "2"}, **both)
    table.put_item(Item={**one, "card": one["note"], "note": one["card"]})
    before = table.scan()["Items"]
    for work in Work:
        job = items(table, acme, attributes=("card", "note"))
        progress = reencrypt(job, checkpoint=tmp_path / work, work=work)
        assert sorted(why.split(":")[0] for _, why in progress.failures) == ["WrongRecord", "WrongTenant"]
        assert table.scan()["Items"] == before


# Consistent reads.


def test_every_read_of_a_job_over_a_table_is_a_consistent_one(stage: Stage, acme: Tenant, tmp_path: Path) -> None:
    """Else a record that was just written in the clear is missed, or an old one is written over a new one."""
    for work in Work:
        table = create_table(stage)
        fill(table, 4, acme if work is not Work.ENCRYPT else None)
        seen: list[tuple[str, Any]] = []

        def note(params: dict[str, Any], model: Any, seen: list[tuple[str, Any]] = seen) -> None:
            if model.name in {"Scan", "GetItem", "Query", "BatchGetItem"}:
                seen.append((model.name, params.get("ConsistentRead")))

        table.meta.client.meta.events.register("provide-client-params", lambda params, model, **_: note(params, model))
        raced: list[str] = []

        def tenant_of(item: Any, table: Table = table, raced: list[str] = raced) -> Tenant:
            if not raced:
                raced.append(str(item["pk"]))
                table.update_item(Key={"pk": item["pk"]}, UpdateExpression="SET card = :c",
                                  ExpressionAttributeValues={":c": item["card"]})  # fmt: skip
            return acme

        reencrypt(items(table, acme, tenant_of=tenant_of), checkpoint=tmp_path / work, work=work)
        assert {name for name, _ in seen} >= {"Scan"}
        assert all(consistent is True for _, consistent in seen), (work, seen)


def test_the_item_that_is_read_again_is_read_consistently(stage: Stage, acme: Tenant, tmp_path: Path) -> None:
    table = create_table(stage)
    fill(table, 1)
    seen: list[Any] = []
    table.meta.client.meta.events.register(
        "provide-client-params.dynamodb.GetItem", lambda params, **_: seen.append(params.get("ConsistentRead"))
    )
    raced: list[int] = []

    def tenant_of(_: Any) -> Tenant:
        if len(raced) < 2:
            raced.append(1)
            table.put_item(Item={"pk": "0", "card": f"newer {len(raced)}"})
        return acme

    reencrypt(items(table, acme, tenant_of=tenant_of), checkpoint=tmp_path / "job")
    assert seen == [True, True]
    assert read(table, acme) == {"0": "newer 2"}


# Rewrapping and the census.


def rotate(stage: Stage, tenant: str) -> None:
    stage.as_role("KeyAdministrator", "rotate_key_on_demand", KeyId=stage.key_arn(tenant))


def census(target: Any, tmp_path: Path, name: str) -> Progress:
    return reencrypt(target, checkpoint=tmp_path / f"census-{name}", work=Work.CENSUS)


def test_rewrapping_leaves_no_old_data_key_though_the_process_has_one_in_its_cache(
    stage: Stage, acme: Tenant, tmp_path: Path
) -> None:
    table = create_table(stage)
    fill(table, 7, acme)
    old = data_keys(table)
    before = read(table, acme)
    progress = reencrypt(items(table, acme), checkpoint=tmp_path / "job", work=Work.REWRAP)
    assert (progress.counts["converted"], progress.exit_code) == (7, 0)
    assert not data_keys(table) & old
    assert read(table, acme) == before
    dry = reencrypt(items(table, acme), checkpoint=tmp_path / "dry", work=Work.REWRAP, dry_run=True)
    assert dry.counts["converted"] == 7


def test_rewrapping_finds_old_data_keys_in_the_caches_of_other_clients(
    stage: Stage, client: S3Client, tmp_path: Path
) -> None:
    """tenant_of may hand out a handle of another TenantKeys for each record, each with an old data key in its cache."""
    table, bucket = create_table(stage), create_bucket(client)
    many = [stage.keys("orders").tenant_without_token("acme") for _ in range(3)]
    for number in range(6):
        item = {"pk": str(number), "card": "x"}
        table.put_item(Item=encrypt_item(many[number % 3], item, table=table.name, **OF))
        s3.put_object(many[number % 3], client, bucket=bucket, key=str(number), body=b"x")

    def objects() -> set[bytes]:
        return {data_key_of(client.get_object(Bucket=bucket, Key=str(n))["Body"].read()) for n in range(6)}

    old = data_keys(table) | objects()
    for name, job in {
        "table": items(table, many[0], tenant_of=lambda item: many[int(item["pk"]) % 3]),
        "bucket": S3Objects(client, bucket=bucket, tenant_of=lambda key: many[int(key) % 3]),
    }.items():
        progress = reencrypt(job, checkpoint=tmp_path / name, work=Work.REWRAP)
        assert (progress.counts["converted"], progress.exit_code) == (6, 0)
    assert not (data_keys(table) | objects()) & old


def test_rewrapping_two_tenants_keeps_each_to_its_own(stage: Stage, keys: TenantKeys, tmp_path: Path) -> None:
    table = create_table(stage)
    tenants = [keys.tenant_without_token(one) for one in ("acme", "globex")]
    for number in range(6):
        new = {"pk": str(number), "card": "x"}
        table.put_item(Item=encrypt_item(tenants[number % 2], new, table=table.name, **OF))
    job = items(table, tenants[0], tenant_of=lambda item: tenants[int(item["pk"]) % 2])
    assert reencrypt(job, checkpoint=tmp_path / "job", work=Work.REWRAP).counts["converted"] == 6
    for item in table.scan()["Items"]:
        number = int(str(item["pk"]))
        assert decrypt_item(tenants[number % 2], item, table=table.name, **OF)["card"] == "x"
        with pytest.raises(WrongTenant):
            decrypt_item(tenants[1 - number % 2], item, table=table.name, **OF)


def test_a_census_says_that_the_old_material_is_unused_once_all_is_rewrapped(stage: Stage, tmp_path: Path) -> None:
    table = create_table(stage)
    tenant = stage.keys("orders", limits=Limits(max_age=0)).tenant_without_token("hooli")
    fill(table, 3, tenant)
    (old,) = census(items(table, tenant), tmp_path, "a").materials
    assert len(old) == 64
    rotate(stage, "hooli")
    table.put_item(Item=encrypt_item(tenant, {"pk": "new", "card": "x"}, table=table.name, **OF))
    table.put_item(Item={"pk": "clear", "card": "x"})
    counted = census(items(table, tenant), tmp_path, "b")
    new = (set(counted.materials) - {old, "in the clear"}).pop()
    assert counted.materials == {old: 3, new: 1, "in the clear": 1}
    assert counted.uses(old)
    table.delete_item(Key={"pk": "clear"})
    progress = reencrypt(items(table, tenant), checkpoint=tmp_path / "job", work=Work.REWRAP, materials=[old])
    assert (progress.counts["converted"], progress.counts["already"]) == (3, 1), "what is under the new one stays"
    last = census(items(table, tenant), tmp_path, "c")
    assert last.materials == {new: 4}
    assert not last.uses(old)
    assert last.uses(new)


def test_a_census_that_is_not_whole_proves_nothing(stage: Stage, acme: Tenant, tmp_path: Path) -> None:
    table = create_table(stage)
    fill(table, 6, acme)
    part = reencrypt(items(table, acme), checkpoint=tmp_path / "a", work=Work.CENSUS, enough=lambda: True)
    assert not part.done
    with pytest.raises(ConfigurationError, match="is not done"):
        part.uses("0" * 64)
    table.put_item(Item=encrypt_item(acme, {"pk": "x", "card": "1"}, table="elsewhere", **OF))
    with pytest.raises(ConfigurationError, match="had failures"):
        census(items(table, acme), tmp_path, "b").uses("0" * 64)
    with pytest.raises(ConfigurationError, match="found no data key"):
        Progress({}, done=True).uses("0" * 64)


def test_a_census_of_a_bucket_counts_its_old_versions(stage: Stage, client: S3Client, tmp_path: Path) -> None:
    tenant = stage.keys("orders", limits=Limits(max_age=0)).tenant_without_token("initech")
    bucket = create_bucket(client)
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for key in "abc":
        s3.put_object(tenant, client, bucket=bucket, key=key, body=b"data")
    job = S3Objects(client, bucket=bucket, tenant_of=lambda _: tenant, page=2)
    (old,) = census(job, tmp_path, "a").materials
    rotate(stage, "initech")
    assert reencrypt(job, checkpoint=tmp_path / "job", work=Work.REWRAP).counts["converted"] == 3
    after = census(job, tmp_path, "b")
    assert after.uses(old), "the versions before are still there"
    assert after.materials[old] == 3
    for version in client.list_object_versions(Bucket=bucket)["Versions"]:
        if not version["IsLatest"]:
            client.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
    last = census(job, tmp_path, "c")
    assert not last.uses(old)
    assert sum(last.materials.values()) == 3


def test_rewrapping_a_bucket_keeps_content_and_properties(acme: Tenant, client: S3Client, tmp_path: Path) -> None:
    bucket = create_bucket(client)
    contents = {"a": b"", "b": b"x" * 100_000, "c": os.urandom(9_000_000)}
    for key, body in contents.items():
        s3.put_object(acme, client, bucket=bucket, key=key, body=body, Metadata={"m": key}, ContentType="text/x")
    old = {key: data_key_of(client.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in contents}
    job = S3Objects(client, bucket=bucket, tenant_of=lambda _: acme)
    assert reencrypt(job, checkpoint=tmp_path / "job", work=Work.REWRAP).counts["converted"] == 3
    for key, body in contents.items():
        answered = client.get_object(Bucket=bucket, Key=key)
        assert (answered["Metadata"], answered["ContentType"]) == ({"m": key}, "text/x")
        assert data_key_of(answered["Body"].read()) != old[key]
        with s3.get_object(acme, client, bucket=bucket, key=key) as reader:
            assert reader.read() == body


def test_rewrapping_refuses_what_is_in_the_clear_and_damaged(
    stage: Stage, acme: Tenant, client: S3Client, tmp_path: Path
) -> None:
    table, bucket = create_table(stage), create_bucket(client)
    table.put_item(Item={"pk": "clear", "card": "x"})
    s3.put_object(acme, client, bucket=bucket, key="cut", body=bytes(200_000))
    whole = client.get_object(Bucket=bucket, Key="cut")["Body"].read()
    client.put_object(Bucket=bucket, Key="cut", Body=whole[:150_000])
    client.put_object(Bucket=bucket, Key="clear", Body=b"x")
    progress = reencrypt(items(table, acme), checkpoint=tmp_path / "a", work=Work.REWRAP)
    assert progress.failures[0][1].startswith("NotConverted: card is in the clear")
    job = S3Objects(client, bucket=bucket, tenant_of=lambda _: acme)
    progress = reencrypt(job, checkpoint=tmp_path / "b", work=Work.REWRAP)
    assert sorted(why.split(":")[0] for _, why in progress.failures) == ["DamagedMessage", "NotConverted"]
    assert client.get_object(Bucket=bucket, Key="cut")["Body"].read() == whole[:150_000]


def test_materials_are_for_rewrapping_alone(stage: Stage, acme: Tenant, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"only Work\.REWRAP"):
        reencrypt(items(create_table(stage), acme), checkpoint=tmp_path / "a", materials=["0" * 64])


# In parts, and all the arguments of S3.


def test_segments_of_a_table_are_all_of_it_once(stage: Stage, acme: Tenant, tmp_path: Path) -> None:
    table = create_table(stage)
    fill(table, 20)
    parts = [
        reencrypt(items(table, acme, segment=(number, 4)), checkpoint=tmp_path / str(number)) for number in range(4)
    ]
    whole = together(parts)
    assert (whole.counts["converted"], whole.done, whole.exit_code) == (20, True, 0)
    check_seen(whole, ("card",))
    with pytest.raises(ConfigurationError, match="none of the 20 items has crad"):
        check_seen(whole, ("card", "crad"))
    assert len(read(table, acme)) == 20
    assert not together([]).done, "no part is not a whole"


def test_a_worker_that_has_had_enough_is_called_again_and_goes_on(stage: Stage, acme: Tenant, client: S3Client) -> None:
    table, bucket = create_table(stage), create_bucket(client)
    fill(table, 8)
    calls = 0
    while True:
        checkpoint = S3Checkpoint(client, bucket=bucket, key="job", owner="one")
        progress = reencrypt(items(table, acme), checkpoint=checkpoint, enough=lambda: True)
        calls += 1
        if progress.done:
            break
        assert progress.exit_code == 3
    assert calls == 3
    assert progress.counts["converted"] == 8
    assert read(table, acme) == {str(number): f"card {number}" for number in range(8)}


def test_every_request_of_a_job_over_a_bucket_gets_the_access_arguments_that_it_takes(
    acme: Tenant, client: S3Client, tmp_path: Path
) -> None:
    bucket = create_bucket(client)
    client.put_object(Bucket=bucket, Key="small", Body=b"data")
    client.put_object(Bucket=bucket, Key="large", Body=bytes(9_000_000))
    seen: dict[str, bool] = {}

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        takes = "ExpectedBucketOwner" in (model.input_shape.members if model.input_shape else {})
        seen[model.name] = ("ExpectedBucketOwner" in params) == takes

    client.meta.events.register("provide-client-params.s3", note)
    access = {"ExpectedBucketOwner": ORDERS, "RequestPayer": "requester"}
    job = S3Objects(client, bucket=bucket, tenant_of=lambda _: acme, access=access)
    for work in (Work.ENCRYPT, Work.REWRAP, Work.CENSUS):
        assert reencrypt(job, checkpoint=tmp_path / work, work=work).exit_code == 0
    assert set(seen) == {
        "HeadBucket", "ListBuckets", "ListObjectsV2", "ListObjectVersions", "GetObject", "GetObjectTagging",
        "PutObject",
        "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload",
    }  # fmt: skip
    assert all(seen.values()), seen


def test_what_a_job_writes_again_while_the_application_writes_is_never_an_older_value(
    stage: Stage, acme: Tenant, tmp_path: Path
) -> None:
    """Rewrapping reads, and the application writes encrypted, between the read and the write."""
    table = create_table(stage)
    fill(table, 3, acme)
    raced: list[str] = []

    def tenant_of(item: Any) -> Tenant:
        if str(item["pk"]) not in raced:
            raced.append(str(item["pk"]))
            new = encrypt_item(acme, {"pk": item["pk"], "card": f"newer {item['pk']}"}, table=table.name, **OF)
            table.put_item(Item=new)
        return acme

    job = items(table, acme, tenant_of=tenant_of)
    assert reencrypt(job, checkpoint=tmp_path / "job", work=Work.REWRAP).exit_code == 0
    assert read(table, acme) == {str(number): f"newer {number}" for number in range(3)}
