"""A table and a bucket have one name however they are reached; a copy opens where it is declared and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tenant_keys.client import Tenant, TenantKeys, WrongRecord, s3
from tenant_keys.client.dynamodb import attribute_name, decrypt_item, encrypt_item
from tenant_keys.client.place import Place, bucket_names, table_names
from tenant_keys.client.reencrypt import DynamoItems, S3Objects, Work, reencrypt
from tests.client.recorded_s3 import RecordedS3
from tests.client.standin import StandIn
from tests.client.tables import create_bucket, create_table
from tools.benchmarks.client_estate import ORDERS, REGION, ClientEstate

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

pytestmark = pytest.mark.xdist_group("client-local-aws")
ARN = "arn:aws:dynamodb:eu-west-1:222222222222:table/orders"
ELSEWHERE = "arn:aws:dynamodb:eu-central-1:222222222222:table/orders"
ITEM = {"pk": "a", "card": "4711"}
OF: dict[str, Any] = {"key": ("pk",), "attributes": ("card",)}
POINT = "arn:aws:s3:eu-west-1:222222222222:accesspoint/reports"
ALIAS = "reports-abcdefghijklmnopqrstuvwxyz012345-s3alias"
MULTI_REGION = "arn:aws:s3::222222222222:accesspoint/mfzwi23gnjvgw.mrap"


@pytest.fixture(scope="module")
def tenant() -> Tenant:
    return StandIn().add("acme").keys().tenant_without_token("acme")


@pytest.fixture(scope="module")
def keys(client_estate: ClientEstate) -> TenantKeys:
    return client_estate.keys("orders")


@pytest.fixture
def acme(keys: TenantKeys) -> Tenant:
    return keys.tenant_without_token("acme")


@pytest.fixture
def client(client_estate: ClientEstate) -> S3Client:
    return client_estate.aws.session(ORDERS).client("s3")


@pytest.mark.parametrize(
    ("table", "place", "names"),
    [
        ("orders", None, ("orders",)),
        (ARN, None, ("orders", ARN)),
        ("restored", Place("orders", at=("orders", "restored")), ("orders",)),
        (ARN, Place("sales", at=("orders",), formerly=("old",)), ("sales", "old", ARN)),
        (ARN, Place("sales", at=(ARN,), formerly=(ARN,)), ("sales", ARN)),
    ],
)
def test_an_item_of_a_table_may_be_bound_to_these_names_alone(
    table: str, place: Place | None, names: tuple[str, ...]
) -> None:
    assert table_names(table, place) == names


@pytest.mark.parametrize(
    ("bucket", "place", "names"),
    [
        ("reports", None, ("reports",)),
        ("copy", Place("reports", at=("reports", "copy")), ("reports",)),
        ("copy", Place("reports", at=("copy",), formerly=("old",)), ("reports", "old")),
        (POINT, Place("reports", at=(POINT,)), ("reports", POINT)),
        (ALIAS, Place("reports", at=(ALIAS,)), ("reports", ALIAS)),
    ],
)
def test_an_object_of_a_bucket_may_be_bound_to_these_names_alone(
    bucket: str, place: Place | None, names: tuple[str, ...]
) -> None:
    assert bucket_names(bucket, place, writing=True) == names
    assert bucket_names(bucket, place, writing=False) == names


@pytest.mark.parametrize("written", ["orders", ARN, ELSEWHERE])
@pytest.mark.parametrize("read", ["orders", ARN, ELSEWHERE])
def test_a_table_by_its_name_and_by_its_arn_in_every_region_is_one(tenant: Tenant, written: str, read: str) -> None:
    stored = encrypt_item(tenant, ITEM, table=written, **OF)
    assert decrypt_item(tenant, stored, table=read, **OF) == ITEM
    assert attribute_name(ITEM, table=written, key=("pk",), attribute="card") == (
        '["dynamodb","orders",{"pk":{"S":"a"}},"card"]'
    )


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:dynamodb:eu-west-1:222222222222:table/orders/index/by-date",
        "arn:aws:dynamodb:eu-west-1:222222222222:table/orders/stream/2026-01-01T00:00:00.000",
        "arn:aws:dynamodb:eu-west-1:222222222222:table/orders/backup/01",
        "arn:aws:dynamodb:eu-west-1:222222222222:table/",
        "arn:aws:dynamodb:eu-west-1:2222:table/orders",
        "arn:aws:dynamodb::222222222222:global-table/orders",
        "arn:aws:s3:::orders",
        "arn:aws:dynamodb:eu-west-1:222222222222:table/orders\n",
        "",
    ],
)
def test_an_arn_of_something_else_than_a_table_is_refused(tenant: Tenant, arn: str) -> None:
    with pytest.raises(ValueError, match="table: got"):
        encrypt_item(tenant, ITEM, table=arn, **OF)


def test_a_restored_table_opens_through_a_declared_place_and_not_without(tenant: Tenant) -> None:
    stored = encrypt_item(tenant, ITEM, table="orders", **OF)
    with pytest.raises(WrongRecord):
        decrypt_item(tenant, stored, table="orders-restored", **OF)
    place = Place("orders", at=("orders", "orders-restored"))
    assert decrypt_item(tenant, stored, table="orders-restored", place=place, **OF) == ITEM
    new = encrypt_item(tenant, ITEM, table="orders-restored", place=place, **OF)
    assert decrypt_item(tenant, new, table="orders", **OF) == ITEM, "a place has one name, wherever it was written"


def test_a_renamed_table_opens_what_it_had_and_is_bound_to_its_new_name(tenant: Tenant) -> None:
    old = encrypt_item(tenant, ITEM, table="orders", **OF)
    place = Place("orders-v2", formerly=("orders",))
    assert decrypt_item(tenant, old, table="orders-v2", place=place, **OF) == ITEM
    new = encrypt_item(tenant, ITEM, table="orders-v2", place=place, **OF)
    assert decrypt_item(tenant, new, table="orders-v2", **OF) == ITEM, "without the declaration, once all are rebound"
    with pytest.raises(WrongRecord):
        decrypt_item(tenant, new, table="orders", **OF)


@pytest.mark.parametrize(
    "place",
    [
        Place("orders"),
        Place("orders", at=("orders", "orders-restored")),
        Place("orders", at=(ELSEWHERE,)),
        Place("archive", formerly=("orders",)),
        Place("orders", at=("orders", "payment", "payments-2")),
    ],
)
def test_a_table_that_a_place_does_not_declare_is_refused_at_once(tenant: Tenant, place: Place) -> None:
    """The declaration of one table must not open its rows in another, nor another's rows in it."""
    stored = encrypt_item(tenant, ITEM, table="orders", **OF)
    for given in ("payments", ARN.replace("/orders", "/payments")):
        with pytest.raises(ValueError, match="declared at"):
            decrypt_item(tenant, stored, table=given, place=place, **OF)
        with pytest.raises(ValueError, match="declared at"):
            encrypt_item(tenant, ITEM, table=given, place=place, **OF)


