"""S3 objects and DynamoDB items."""

from __future__ import annotations

import io
import os
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from tenant_keys.client import (
    DamagedMessage,
    MessageRefused,
    Tenant,
    TenantKeys,
    WrongRecord,
    WrongTenant,
    s3,
)
from tenant_keys.client.dynamodb import decrypt_item, encrypt_item
from tests.client.standin import StandIn
from tests.sampled import examples

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

pytestmark = pytest.mark.xdist_group("client-local-aws")
WHERE: dict[str, Any] = {"table": "orders", "key": ("pk", "sk"), "attributes": ("card",), "optional": ("note",)}
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.text(max_size=20),
    st.integers(-(10**20), 10**20).map(Decimal),
    st.binary(min_size=1, max_size=20),
    st.sets(st.text(min_size=1, max_size=5), min_size=1, max_size=3),
    st.sets(st.binary(min_size=1, max_size=5), min_size=1, max_size=3),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=3), inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def offline() -> Tenant:
    return StandIn().add("acme").keys().tenant_without_token("acme")


@examples(80)
@given(card=VALUES, note=VALUES)
def test_an_item_comes_back_with_every_type_of_dynamodb(offline: Tenant, card: Any, note: Any) -> None:
    tenant = offline
    item = {"pk": "a", "sk": Decimal(1), "card": card, "note": note, "open": "x"}
    stored = encrypt_item(tenant, item, **WHERE)
    assert stored["open"] == "x"
    assert isinstance(stored["card"], bytes)
    assert decrypt_item(tenant, stored, **WHERE) == item


@pytest.mark.parametrize("change", [{"pk": "b"}, {"sk": Decimal(2)}, {"sk": "1"}], ids=str)
def test_an_attribute_copied_to_another_item_does_not_open(aws: StandIn, change: dict[str, Any]) -> None:
    tenant = aws.keys().tenant_without_token("acme")
    stored = encrypt_item(tenant, {"pk": "a", "sk": Decimal(1), "card": "1"}, **WHERE)
    with pytest.raises(WrongRecord):
        decrypt_item(tenant, stored | change, **WHERE)
    with pytest.raises(WrongRecord):
        decrypt_item(tenant, stored, **(WHERE | {"table": "other"}))


@pytest.mark.parametrize(
    ("written", "given_back"), [("1.50", "1.5"), ("1E+1", "10"), ("10", "10"), ("-0", "0"), ("1E-130", "1E-130")]
)
def test_a_number_in_the_key_is_known_by_its_value(aws: StandIn, written: str, given_back: str) -> None:
    """DynamoDB drops trailing zeros: the item must open under the key that comes back."""
    tenant = aws.keys().tenant_without_token("acme")
    stored = encrypt_item(tenant, {"pk": "a", "sk": Decimal(written), "card": "1"}, **WHERE)
    assert decrypt_item(tenant, stored | {"sk": Decimal(given_back)}, **WHERE)["card"] == "1"
    with pytest.raises(WrongRecord):
        decrypt_item(tenant, stored | {"sk": Decimal(given_back) + Decimal("0.1")}, **WHERE)
    with pytest.raises(WrongRecord):
        decrypt_item(tenant, stored | {"sk": given_back}, **WHERE)


def test_an_item_without_its_whole_key_is_named(aws: StandIn) -> None:
    with pytest.raises(ValueError, match="lacks sk"):
        encrypt_item(aws.keys().tenant_without_token("acme"), {"pk": "a", "card": "1"}, **WHERE)


def test_attributes_swapped_within_an_item_do_not_open(aws: StandIn) -> None:
    tenant = aws.keys().tenant_without_token("acme")
    stored = encrypt_item(tenant, {"pk": "a", "sk": 1, "card": "1", "note": "2"}, **WHERE)
    with pytest.raises(WrongRecord):
        decrypt_item(tenant, stored | {"card": stored["note"], "note": stored["card"]}, **WHERE)


def test_an_attribute_in_the_clear_is_refused_and_not_passed_through(aws: StandIn) -> None:
    with pytest.raises(DamagedMessage):
        decrypt_item(aws.keys().tenant_without_token("acme"), {"pk": "a", "sk": 1, "card": "1"}, **WHERE)


def test_a_key_attribute_is_never_encrypted(aws: StandIn) -> None:
    with pytest.raises(ValueError, match="common"):
        encrypt_item(aws.keys().tenant_without_token("acme"), {"pk": "a"}, table="t", key=("pk",), attributes=("pk",))


@pytest.mark.parametrize("size", [0, 1, 65_536, 20_000_003])
def test_an_object_of_any_size_comes_back(acme: Tenant, client: S3Client, bucket: str, size: int) -> None:
    data = os.urandom(size)
    s3.put_object(acme, client, bucket=bucket, key="a/b", body=io.BytesIO(data), Metadata={"kind": "report"})
    assert client.head_object(Bucket=bucket, Key="a/b")["Metadata"] == {"kind": "report"}
    with s3.get_object(acme, client, bucket=bucket, key="a/b") as reader:
        assert reader.read() == data
    into = io.BytesIO()
    assert s3.download(acme, client, bucket=bucket, key="a/b", to=into) == size
    assert into.getvalue() == data


def test_a_big_object_takes_the_memory_of_a_few_parts(acme: Tenant) -> None:
    """No read of the source asks for more than a part, and what was read is given before the next is asked for."""
    asked: list[int] = []

    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            asked.append(size)
            return b"x" * size if len(asked) < 400 else b""

    reader = acme.encrypting(Endless(), name="big")
    while reader.read(1024 * 1024):
        pass
    assert len(asked) >= 400
    assert max(asked) <= 2 * 1024 * 1024


