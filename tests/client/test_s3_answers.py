"""What a job and its checkpoint make of each answer of S3, and what is kept of an object; nothing is sent."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tenant_keys.client import ConfigurationError, ServiceUnavailable, Tenant
from tenant_keys.client.errors import NotConverted
from tenant_keys.client.reencrypt import Progress, S3Checkpoint, S3Objects, Work
from tenant_keys.client.reencrypt.work import Outcome, Task
from tests.client.recorded_s3 import RecordedS3
from tests.client.reencryption import answer
from tests.client.standin import StandIn


@pytest.fixture
def acme(aws: StandIn) -> Tenant:
    return aws.keys().tenant_without_token("acme")


def encrypting() -> Task:
    return Task(Work.ENCRYPT, Progress({}), dry_run=False, materials=frozenset(), save=lambda: None)


def job(recorded: RecordedS3, tenant: Tenant, **options: Any) -> S3Objects:
    return S3Objects(recorded.client, bucket="data", tenant_of=lambda _: tenant, **options)


def refusing(code: str) -> RecordedS3:
    return RecordedS3(breaks="GetObject", code=code)


@pytest.mark.parametrize("code", ["NoSuchKey", "NoSuchVersion", "404"])
def test_an_object_that_is_gone_is_nothing_to_convert(acme: Tenant, code: str) -> None:
    assert job(refusing(code), acme).convert(("k", None), encrypting()) is Outcome.NOTHING


@pytest.mark.parametrize("code", ["InvalidObjectState", "AccessDenied", "403", "EntityTooLarge"])
def test_an_object_that_cannot_be_read_or_written_is_not_converted(acme: Tenant, code: str) -> None:
    with pytest.raises(NotConverted, match=f"^S3 refuses GetObject: {code}$"):
        job(refusing(code), acme).convert(("k", None), encrypting())


@pytest.mark.parametrize("code", ["PreconditionFailed", "ConditionalRequestConflict", "412", "409"])
def test_an_object_that_others_write_all_the_time_is_read_five_times_and_not_converted(acme: Tenant, code: str) -> None:
    recorded = refusing(code)
    with pytest.raises(NotConverted, match=r"^written by others 5 times in a row$"):
        job(recorded, acme).convert(("k", None), encrypting())
    assert len(recorded.given("GetObject")) == 5


@pytest.mark.parametrize("code", ["SlowDown", "NoSuchBucket", "SomethingNew"])
def test_any_other_answer_is_the_jobs(acme: Tenant, code: str) -> None:
    recorded = refusing(code)
    with pytest.raises(ClientError, match=code):
        job(recorded, acme).convert(("k", None), encrypting())
    assert len(recorded.given("GetObject")) == 1


KEPT = {
    "CacheControl": "no-store",
    "ContentDisposition": "attachment",
    "ContentEncoding": "gzip",
    "ContentLanguage": "de",
    "ContentType": "text/plain",
    "Expires": "Thu, 01 Jan 2032 00:00:00 GMT",
    "Metadata": {"n": "1"},
    "StorageClass": "STANDARD_IA",
    "WebsiteRedirectLocation": "/new",
    "ServerSideEncryption": "aws:kms",
    "SSEKMSKeyId": "arn:aws:kms:eu-west-1:222222222222:key/1",
    "BucketKeyEnabled": True,
}


def test_an_object_is_written_with_what_it_had_and_over_the_very_object_that_was_read(acme: Tenant) -> None:
    others = {"LastModified": "now", "ContentLanguageX": "x", "VersionId": "1", "AcceptRanges": "bytes"}
    recorded = RecordedS3(content=b"data", also={"GetObject": {**KEPT, **others}})
    recorded.answers["GetObjectTagging"] = {"TagSet": [{"Key": "team", "Value": "a b"}, {"Key": "n", "Value": "1"}]}
    access = {"ExpectedBucketOwner": "222222222222"}
    assert job(recorded, acme, access=access).convert(("k", None), encrypting()) is Outcome.CONVERTED
    (written,) = recorded.given("PutObject")
    assert io.BytesIO(written.pop("Body")).read(3) == b"\x02\x04\x78"
    assert written == {"Bucket": "data", "Key": "k", "IfMatch": '"e"', "Tagging": "team=a+b&n=1", **KEPT, **access}
    assert recorded.given("GetObject") == [{"Bucket": "data", "Key": "k", **access}]
    assert recorded.given("GetObjectTagging") == [{"Bucket": "data", "Key": "k", **access}]


def test_an_object_without_tags_and_properties_gets_none(acme: Tenant) -> None:
    recorded = RecordedS3(content=b"data")
    job(recorded, acme).convert(("k", None), encrypting())
    (written,) = recorded.given("PutObject")
    assert set(written) == {"Bucket", "Key", "Body", "IfMatch"}


class Bucket:
    """A checkpoint's bucket that refuses writes or reads."""

    def __init__(self, *, get: object, put: ClientError | None = None) -> None:
        self._get, self._put, self.written = get, put, list[dict[str, Any]]()

    def get_object(self, **_: Any) -> Any:
        if isinstance(self._get, Exception):
            raise self._get
        return {"Body": io.BytesIO(json.dumps(self._get).encode()), "ETag": '"old"'}

    def put_object(self, **request: Any) -> Any:
        self.written.append(request)
        if self._put is not None:
            raise self._put
        return {"ETag": '"new"'}