def test_a_place_opens_no_other_name_than_it_declares(tenant: Tenant) -> None:
    for name in ("payments", "orders-v3", "orders "):
        stored = encrypt_item(tenant, ITEM, table=name, **OF)
        with pytest.raises(WrongRecord):
            decrypt_item(tenant, stored, table="orders", place=Place("orders", formerly=("orders-v2",)), **OF)


def test_a_place_that_names_one_regions_table_is_not_the_table_of_another(tenant: Tenant) -> None:
    place = Place("orders", at=(ARN,))
    stored = encrypt_item(tenant, ITEM, table=ARN, place=place, **OF)
    assert decrypt_item(tenant, stored, table=ARN, place=place, **OF) == ITEM
    for given in (ELSEWHERE, "orders"):
        with pytest.raises(ValueError, match="declared at"):
            decrypt_item(tenant, stored, table=given, place=place, **OF)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""}, {"name": "a/b"}, {"name": "s3://data"}, {"name": ARN}, {"name": "a\n"}, {"name": None},
        {"name": "a", "at": "orders"}, {"name": "a", "at": ("",)}, {"name": "a", "formerly": "orders"},
        {"name": "a", "formerly": ("a",)}, {"name": "a", "formerly": ("data/x",)}, {"name": "a", "at": (1,)},
    ],
    ids=str,
)  # fmt: skip
def test_a_malformed_place_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="place"):
        Place(**wrong)


def test_a_place_is_at_its_own_name_where_no_other_is_given_and_is_a_value() -> None:
    assert Place("orders").at == ("orders",)
    made = Place("orders", at=["copy"], formerly=["old"])
    assert (made.name, made.at, made.formerly) == ("orders", ("copy",), ("old",))
    assert hash(made) == hash(Place("orders", at=("copy",), formerly=("old",)))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": "a/b"}, "place: got 'a/b'; expected letters, digits, '.', '_' and '-'"),
        ({"name": "a", "at": "orders"}, "place a: at: got 'orders'; expected a tuple of names or ARNs"),
        ({"name": "a", "formerly": ("",)}, "place a: formerly: got ('',); expected a tuple of names or ARNs"),
        ({"name": "a", "formerly": ("a",)}, "place a: formerly: got 'a', the name that it has now"),
        (
            {"name": "a", "formerly": ("data/x",)},
            "place a: formerly: got 'data/x'; expected the name of a table or bucket",
        ),
    ],
)
def test_a_malformed_place_is_told_with_its_field_and_what_is_expected(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match="place") as refused:
        Place(**wrong)
    assert str(refused.value) == said


