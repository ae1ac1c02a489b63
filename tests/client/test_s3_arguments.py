"""An argument works for objects of every size or for none: all that botocore's model has are tried."""

from __future__ import annotations

import io
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tenant_keys.client import Tenant, s3
from tenant_keys.client.reencrypt import S3Objects
from tests.client.recorded_s3 import OPERATIONS, RecordedS3
from tests.client.standin import StandIn

OURS = {"Bucket", "Key", "Body"}
SMALL, LARGE = b"small", bytes(9_000_000)
MODEL = RecordedS3()
ARGUMENTS = sorted(MODEL.members("PutObject") - OURS)
REFUSED = {
    "ContentLength", "ContentMD5", "WriteOffsetBytes", "ChecksumCRC32", "ChecksumCRC32C", "ChecksumCRC64NVME",
    "ChecksumMD5", "ChecksumSHA1", "ChecksumSHA256", "ChecksumSHA512", "ChecksumXXHASH128", "ChecksumXXHASH3",
    "ChecksumXXHASH64",
}  # fmt: skip


@pytest.fixture(scope="module")
def acme() -> Tenant:
    return StandIn().add("acme").keys().tenant_without_token("acme")


def put(acme: Tenant, body: bytes, arguments: dict[str, Any], **options: Any) -> RecordedS3:
    recorded = RecordedS3(**options)
    s3.put_object(acme, recorded.client, bucket="data", key="k", body=body, **arguments)
    return recorded


@pytest.mark.parametrize("name", ARGUMENTS)
def test_an_argument_of_putobject_reaches_every_request_that_takes_it_or_is_refused_at_once(
    acme: Tenant, name: str
) -> None:
    arguments = {name: MODEL.sample("PutObject", name)}
    for body in (SMALL, LARGE):
        recorded = RecordedS3()
        if name in REFUSED:
            with pytest.raises(ValueError, match=name):
                s3.put_object(acme, recorded.client, bucket="data", key="k", body=body, **arguments)
            assert recorded.requests == []
            continue
        s3.put_object(acme, recorded.client, bucket="data", key="k", body=body, **arguments)
        sent = {operation for operation, _ in recorded.requests}
        assert sent == ({"PutObject"} if body == SMALL else set(OPERATIONS[1:4]))
        for operation, given in recorded.requests:
            assert (name in given) == (name in MODEL.members(operation)), operation
            assert given.get(name, arguments[name]) == arguments[name]
        assert any(name in given for _, given in recorded.requests)


def test_all_arguments_at_once_reach_the_abort_of_a_failed_upload_as_well(acme: Tenant) -> None:
    arguments = {name: MODEL.sample("PutObject", name) for name in ARGUMENTS if name not in REFUSED}
    assert len(arguments) == 33
    recorded = RecordedS3(breaks="CompleteMultipartUpload")
    with pytest.raises(ClientError, match="InternalError"):
        s3.put_object(acme, recorded.client, bucket="data", key="k", body=LARGE, **arguments)
    (aborted,) = recorded.given("AbortMultipartUpload")
    assert aborted["ExpectedBucketOwner"] == "text"
    assert aborted["RequestPayer"] == "requester"
    assert set(aborted) == {"Bucket", "Key", "UploadId", "ExpectedBucketOwner", "RequestPayer"}
    assert all("SSECustomerKey" in part for part in recorded.given("UploadPart"))
    assert len(recorded.given("UploadPart")) == 2


@pytest.mark.parametrize("name", ["Body", "Bucket", "Key"])
def test_what_the_client_sets_itself_cannot_be_replaced(acme: Tenant, name: str) -> None:
    recorded = RecordedS3()
    with pytest.raises(ValueError, match=name):
        s3.put_object(acme, recorded.client, bucket="data", key="k", body=SMALL, **{name: "other"})
    assert recorded.requests == []


def test_an_argument_that_this_botocore_does_not_know_is_refused_for_both(acme: Tenant) -> None:
    for body in (SMALL, LARGE):
        recorded = RecordedS3()
        shape: Any = recorded.client.meta.service_model.operation_model("PutObject").input_shape
        shape.members.pop("ObjectLockEventHold")
        with pytest.raises(ValueError, match="ObjectLockEventHold"):
            s3.put_object(acme, recorded.client, bucket="data", key="k", body=body, ObjectLockEventHold="ON")
        assert recorded.requests == []


NOT_OF_PUTOBJECT = sorted({name for one in OPERATIONS[1:] for name in MODEL.members(one)} - {*ARGUMENTS, *OURS})


@pytest.mark.parametrize("name", [*NOT_OF_PUTOBJECT, "VersionId", "Range", "ContentMd5", "metadata", "NewInS3"])
def test_what_only_a_large_object_could_have_or_nobody_knows_is_refused_for_both(acme: Tenant, name: str) -> None:
    for body in (SMALL, LARGE):
        recorded = RecordedS3()
        with pytest.raises(ValueError, match=name):
            s3.put_object(acme, recorded.client, bucket="data", key="k", body=body, **{name: "x"})
        assert recorded.requests == []