def checkpoint(bucket: Bucket) -> S3Checkpoint:
    client: Any = bucket
    return S3Checkpoint(client, bucket="data", key="job", owner="one", lease=60, now=lambda: 1000.0)


OTHERS = {"owner": "two", "until": 2000, "progress": "page 7", "write": "theirs"}


@pytest.mark.parametrize("code", ["NoSuchKey", "404"])
def test_a_checkpoint_that_is_not_there_is_written_where_nobody_else_wrote_it(code: str) -> None:
    bucket = Bucket(get=answer(code))
    assert checkpoint(bucket).open() is None
    (written,) = bucket.written
    saved = json.loads(written.pop("Body"))
    assert len(saved.pop("write")) == 32
    assert saved == {"owner": "one", "until": 1060.0, "progress": None}
    assert written == {"Bucket": "data", "Key": "job", "IfNoneMatch": "*"}


@pytest.mark.parametrize("code", ["PreconditionFailed", "ConditionalRequestConflict", "412", "409", "NoSuchKey", "404"])
def test_a_write_that_came_second_is_another_jobs(code: str) -> None:
    bucket = Bucket(get={**OTHERS, "until": 0}, put=answer(code))
    with pytest.raises(
        ConfigurationError, match="another job has written this checkpoint since one did; only one may go on"
    ):
        checkpoint(bucket).open()
    assert bucket.written[0]["IfMatch"] == '"old"'


@pytest.mark.parametrize(
    ("code", "kind"),
    [("SlowDown", ServiceUnavailable), ("AccessDenied", ConfigurationError), ("412x", ConfigurationError)],
)
def test_a_checkpoint_that_s3_refuses_is_reported_with_its_place_and_the_code(code: str, kind: type[Exception]) -> None:
    with pytest.raises(kind, match=f"^s3://data/job: S3 refuses GetObject: {code}$"):
        checkpoint(Bucket(get=answer(code))).open()
    with pytest.raises(kind, match=f"^s3://data/job: S3 refuses PutObject: {code}$"):
        checkpoint(Bucket(get=answer("404"), put=answer(code, operation="PutObject"))).open()


@pytest.mark.parametrize(("until", "free"), [(1000, True), (1000.5, False)])
def test_another_owner_may_take_over_when_the_lease_has_run_out_and_not_before(until: float, free: bool) -> None:
    bucket = Bucket(get={**OTHERS, "until": until})
    if free:
        assert checkpoint(bucket).open() == "page 7"
        return
    with pytest.raises(ConfigurationError, match=r"is using it: two, until 1970-01-01T00:16:40\+00:00 unless it"):
        checkpoint(bucket).open()
    assert checkpoint(bucket).read() == "page 7", "to look at it needs no lease"


def test_a_lease_lasts_as_long_as_a_lambda_function_lives() -> None:
    bucket = Bucket(get=answer("404"))
    client: Any = bucket
    S3Checkpoint(client, bucket="data", key="job", owner="one", now=lambda: 1000.0).open()
    assert json.loads(bucket.written[0]["Body"])["until"] == 1900.0
