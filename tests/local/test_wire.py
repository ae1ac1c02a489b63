"""Requests as a hostile client sends them, byte by byte: who signed what is decided before anything else is asked."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from botocore import auth
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config

from tenant_keys.local import LocalAws
from tenant_keys.local.caller import Caller, CallerKind
from tenant_keys.local.fault import Fault
from tenant_keys.local.identity import Identities, Signed
from tenant_keys.local.organization import Organization
from tenant_keys.local.sts.sessions import Session, Sessions
from tests.local import handmade

JSON = "application/x-amz-json-1.1"
LIST_KEYS = {"Content-Type": JSON, "X-Amz-Target": "TrentService.ListKeys"}
WHO_AM_I = "/?Action=GetCallerIdentity&Version=2011-06-15"


def send(
    aws: LocalAws, headers: Mapping[str, str], body: bytes = b"{}", *, path: str = "/", method: str = "POST"
) -> tuple[int, bytes]:
    trusted = ssl.create_default_context(cafile=str(aws.settings.certificate))
    connection = http.client.HTTPSConnection("127.0.0.1", aws.port, context=trusted, timeout=20)
    try:
        connection.request(method, path, body=body, headers=dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def code_of(answer: tuple[int, bytes]) -> str:
    status, body = answer
    if status == 200:
        return "ok"
    if body.startswith(b"{"):
        return str(json.loads(body)["__type"])
    return body.decode().partition("<Code>")[2].partition("<")[0]


def signed(
    aws: LocalAws,
    headers: Mapping[str, str] = LIST_KEYS,
    body: bytes = b"{}",
    *,
    service: str = "kms",
    session: boto3.Session | None = None,
) -> dict[str, str]:
    credentials = (session or aws.session()).get_credentials()
    assert credentials is not None
    request = AWSRequest("POST", f"{aws.endpoint}/", headers=dict(headers), data=body)
    SigV4Auth(credentials, service, handmade.REGION).add_auth(request)
    return dict(request.headers.items())


def signed_over(aws: LocalAws, names: set[str]) -> dict[str, str]:
    """A request whose signature covers no other headers than these; all are sent."""

    class Careless(SigV4Auth):
        def headers_to_sign(self, request: AWSRequest) -> Any:
            found = super().headers_to_sign(request)
            for name in set(found) - names:
                del found[name]
            return found

    credentials = aws.session().get_credentials()
    assert credentials is not None
    request = AWSRequest("POST", f"{aws.endpoint}/", headers=dict(LIST_KEYS), data=b"{}")
    Careless(credentials, "kms", handmade.REGION).add_auth(request)
    return dict(request.headers.items())


def presigned(aws: LocalAws, *, age: timedelta = timedelta(), expires: int = 60) -> str:
    then = datetime.now(UTC) - age
    credentials = aws.session().get_credentials()
    assert credentials is not None
    request = AWSRequest("GET", f"{aws.endpoint}{WHO_AM_I}")
    with patch.object(auth, "get_current_datetime", lambda: then.replace(tzinfo=None)):
        SigV4QueryAuth(credentials, "sts", handmade.REGION, expires=expires).add_auth(request)
    return str(request.url).removeprefix(aws.endpoint)


def test_a_true_signature_holds(aws: LocalAws) -> None:
    assert code_of(send(aws, signed(aws))) == "ok"
    declared = LIST_KEYS | {"X-Amz-Content-SHA256": hashlib.sha256(b"{}").hexdigest()}
    assert code_of(send(aws, signed(aws, declared))) == "ok"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Host", "kms.us-east-1.amazonaws.com"),
        ("X-Amz-Target", "TrentService.ListAliases"),
        ("Content-Type", "application/x-amz-json-1.0"),
        ("X-Amz-Content-SHA256", hashlib.sha256(b"").hexdigest()),
        ("X-Amz-Later", "added"),
    ],
)
def test_a_header_that_was_changed_or_added_is_noticed(aws: LocalAws, name: str, value: str) -> None:
    assert code_of(send(aws, signed(aws) | {name: value})) == "InvalidSignatureException"


def test_another_body_is_noticed(aws: LocalAws) -> None:
    assert code_of(send(aws, signed(aws), b'{"Limit": 1}')) == "InvalidSignatureException"


@pytest.mark.parametrize("part", ["us-east-1", "sts", "20200101"])
def test_another_scope_is_noticed(aws: LocalAws, part: str) -> None:
    headers = signed(aws)
    _, date, region, service, _ = headers["Authorization"].partition("Credential=")[2].split(",")[0].split("/")
    was = {"us-east-1": region, "sts": service, "20200101": date}[part]
    altered = headers["Authorization"].replace(f"/{was}/", f"/{part}/")
    assert code_of(send(aws, headers | {"Authorization": altered})) == "InvalidSignatureException"


@pytest.mark.parametrize("service", ["sts", "s3", "iam", "dynamodb"])
def test_a_signature_for_another_service_does_not_reach_kms(aws: LocalAws, service: str) -> None:
    assert code_of(send(aws, signed(aws, service=service))) == "InvalidSignatureException"


@pytest.mark.parametrize("left_out", ["host", "x-amz-target", "x-amz-date"])
def test_the_host_and_every_header_of_aws_must_be_signed(aws: LocalAws, left_out: str) -> None:
    names = {"host", "content-type", "x-amz-date", "x-amz-target"}
    assert code_of(send(aws, signed_over(aws, names))) == "ok"
    assert code_of(send(aws, signed_over(aws, names - {left_out}))) == "InvalidSignatureException"


@pytest.mark.parametrize("declared", ["UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "0" * 64])
@pytest.mark.parametrize("service", ["kms", "dynamodb"])
def test_the_body_is_always_signed(aws: LocalAws, service: str, declared: str) -> None:
    """S3 alone takes a body that is not."""
    target = {"kms": "TrentService.ListKeys", "dynamodb": "DynamoDB_20120810.ListTables"}[service]
    headers = {"Content-Type": JSON, "X-Amz-Target": target, "X-Amz-Content-SHA256": declared}
    assert code_of(send(aws, signed(aws, headers, service=service))) == "InvalidSignatureException"


def test_a_request_that_is_too_old_is_refused(aws: LocalAws) -> None:
    then = datetime.now(UTC).replace(tzinfo=None) - timedelta(hours=1)
    with patch.object(auth, "get_current_datetime", lambda: then):
        headers = signed(aws)
    answer = send(aws, headers)
    assert code_of(answer) == "InvalidSignatureException"
    assert b"Signature expired" in answer[1]


def test_a_presigned_request_ends_when_it_said(aws: LocalAws) -> None:
    assert code_of(send(aws, {}, b"", path=presigned(aws), method="GET")) == "ok"
    for old in (
        presigned(aws, age=timedelta(minutes=2)),
        presigned(aws, age=timedelta(hours=1), expires=86_400),  # STS looks no further than fifteen minutes
        presigned(aws, age=timedelta(hours=-1)),
    ):
        assert code_of(send(aws, {}, b"", path=old, method="GET")) == "SignatureDoesNotMatch"
    longer = presigned(aws, age=timedelta(minutes=2)).replace("X-Amz-Expires=60", "X-Amz-Expires=600")
    assert code_of(send(aws, {}, b"", path=longer, method="GET")) == "SignatureDoesNotMatch"


def test_a_presigned_request_without_its_signature_is_nobody_s(aws: LocalAws) -> None:
    without = presigned(aws).partition("&X-Amz-Signature=")[0]
    assert code_of(send(aws, {}, b"", path=without, method="GET")) == "MissingAuthenticationToken"


def test_s3_takes_presigned_links_with_their_signature_alone(aws: LocalAws) -> None:
    s3 = aws.session().client("s3", config=Config(signature_version="s3v4"))
    s3.create_bucket(Bucket="links", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="links", Key="k", Body=b"linked")
    link = s3.generate_presigned_url("get_object", Params={"Bucket": "links", "Key": "k"}, ExpiresIn=60)
    path = link.removeprefix(aws.endpoint)
    assert send(aws, {}, b"", path=path, method="GET") == (200, b"linked")
    assert code_of(send(aws, {}, b"", path=f"{path[:-4]}0000", method="GET")) == "SignatureDoesNotMatch"
    for unsigned in (
        "/links/k",
        path.partition("&X-Amz-Signature=")[0],
        "/links/k?AWSAccessKeyId=111111111111&Signature=x",
    ):
        assert code_of(send(aws, {}, b"", path=unsigned, method="GET")) == "MissingAuthenticationToken"


def test_a_session_key_needs_its_own_token(aws: LocalAws, kms: Any) -> None:
    one, other = (_session(aws).get_credentials().get_frozen_credentials() for _ in range(2))
    mixed = boto3.Session(one.access_key, one.secret_key, other.token, region_name=handmade.REGION)
    bare = boto3.Session(one.access_key, one.secret_key, region_name=handmade.REGION)
    for wrong in (mixed, bare):
        assert code_of(send(aws, signed(aws, session=wrong))) == "UnrecognizedClientException"


def _session(aws: LocalAws) -> Any:
    role = f"arn:aws:iam::{handmade.CENTRAL}:role/tokens"
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam = aws.session().client("iam")
    if "tokens" not in {each["RoleName"] for each in iam.list_roles()["Roles"]}:
        iam.create_role(RoleName="tokens", AssumeRolePolicyDocument=json.dumps(handmade.document(trust)))
    return aws.run_as(role)


def test_expired_credentials_are_refused() -> None:
    sessions = Sessions()
    caller = Caller(CallerKind.ROLE, handmade.CENTRAL, "arn:aws:sts::111111111111:assumed-role/x/y", "x", None)
    now = datetime.now(UTC)
    session = Session("ASIAEXPIRED000000000", "secret", "token", now - timedelta(seconds=1), caller)
    sessions._sessions[session.access_key] = session
    request = AWSRequest("POST", "https://127.0.0.1/", headers=dict(LIST_KEYS), data=b"{}")
    credentials = boto3.Session(session.access_key, session.secret, session.token).get_credentials()
    assert credentials is not None
    SigV4Auth(credentials, "kms", handmade.REGION).add_auth(request)
    headers = {name.lower(): value for name, value in request.headers.items()} | {"host": "127.0.0.1"}
    identities = Identities(Organization(None, frozenset([handmade.CENTRAL])), sessions)
    with pytest.raises(Fault, match="ExpiredTokenException"):
        identities.authenticate(Signed("POST", "/", {}, headers, b"{}"))


@pytest.mark.parametrize(
    "path", ["/_ministack/reset", "/%5fministack/reset", "//_ministack/reset", "/_localstack/health"]
)
def test_what_ministack_has_beside_aws_is_shut(aws: LocalAws, path: str) -> None:
    for method in ("GET", "POST"):
        status, body = send(aws, {}, b"", path=path, method=method)
        assert status in (403, 404), body


@pytest.mark.parametrize("name", ["health", "reset", "advance", "run-as", "key-states"])
def test_control_is_the_launcher_s_alone(aws: LocalAws, name: str) -> None:
    for headers in ({}, {"X-Local-Control": "guessed"}, signed(aws)):
        assert send(aws, headers, path=f"/_local/{name}")[0] == 403


@pytest.mark.parametrize(
    "parameters",
    [
        b"",
        b"[]",
        b"{",
        b"[" * 100_000,
        {"KeyId": 5},
        {"KeyId": "\ud800"},
        {"EncryptionContext": "tenant_id"},
        {"EncryptionContext": ["tenant_id"]},
        {"EncryptionContext": {"tenant_id": 1}},
        {"EncryptionContext": {"tenant_id": ["acme"]}},
        {"Plaintext": "not base64"},
        {"Plaintext": "é"},
        {"DryRun": "true"},
        {"GrantTokens": "x"},
        {"GrantTokens": [1]},
    ],
    ids=str,
)
def test_what_is_no_request_is_refused_as_aws_does(aws: LocalAws, parameters: Any) -> None:
    key = aws.session().client("kms").create_key()["KeyMetadata"]["KeyId"]
    given = {"KeyId": key, "Plaintext": base64.b64encode(b"x").decode()}
    body = parameters if isinstance(parameters, bytes) else json.dumps(given | parameters).encode()
    headers = {"Content-Type": JSON, "X-Amz-Target": "TrentService.Encrypt"}
    expected = "ValidationException" if body == b"" else "SerializationException"
    assert code_of(send(aws, signed(aws, headers, body), body)) == expected


@pytest.mark.parametrize(
    ("operation", "parameters", "code"),
    [
        ("ListKeys", {"Limit": "many"}, "SerializationException"),
        ("ListKeys", {"Limit": -1}, "ValidationException"),
        ("ListKeys", {"Limit": None}, "ok"),
        ("CreateKey", {"Tags": ["x"]}, "SerializationException"),
        ("CreateKey", {"Tags": [{"TagValue": "x"}]}, "TagException"),
        ("CreateKey", {"Tags": [{"TagKey": "aws:mine", "TagValue": "x"}]}, "TagException"),
        ("CreateKey", {"Policy": {}}, "SerializationException"),
        ("GenerateRandom", {"NumberOfBytes": 0}, "ValidationException"),
        ("GenerateRandom", {"NumberOfBytes": 1.5}, "SerializationException"),
        ("ImportKeyMaterial", {"ValidTo": 1e300}, "SerializationException"),
        ("decrypt", {}, "UnknownOperationException"),
    ],
)
def test_members_of_another_type_or_size_are_refused(
    aws: LocalAws, operation: str, parameters: dict[str, Any], code: str
) -> None:
    body = json.dumps(parameters).encode()
    headers = {"Content-Type": JSON, "X-Amz-Target": f"TrentService.{operation}"}
    assert code_of(send(aws, signed(aws, headers, body), body)) == code
