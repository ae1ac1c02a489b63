"""Rewrapping and the census, consistent reads, work in parts."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tenant_keys.client import (
    ConfigurationError,
    Limits,
    Tenant,
    TenantKeys,
    WrongTenant,
    s3,
)
from tenant_keys.client.dynamodb import decrypt_item, encrypt_item
from tenant_keys.client.reencrypt import (
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
from tools.benchmarks.client_estate import ORDERS, ClientEstate

if TYPE_CHECKING:
    from types_boto3_dynamodb.service_resource import Table
    from types_boto3_s3 import S3Client
from tests.client.reencryption import OF, data_keys, fill, items, read

pytestmark = pytest.mark.xdist_group("client-local-aws")


def test_keys_of_every_type_are_found_again_by_their_label(
    client_estate: ClientEstate, acme: Tenant, tmp_path: Path
) -> None:
    table = (
        client_estate.aws.session(ORDERS)
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
    client_estate: ClientEstate, keys: TenantKeys, tmp_path: Path
) -> None:
    table = create_table(client_estate)
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


def test_every_read_of_a_job_over_a_table_is_a_consistent_one(
    client_estate: ClientEstate, acme: Tenant, tmp_path: Path
) -> None:
    """Else a record that was just written in the clear is missed, or an old one is written over a new one."""
    for work in Work:
        table = create_table(client_estate)
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


def test_the_item_that_is_read_again_is_read_consistently(
    client_estate: ClientEstate, acme: Tenant, tmp_path: Path
) -> None:
    table = create_table(client_estate)
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


def rotate(client_estate: ClientEstate, tenant: str) -> None:
    client_estate.as_role("KeyAdministrator", "rotate_key_on_demand", KeyId=client_estate.key_arn(tenant))


def census(target: Any, tmp_path: Path, name: str) -> Progress:
    return reencrypt(target, checkpoint=tmp_path / f"census-{name}", work=Work.CENSUS)


def test_rewrapping_leaves_no_old_data_key_though_the_process_has_one_in_its_cache(
    client_estate: ClientEstate, acme: Tenant, tmp_path: Path
) -> None:
    table = create_table(client_estate)
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
    client_estate: ClientEstate, client: S3Client, tmp_path: Path
) -> None:
    """tenant_of may hand out a handle of another TenantKeys for each record, each with an old data key in its cache."""
    table, bucket = create_table(client_estate), create_bucket(client)
    many = [client_estate.keys("orders").tenant_without_token("acme") for _ in range(3)]
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


def test_rewrapping_two_tenants_keeps_each_to_its_own(
    client_estate: ClientEstate, keys: TenantKeys, tmp_path: Path
) -> None:
    table = create_table(client_estate)
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


def test_a_census_says_that_the_old_material_is_unused_once_all_is_rewrapped(
    client_estate: ClientEstate, tmp_path: Path
) -> None:
    table = create_table(client_estate)
    tenant = client_estate.keys("orders", limits=Limits(max_age=0)).tenant_without_token("hooli")
    fill(table, 3, tenant)
    (old,) = census(items(table, tenant), tmp_path, "a").materials
    assert len(old) == 64
    rotate(client_estate, "hooli")
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


def test_a_census_that_is_not_whole_proves_nothing(client_estate: ClientEstate, acme: Tenant, tmp_path: Path) -> None:
    table = create_table(client_estate)
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


def test_a_census_of_a_bucket_counts_its_old_versions(
    client_estate: ClientEstate, client: S3Client, tmp_path: Path
) -> None:
    tenant = client_estate.keys("orders", limits=Limits(max_age=0)).tenant_without_token("initech")
    bucket = create_bucket(client)
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for key in "abc":
        s3.put_object(tenant, client, bucket=bucket, key=key, body=b"data")
    job = S3Objects(client, bucket=bucket, tenant_of=lambda _: tenant, page=2)
    (old,) = census(job, tmp_path, "a").materials
    rotate(client_estate, "initech")
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
    client_estate: ClientEstate, acme: Tenant, client: S3Client, tmp_path: Path
) -> None:
    table, bucket = create_table(client_estate), create_bucket(client)
    table.put_item(Item={"pk": "clear", "card": "x"})
    s3.put_object(acme, client, bucket=bucket, key="cut", body=bytes(200_000))
    whole = client.get_object(Bucket=bucket, Key="cut")["Body"].read()
    client.put_object(Bucket=bucket, Key="cut", Body=whole[:150_000])
    client.put_object(Bucket=bucket, Key="clear", Body=b"x")
    progress = reencrypt(items(table, acme), checkpoint=tmp_path / "a", work=Work.REWRAP)
    assert progress.failures[0][1].startswith("NotConverted: card is not encrypted")
    job = S3Objects(client, bucket=bucket, tenant_of=lambda _: acme)
    progress = reencrypt(job, checkpoint=tmp_path / "b", work=Work.REWRAP)
    assert sorted(why.split(":")[0] for _, why in progress.failures) == ["DamagedMessage", "NotConverted"]
    assert client.get_object(Bucket=bucket, Key="cut")["Body"].read() == whole[:150_000]


def test_materials_are_for_rewrapping_alone(client_estate: ClientEstate, acme: Tenant, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"only Work\.REWRAP"):
        reencrypt(items(create_table(client_estate), acme), checkpoint=tmp_path / "a", materials=["0" * 64])


def test_segments_of_a_table_are_all_of_it_once(client_estate: ClientEstate, acme: Tenant, tmp_path: Path) -> None:
    table = create_table(client_estate)
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


def test_a_worker_that_has_had_enough_is_called_again_and_goes_on(
    client_estate: ClientEstate, acme: Tenant, client: S3Client
) -> None:
    table, bucket = create_table(client_estate), create_bucket(client)
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
    client_estate: ClientEstate, acme: Tenant, tmp_path: Path
) -> None:
    """Rewrapping reads, and the application writes encrypted, between the read and the write."""
    table = create_table(client_estate)
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