def test_a_part_grows_with_the_object_so_that_ten_thousand_suffice() -> None:
    assert s3._part_size(5 * 1024**4) == 530 * 1024 * 1024, "5 TiB and one percent, rounded up to whole mebibytes"
    assert s3._part_size(80 * 10**9) == 8 * 1024 * 1024
    assert s3._part_size(90 * 10**9) == 9 * 1024 * 1024
    assert s3._part_size(None) == 8 * 1024 * 1024


def test_an_object_copied_to_another_key_does_not_open(acme: Tenant, client: S3Client, bucket: str) -> None:
    s3.put_object(acme, client, bucket=bucket, key="mine", body=b"data")
    client.copy_object(Bucket=bucket, Key="yours", CopySource={"Bucket": bucket, "Key": "mine"})
    with pytest.raises(WrongRecord):
        s3.get_object(acme, client, bucket=bucket, key="yours")


def test_another_tenants_object_does_not_open(keys: TenantKeys, client: S3Client, bucket: str) -> None:
    s3.put_object(keys.tenant_without_token("globex"), client, bucket=bucket, key="k", body=b"data")
    with pytest.raises(WrongTenant):
        s3.get_object(keys.tenant_without_token("acme"), client, bucket=bucket, key="k")


def test_a_truncated_object_leaves_no_file_behind(acme: Tenant, client: S3Client, bucket: str) -> None:
    s3.put_object(acme, client, bucket=bucket, key="k", body=b"x" * 500_000)
    whole = client.get_object(Bucket=bucket, Key="k")["Body"].read()
    client.put_object(Bucket=bucket, Key="k", Body=whole[:300_000])
    into = io.BytesIO(b"before")
    into.seek(0, io.SEEK_END)
    with pytest.raises(DamagedMessage):
        s3.download(acme, client, bucket=bucket, key="k", to=into)
    assert into.getvalue() == b"before"


def test_an_object_whose_parts_were_put_together_in_another_order_is_refused(
    acme: Tenant, client: S3Client, bucket: str
) -> None:
    s3.put_object(acme, client, bucket=bucket, key="k", body=os.urandom(20_000_000))
    whole = client.get_object(Bucket=bucket, Key="k")["Body"].read()
    part = 8 * 1024 * 1024
    parts = [whole[at : at + part] for at in range(0, len(whole), part)]
    assert len(parts) == 3
    for order in ([0, 2, 1], [1, 0, 2], [0, 1], [0, 1, 1, 2], [0, 0, 1, 2], [0, 1, 2, 2]):
        client.put_object(Bucket=bucket, Key="k", Body=b"".join(parts[number] for number in order))
        into = io.BytesIO()
        with pytest.raises(MessageRefused):
            s3.download(acme, client, bucket=bucket, key="k", to=into)
        assert not into.getvalue()


@pytest.mark.parametrize("piece", [{"Range": "bytes=0-99"}, {"PartNumber": 1}], ids=str)
def test_a_piece_of_an_object_is_not_asked_for(
    acme: Tenant, client: S3Client, bucket: str, piece: dict[str, Any]
) -> None:
    s3.put_object(acme, client, bucket=bucket, key="k", body=b"data")
    with pytest.raises(ValueError, match="whole"):
        s3.get_object(acme, client, bucket=bucket, key="k", **piece)


class Body:
    """What a WSGI server hands on: read(), and nothing else; `then` comes after what was announced."""

    def __init__(self, data: bytes, then: bytes = b"") -> None:
        self._data = io.BytesIO(data + then)

    def read(self, size: int = -1) -> bytes:
        return self._data.read(size)


@pytest.mark.parametrize("size", [0, 5, 9_000_000])
def test_a_body_of_a_known_size_is_read_so_far_and_no_further(
    acme: Tenant, client: S3Client, bucket: str, size: int
) -> None:
    data = os.urandom(size)
    s3.put_object(acme, client, bucket=bucket, key="k", body=Body(data, b"the next request"), size=size)
    with s3.get_object(acme, client, bucket=bucket, key="k") as reader:
        assert reader.read() == data


@pytest.mark.parametrize("came", [0, 5, 9_000_000])
def test_a_body_that_ends_early_leaves_no_object(acme: Tenant, client: S3Client, bucket: str, came: int) -> None:
    with pytest.raises(EOFError, match="1 bytes early"):
        s3.put_object(acme, client, bucket=bucket, key="k", body=Body(bytes(came)), size=came + 1)
    assert not client.list_objects_v2(Bucket=bucket).get("Contents")
    assert not client.list_multipart_uploads(Bucket=bucket).get("Uploads")


def test_an_upload_is_conditional_when_it_is_asked_to_be(acme: Tenant, client: S3Client, bucket: str) -> None:
    for body in (b"small", bytes(9_000_000)):
        s3.put_object(acme, client, bucket=bucket, key=str(len(body)), body=body, IfNoneMatch="*")
        with pytest.raises(ClientError, match="PreconditionFailed"):
            s3.put_object(acme, client, bucket=bucket, key=str(len(body)), body=body, IfNoneMatch="*")


def test_an_upload_that_fails_leaves_no_parts_behind(acme: Tenant, client: S3Client, bucket: str) -> None:
    class Breaks(io.RawIOBase):
        left = 30

        def read(self, size: int = -1) -> bytes:
            self.left -= 1
            if not self.left:
                raise OSError("the disk is gone")
            return b"x" * 1_000_000

    with pytest.raises(OSError, match="disk"):
        s3.put_object(acme, client, bucket=bucket, key="k", body=Breaks())
    assert not client.list_multipart_uploads(Bucket=bucket).get("Uploads")
    assert not client.list_objects_v2(Bucket=bucket).get("Contents")