def test_a_refused_argument_is_not_hidden_by_a_good_one(acme: Tenant) -> None:
    with pytest.raises(ValueError, match=r"ContentMD5.*VersionId") as refused:
        put(acme, SMALL, {"ContentMD5": "x", "ACL": "private", "VersionId": "1"})
    assert "ACL" not in str(refused.value)


OF_THE_BYTES = "describes the bytes sent, which are the encrypted message; use ChecksumAlgorithm"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("ContentLength", OF_THE_BYTES),
        ("ContentMD5", OF_THE_BYTES),
        ("ChecksumSHA256", OF_THE_BYTES),
        ("ChecksumMode", "put_object does not accept it"),
        ("ChecksumType", "PutObject has no such argument, so small objects could not use it"),
        ("WriteOffsetBytes", "an encrypted message cannot be appended to"),
        ("Range", "part of an encrypted object cannot be authenticated; read the whole object"),
        ("PartNumber", "part of an encrypted object cannot be authenticated; read the whole object"),
        ("VersionId", "put_object does not accept it"),
    ],
)
def test_a_refusal_of_an_argument_says_why(acme: Tenant, name: str, why: str) -> None:
    with pytest.raises(ValueError, match=name) as refused:
        put(acme, SMALL, {name: "x"})
    assert str(refused.value) == f"{name}: {why}"


def test_parts_name_their_checksums_where_an_algorithm_is_asked_for(acme: Tenant) -> None:
    (complete,) = put(acme, LARGE, {"ChecksumAlgorithm": "SHA256"}).given("CompleteMultipartUpload")
    assert complete["MultipartUpload"]["Parts"] == [
        {"PartNumber": number, "ETag": '"part"', "ChecksumSHA256": "ChecksumSHA256-of-the-part"} for number in (1, 2)
    ]
    (complete,) = put(acme, LARGE, {}).given("CompleteMultipartUpload")
    assert complete["MultipartUpload"]["Parts"] == [{"PartNumber": number, "ETag": '"part"'} for number in (1, 2)]


def test_a_failed_abort_does_not_hide_why_the_upload_failed(acme: Tenant) -> None:
    recorded = RecordedS3(breaks="AbortMultipartUpload")

    class Breaks(io.RawIOBase):
        left = 20

        def read(self, size: int = -1) -> bytes:
            self.left -= 1
            if not self.left:
                raise OSError("the disk is gone")
            return bytes(1_000_000)

    with pytest.raises(OSError, match="disk") as failed:
        s3.put_object(acme, recorded.client, bucket="data", key="k", body=Breaks())
    assert "could not be aborted" in failed.value.__notes__[0]


READ = sorted(MODEL.members("GetObject") - OURS)


@pytest.mark.parametrize("name", READ)
def test_an_argument_of_getobject_reaches_it_or_is_refused_at_once_whichever_way_it_is_read(
    acme: Tenant, name: str
) -> None:
    stored = put(acme, SMALL, {}).given("PutObject")[0]["Body"]
    arguments = {name: MODEL.sample("GetObject", name)}

    def opened(recorded: RecordedS3) -> bytes:
        with s3.get_object(acme, recorded.client, bucket="data", key="k", **arguments) as reader:
            return reader.read()

    def downloaded(recorded: RecordedS3) -> bytes:
        into = io.BytesIO()
        s3.download(acme, recorded.client, bucket="data", key="k", to=into, **arguments)
        return into.getvalue()

    for read in (opened, downloaded):
        recorded = RecordedS3(content=stored)
        if name in {"Range", "PartNumber"}:
            with pytest.raises(ValueError, match="whole"):
                read(recorded)
            assert recorded.requests == []
        else:
            assert read(recorded) == SMALL
            assert recorded.given("GetObject") == [{"Bucket": "data", "Key": "k", **arguments}]


@pytest.mark.parametrize("name", ["ACL", "UploadId", "MaxKeys", "NewInS3"])
def test_what_getobject_does_not_take_is_refused_at_once(acme: Tenant, name: str) -> None:
    recorded = RecordedS3()
    with pytest.raises(ValueError, match=name):
        s3.get_object(acme, recorded.client, bucket="data", key="k", **{name: "x"})
    assert recorded.requests == []


def test_a_job_over_a_bucket_takes_what_is_the_same_for_all_its_requests_and_refuses_the_rest(acme: Tenant) -> None:
    with pytest.raises(ValueError, match="StorageClass: a job over a bucket does not accept it"):
        S3Objects(MODEL.client, bucket="data", tenant_of=lambda _: acme, access={"StorageClass": "GLACIER"})