def stored_body(tenant: Tenant, **where: Any) -> bytes:
    recorded = RecordedS3()
    s3.put_object(tenant, recorded.client, key="1.pdf", body=b"%PDF", **where)
    body: bytes = recorded.given("PutObject")[0]["Body"]
    return body


def read_body(tenant: Tenant, content: bytes, **where: Any) -> bytes:
    with s3.get_object(tenant, RecordedS3(content=content).client, key="1.pdf", **where) as reader:
        return reader.read()


REPORTS = Place("data", at=("data", POINT, ALIAS))


@pytest.mark.parametrize("written", ["data", POINT, ALIAS])
@pytest.mark.parametrize("read", ["data", POINT, ALIAS])
def test_a_bucket_by_its_name_and_by_its_access_points_is_one(tenant: Tenant, written: str, read: str) -> None:
    body = stored_body(tenant, bucket=written, place=REPORTS)
    assert read_body(tenant, body, bucket=read, place=REPORTS) == b"%PDF"
    assert read_body(tenant, body, bucket="data") == b"%PDF"


@pytest.mark.parametrize(
    "bucket",
    [POINT, ALIAS, MULTI_REGION, "data--ol-s3", "mfzwi23gnjvgw.mrap", "p--use1-az4--xa-s3", "arn:aws:s3:::data", "a/b",
     "s3://data", ""],
)  # fmt: skip
def test_nothing_is_written_through_an_access_point_that_no_place_declares(tenant: Tenant, bucket: str) -> None:
    recorded = RecordedS3()
    with pytest.raises(ValueError, match="place="):
        s3.put_object(tenant, recorded.client, bucket=bucket, key="k", body=b"")
    assert recorded.requests == []
    with pytest.raises(ValueError, match="declared at"):
        s3.put_object(tenant, recorded.client, bucket=bucket, key="k", body=b"", place=Place("data"))
    assert recorded.requests == []


@pytest.mark.parametrize("bucket", ["data", "data.example.com", "Old_Bucket", "d--use1-az4--x-s3", "x" * 63])
def test_a_buckets_own_name_needs_no_place(tenant: Tenant, bucket: str) -> None:
    assert read_body(tenant, stored_body(tenant, bucket=bucket), bucket=bucket) == b"%PDF"


def test_a_replicated_bucket_opens_through_a_declared_place_and_not_without(acme: Tenant, client: S3Client) -> None:
    one, two = create_bucket(client), create_bucket(client)
    s3.put_object(acme, client, bucket=one, key="k", body=b"data")
    client.copy_object(Bucket=two, Key="k", CopySource={"Bucket": one, "Key": "k"})
    with pytest.raises(WrongRecord):
        s3.get_object(acme, client, bucket=two, key="k")
    with pytest.raises(ValueError, match="declared at"):
        s3.get_object(acme, client, bucket=two, key="k", place=Place(one))
    place = Place(one, at=(one, two))
    with s3.get_object(acme, client, bucket=two, key="k", place=place) as reader:
        assert reader.read() == b"data"
    client.copy_object(Bucket=two, Key="other", CopySource={"Bucket": one, "Key": "k"})
    with pytest.raises(WrongRecord):
        s3.get_object(acme, client, bucket=two, key="other", place=place)


def test_a_job_binds_a_restored_table_to_its_new_name(
    client_estate: ClientEstate, keys: TenantKeys, tmp_path: Path
) -> None:
    table = create_table(client_estate)
    acme = keys.tenant_without_token("acme")
    for number in range(7):
        where = {"table": "orders" if number < 5 else table.name}
        table.put_item(Item=encrypt_item(acme, {"pk": str(number), "card": number}, **where, **OF))
    place = Place(table.name, formerly=("orders",))
    options: dict[str, Any] = {"tenant_of": lambda _: acme, "page": 3, "place": place, **OF}
    progress = reencrypt(DynamoItems(table, **options), checkpoint=tmp_path / "job", work=Work.REBIND)
    assert (progress.counts["converted"], progress.counts["already"], progress.exit_code) == (5, 2, 0)
    for item in table.scan()["Items"]:
        assert decrypt_item(acme, item, table=table.name, **OF)["card"] == int(str(item["pk"]))
    again = reencrypt(DynamoItems(table, **options), checkpoint=tmp_path / "again", work=Work.REBIND)
    assert (again.counts["converted"], again.counts["already"]) == (0, 7)


