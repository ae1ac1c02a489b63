"""Checkpoints: to which job each belongs, who holds it, and what is not a checkpoint."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tenant_keys.client import (
    ConfigurationError,
    ServiceUnavailable,
    Tenant,
)
from tenant_keys.client.reencrypt import (
    Progress,
    S3Checkpoint,
    S3Objects,
    Work,
    reencrypt,
)
from tenant_keys.client.reencrypt.checkpoint import FileCheckpoint
from tenant_keys.client.reencrypt.work import StaleDataKey, Task
from tests.client.tables import create_bucket, create_table
from tools.benchmarks.client_estate import ORDERS, ClientEstate

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
from tests.client.reencryption import answer, fill, items

pytestmark = pytest.mark.xdist_group("client-local-aws")


def test_a_checkpoint_of_a_table_is_no_checkpoint_of_its_namesake_in_another_region(
    client_estate: ClientEstate, acme: Tenant, tmp_path: Path
) -> None:
    here = create_table(client_estate)
    there = create_table(client_estate, here.name, region="eu-central-1")
    fill(here, 4)
    fill(there, 4)
    reencrypt(items(here, acme), checkpoint=tmp_path / "job")
    with pytest.raises(ConfigurationError, match=r"another job: table was .*eu-west-1.*, is .*eu-central-1"):
        reencrypt(items(there, acme), checkpoint=tmp_path / "job")
    assert all(isinstance(item["card"], str) for item in there.scan()["Items"])
    assert reencrypt(items(there, acme), checkpoint=tmp_path / "other").counts["converted"] == 4


def test_a_page_leaves_the_data_keys_that_it_used_and_saves_each_before_its_first_use() -> None:
    """SHA-256 of b"a", b"b" and b"c", as far as a checkpoint has them."""
    marks = {
        b"a": "ca978112ca1bbdcafac231b39a23dc4d",
        b"b": "3e23e8160039594a33894f6564e1b134",
        b"c": "2e7d2c03a9507ae265ecf5b5356885a5",
    }
    progress, saved = Progress({}), list[list[str]]()
    save = lambda: saved.append(list(progress.data_keys))  # noqa: E731
    task = Task(Work.REWRAP, progress, dry_run=False, materials=frozenset(), save=save)
    task.about_to_write([b"a", b"b"], [b"old"])
    task.about_to_write([b"a"], [b"old"])
    task.turn_page()
    assert progress.data_keys == sorted([marks[b"a"], marks[b"b"]])
    task.about_to_write([b"a"], [b"old"])
    task.about_to_write([b"c"], [b"old"])
    task.turn_page()
    assert progress.data_keys == sorted([marks[b"a"], marks[b"c"]])
    assert saved == [[marks[b"b"], marks[b"a"]], [marks[b"b"], marks[b"a"], marks[b"c"]]]
    with pytest.raises(StaleDataKey):
        task.about_to_write([b"c", b"old"], [b"old"])


def test_a_checkpoint_of_a_table_is_none_of_the_table_that_was_made_in_its_place(
    client_estate: ClientEstate, acme: Tenant, tmp_path: Path
) -> None:
    table = create_table(client_estate)
    fill(table, 2)
    reencrypt(items(table, acme), checkpoint=tmp_path / "job")
    table.delete()
    table = create_table(client_estate, table.name)
    fill(table, 2)
    with pytest.raises(ConfigurationError, match="another job: table_id"):
        reencrypt(items(table, acme), checkpoint=tmp_path / "job")


def test_a_checkpoint_is_bound_to_the_parameters_of_its_job(
    client_estate: ClientEstate, acme: Tenant, tmp_path: Path
) -> None:
    from tenant_keys.client.place import Place

    table = create_table(client_estate)
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
    client_estate: ClientEstate, acme: Tenant, tmp_path: Path
) -> None:
    table = create_table(client_estate, key=("pk", "sk"))
    with pytest.raises(ConfigurationError, match="the table's key is pk, sk"):
        reencrypt(items(table, acme), checkpoint=tmp_path / "job")


def test_a_checkpoint_of_the_version_before_says_what_to_do(
    client_estate: ClientEstate, acme: Tenant, tmp_path: Path
) -> None:
    table = create_table(client_estate)
    old = {"identity": f"dynamodb:{table.name}:card", "cursor": "{}", "done": True, "counts": {}, "failures": []}
    (tmp_path / "job").write_text(json.dumps(old))
    with pytest.raises(ConfigurationError, match="delete it to start over"):
        reencrypt(items(table, acme), checkpoint=tmp_path / "job")


@pytest.mark.parametrize(
    ("field", "value"),
    [("counts", []), ("failures", [[1]]), ("failures", {}), ("done", "yes"), ("seen", None), ("data_keys", "x"),
     ("identity", "x"), ("version", True), ("more", 1)],
    ids=str,
)  # fmt: skip
def test_a_checkpoint_that_somebody_edited_says_what_to_do(
    client_estate: ClientEstate, acme: Tenant, tmp_path: Path, field: str, value: Any
) -> None:
    table = create_table(client_estate)
    fill(table, 1)
    reencrypt(items(table, acme), checkpoint=tmp_path / "job")
    saved = json.loads((tmp_path / "job").read_text())
    (tmp_path / "job").write_text(json.dumps(saved | {field: value}))
    with pytest.raises(ConfigurationError, match="delete it to start over"):
        reencrypt(items(table, acme), checkpoint=tmp_path / "job")
    assert not (tmp_path / "job.lock").exists()


def test_a_checkpoint_that_cannot_be_a_file_is_a_clear_error(
    client_estate: ClientEstate, acme: Tenant, tmp_path: Path
) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    for path in (tmp_path, Path("/proc/job"), tmp_path / "bytes", str(tmp_path / "no" / "job")):
        with pytest.raises(ConfigurationError, match=r"checkpoint|no such folder"):
            reencrypt(items(create_table(client_estate), acme), checkpoint=path)


@pytest.mark.parametrize("segment", [(4, 4), (-1, 4), (0, 0), (0, 1_000_001)])
def test_a_segment_that_cannot_be_is_refused_at_once(
    client_estate: ClientEstate, acme: Tenant, segment: tuple[int, int]
) -> None:
    with pytest.raises(ValueError, match="segment: got"):
        items(create_table(client_estate), acme, segment=segment)


HOLDS = """
import os, sys, time
from pathlib import Path
from tenant_keys.client.reencrypt import FileCheckpoint
checkpoint = FileCheckpoint(Path(sys.argv[1]))
checkpoint.open()
print(os.getpid(), flush=True)
sys.stdin.read()
"""


def test_of_two_jobs_on_one_checkpoint_the_second_learns_who_has_it_until_that_one_dies(
    client_estate: ClientEstate, acme: Tenant, tmp_path: Path
) -> None:
    table = create_table(client_estate)
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
        since = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00"
        owner = rf'{{"pid": {pid}, "host": "[^"]+", "since": "{since}"}}'
        with pytest.raises(ConfigurationError, match=f"another job is using it: {owner}; wait until"):
            reencrypt(items(table, acme), checkpoint=tmp_path / "job")
        assert all(isinstance(item["card"], str) for item in table.scan()["Items"])
        other.kill()
    assert (tmp_path / "job.lock").exists(), "what a killed job leaves behind"
    assert reencrypt(items(table, acme), checkpoint=tmp_path / "job").counts["converted"] == 2
    assert not (tmp_path / "job.lock").exists()


def test_two_jobs_in_one_process_do_not_share_a_checkpoint_either(
    client_estate: ClientEstate, acme: Tenant, tmp_path: Path
) -> None:
    table = create_table(client_estate)
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
    assert first.place == f"s3://{bucket}/job"
    assert first.open() is None
    first.save("page 1")
    with pytest.raises(ConfigurationError, match=r"another job is using it: one, until 1970-01-01T00:17:40\+00:00"):
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
    with pytest.raises(ConfigurationError, match="delete it to start over"):
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


@pytest.mark.parametrize("version", [1, 3, "2", None])
def test_a_checkpoint_of_another_version_is_refused(version: object) -> None:
    saved = json.loads(Progress({}).to_json()) | {"version": version}
    with pytest.raises(ConfigurationError, match="job: is not a checkpoint of this version; delete it to start over"):
        Progress.from_json(json.dumps(saved), origin="job")


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc to list open files")
def test_a_job_that_is_refused_holds_no_file_of_the_one_that_runs(tmp_path: Path) -> None:
    first, second = FileCheckpoint(tmp_path / "job"), FileCheckpoint(tmp_path / "job")
    first.open()
    with pytest.raises(ConfigurationError, match="another job is using it") as refused:
        second.open()
    links = [one for one in Path("/proc/self/fd").iterdir() if one.is_symlink()]
    assert [one.readlink().name for one in links].count("job.lock") == 1
    assert refused.traceback  # which would keep what the refused job holds
    first.close()


def test_a_version_of_an_object_is_labelled_by_both_names() -> None:
    objects = S3Objects.__new__(S3Objects)
    assert objects.label(("caf\u00e9/1", "v1")) == '["caf\u00e9/1", "v1"]'
    assert objects.labelled('["caf\u00e9/1", "v1"]') == ("caf\u00e9/1", "v1")