def test_rebinding_refuses_what_is_in_the_clear_and_what_is_bound_elsewhere(
    client_estate: ClientEstate, keys: TenantKeys, tmp_path: Path
) -> None:
    table = create_table(client_estate)
    acme = keys.tenant_without_token("acme")
    table.put_item(Item={"pk": "clear", "card": "4711"})
    table.put_item(Item=encrypt_item(acme, {"pk": "stolen", "card": "1"}, table="payments", **OF))
    table.put_item(Item=encrypt_item(acme, {"pk": "good", "card": "1"}, table="orders", **OF))
    before = {str(item["pk"]): item for item in table.scan()["Items"]}
    job = DynamoItems(table, tenant_of=lambda _: acme, place=Place(table.name, formerly=("orders",)), **OF)
    progress = reencrypt(job, checkpoint=tmp_path / "job", work=Work.REBIND)
    assert progress.exit_code == 2
    assert {json.loads(record)["pk"]["S"]: why.split(":")[0] for record, why in progress.failures} == {
        "clear": "NotConverted",
        "stolen": "WrongRecord",
    }
    after = {str(item["pk"]): item for item in table.scan()["Items"]}
    assert after["clear"] == before["clear"]
    assert after["stolen"] == before["stolen"]


def test_a_job_binds_a_replicated_bucket_to_its_new_name(acme: Tenant, client: S3Client, tmp_path: Path) -> None:
    one, two = create_bucket(client), create_bucket(client)
    for number in range(5):
        s3.put_object(acme, client, bucket=one, key=str(number), body=bytes(number * 3_000_000), Metadata={"n": "1"})
        client.copy_object(Bucket=two, Key=str(number), CopySource={"Bucket": one, "Key": str(number)})
    job = S3Objects(client, bucket=two, place=Place(two, formerly=(one,)), tenant_of=lambda _: acme, page=2)
    progress = reencrypt(job, checkpoint=tmp_path / "job", work=Work.REBIND)
    assert (progress.counts["converted"], progress.exit_code) == (5, 0)
    for number in range(5):
        with s3.get_object(acme, client, bucket=two, key=str(number)) as reader:
            assert reader.read() == bytes(number * 3_000_000)
        assert client.head_object(Bucket=two, Key=str(number))["Metadata"] == {"n": "1"}
    assert reencrypt(job, checkpoint=tmp_path / "b", work=Work.REBIND).counts["already"] == 5


def test_a_job_over_a_table_given_by_its_arn_is_the_same_job(
    client_estate: ClientEstate, keys: TenantKeys, tmp_path: Path
) -> None:
    table = create_table(client_estate)
    table.put_item(Item={"pk": "a", "card": "4711"})
    arn = f"arn:aws:dynamodb:{REGION}:{ORDERS}:table/{table.name}"
    by_arn = client_estate.aws.session(ORDERS).resource("dynamodb").Table(arn)
    acme = keys.tenant_without_token("acme")
    reencrypt(DynamoItems(by_arn, tenant_of=lambda _: acme, **OF), checkpoint=tmp_path / "job")
    (item,) = table.scan()["Items"]
    assert decrypt_item(acme, item, table=table.name, **OF)["card"] == "4711"


def test_what_0_1_0_bound_to_an_arn_is_rebound_to_the_name(
    client_estate: ClientEstate, keys: TenantKeys, tmp_path: Path
) -> None:
    table = create_table(client_estate)
    arn = f"arn:aws:dynamodb:{REGION}:{ORDERS}:table/{table.name}"
    acme = keys.tenant_without_token("acme")
    name = json.dumps(["dynamodb", arn, {"pk": {"S": "a"}}, "card"], separators=(",", ":"))
    table.put_item(Item={"pk": "a", "card": acme.encrypt(b'{"S":"4711"}', name=name)})
    job = DynamoItems(table, tenant_of=lambda _: acme, place=Place(table.name, formerly=(arn,)), **OF)
    assert reencrypt(job, checkpoint=tmp_path / "job", work=Work.REBIND).counts["converted"] == 1
    (item,) = table.scan()["Items"]
    assert decrypt_item(acme, item, table=table.name, **OF)["card"] == "4711"


def test_a_place_for_a_job_must_declare_its_table_and_bucket(
    client_estate: ClientEstate, client: S3Client, acme: Tenant
) -> None:
    table = create_table(client_estate)
    with pytest.raises(ValueError, match="declared at"):
        DynamoItems(table, tenant_of=lambda _: acme, place=Place("orders"), **OF)
    with pytest.raises(ValueError, match="declared at"):
        S3Objects(client, bucket=f"data-{uuid4().hex}", place=Place("data"), tenant_of=lambda _: acme)
    with pytest.raises(ValueError, match="place="):
        S3Objects(client, bucket=ALIAS, tenant_of=lambda _: acme)
