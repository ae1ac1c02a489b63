"""The recipes of docs/runtime.md: the page shows the files of examples/ as they are, and each of them runs here."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from botocore.exceptions import ClientError

from tenant_keys.client import Limits, errors
from tenant_keys.client.sdk import AWSEncryptionSDKClientError
from tests.client.test_local_aws import open_wide_session
from tests.client.test_token import Jwks
from tools.benchmarks.client_estate import AUDIENCE, CENTRAL, ISSUER, ORDERS, REGION, ClientEstate

pytestmark = pytest.mark.xdist_group("client-local-aws")
ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "runtime.md"
SHOWN = re.compile(r"<!-- example: (?P<file>[\w./]+) -->\n```python\n(?P<code>.*?)```\n", re.DOTALL)


def example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"example_{name}", ROOT / "examples" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def credentials(client_estate: ClientEstate, workload: str) -> dict[str, str]:
    found = client_estate.runs_as(workload).get_credentials()
    assert found is not None
    return {"AccessKeyId": found.access_key, "SecretAccessKey": found.secret_key, "SessionToken": found.token or ""}


@pytest.fixture(scope="module")
def jwks(client_estate: ClientEstate) -> Iterator[Jwks]:
    server = Jwks(client_estate.issuer.key_set)
    yield server
    server.stop()


@pytest.fixture
def at_home(client_estate: ClientEstate, jwks: Jwks, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment in which Lambda or ECS runs the workload `orders`."""
    variables = client_estate.aws.environment(credentials=credentials(client_estate, "orders")) | {
        "TENANT_KEYS_WORKLOAD": "orders",
        "TENANT_KEYS_ISSUER": ISSUER,
        "TENANT_KEYS_AUDIENCE": AUDIENCE,
        "TENANT_KEYS_JWKS_URL": jwks.address,
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def token(client_estate: ClientEstate, tenant: str) -> str:
    return client_estate.token(tenant, claims={"tenant_id": tenant})


@pytest.fixture
def bucket(client_estate: ClientEstate) -> str:
    name = f"documents-{uuid4().hex[:12]}"
    configuration: Any = {"LocationConstraint": REGION}
    client_estate.aws.session(ORDERS).client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=configuration)
    return name


def test_the_page_shows_every_example_as_it_is() -> None:
    shown = {match["file"]: match["code"] for match in SHOWN.finditer(PAGE.read_text())}
    files = {f"examples/{path.name}": path.read_text() for path in (ROOT / "examples").glob("*.py")}
    assert shown == files, "copy the examples into docs/runtime.md again"


def test_the_three_lines_of_the_page_run(at_home: pytest.MonkeyPatch, client_estate: ClientEstate) -> None:
    code = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)[0]
    scope = {"token": token(client_estate, "acme"), "data": b"data"}
    exec(code, scope)  # noqa: S102  # the page is ours
    assert scope["opened"] == b"data"


def test_the_page_names_every_error_and_every_limit_with_its_default() -> None:
    page = PAGE.read_text()
    for name, value in vars(errors).items():
        if isinstance(value, type) and issubclass(value, errors.TenantKeysError):
            assert f"`{name}`" in page, f"{name} is missing in docs/runtime.md"
    for limit in fields(Limits):
        default = f"{limit.default:,.0f}"
        assert re.search(rf"\| `{limit.name}` \| {default}( s)? \|", page), f"{limit.name}: {default}"


def test_the_page_moves_existing_data_as_it_says(
    at_home: pytest.MonkeyPatch, client_estate: ClientEstate, tmp_path: Path
) -> None:
    (code,) = (
        block for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL) if "DynamoItems(" in block
    )
    resource = client_estate.aws.session(ORDERS).resource("dynamodb")
    table = resource.create_table(
        TableName=f"cards-{uuid4().hex[:8]}",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    table.put_item(Item={"pk": "1", "tenant": "acme", "card": "4711"})
    at_home.chdir(tmp_path)
    exec(code, {"table": table, "keys": client_estate.keys("orders")})  # noqa: S102  # the page is ours
    assert b"4711" not in bytes(table.get_item(Key={"pk": "1"})["Item"]["card"].value)  # type: ignore[union-attr]
    assert json.loads((tmp_path / "cards.json").read_text())["counts"]["converted"] == 1


def test_a_lambda_function_keeps_cards_apart(at_home: pytest.MonkeyPatch, client_estate: ClientEstate) -> None:
    resource = client_estate.aws.session(ORDERS).resource("dynamodb")
    table = resource.create_table(
        TableName=f"cards-{uuid4().hex[:8]}",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    at_home.setenv("TABLE", table.name)
    module = example("lambda_behind_api")
    module.table.cache_clear()
    at_home.setattr(module, "table", lambda: table)

    def call(method: str, bearer: str, body: object = None) -> dict[str, Any]:
        event = {
            "headers": {"authorization": f"Bearer {bearer}"},
            "pathParameters": {"customer": "7"},
            "requestContext": {"http": {"method": method}},
            "body": json.dumps(body),
        }
        answer: dict[str, Any] = module.handler(event, None)
        return answer

    assert call("PUT", token(client_estate, "acme"), {"card": {"number": "4711"}})["statusCode"] == 204
    assert call("GET", token(client_estate, "acme")) == {"statusCode": 200, "body": '{"card": {"number": "4711"}}'}
    assert call("GET", token(client_estate, "globex"))["statusCode"] == 404
    assert call("GET", token(client_estate, "acme")[:-4] + "AAAA")["statusCode"] == 401
    stolen = table.get_item(Key={"pk": "acme#7"})["Item"]
    table.put_item(Item={**stolen, "pk": "globex#7"})
    assert call("GET", token(client_estate, "globex"))["statusCode"] == 500
    assert b"4711" not in bytes(stolen["card"].value)  # type: ignore[union-attr]


def test_a_container_streams_documents(at_home: pytest.MonkeyPatch, client_estate: ClientEstate, bucket: str) -> None:
    at_home.setenv("BUCKET", bucket)
    app = example("ecs_service").Documents()
    app.s3 = client_estate.aws.session(ORDERS).client("s3")

    def call(method: str, bearer: str, body: bytes = b"") -> tuple[str, bytes]:
        status: list[str] = []
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": "/report.pdf",
            "HTTP_AUTHORIZATION": f"Bearer {bearer}",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
        chunks = app(environ, lambda code, _: status.append(code))
        return status[0], b"".join(chunks)

    data = os.urandom(9_000_000)
    assert call("PUT", token(client_estate, "acme"), data)[0] == "204 No Content"
    assert call("GET", token(client_estate, "acme")) == ("200 OK", data)
    assert call("GET", token(client_estate, "globex"))[0] == "404 Not Found"
    assert call("GET", "")[0] == "401 Unauthorized"


class Server:
    """wsgiref's, whose input is the connection itself: anyone who reads beyond the body waits for ever."""

    def __init__(self, app: Any) -> None:
        class Quiet(WSGIRequestHandler):
            def log_message(self, *_: object) -> None: ...

        self._server = make_server("127.0.0.1", 0, app, handler_class=Quiet)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def send(self, *lines: str, body: bytes = b"", hang_up: bool = False) -> bytes:
        with socket.create_connection(("127.0.0.1", self._server.server_port), timeout=20) as connection:
            connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
            if hang_up:
                connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65_536), b""))

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def test_a_container_behind_a_real_server_takes_what_was_announced_and_no_less(
    at_home: pytest.MonkeyPatch, client_estate: ClientEstate, bucket: str
) -> None:
    at_home.setenv("BUCKET", bucket)
    app = example("ecs_service").Documents()
    app.s3 = client = client_estate.aws.session(ORDERS).client("s3")
    server = Server(app)
    bearer = f"Authorization: Bearer {token(client_estate, 'acme')}"

    def stored() -> list[str]:
        return [item["Key"] for item in client.list_objects_v2(Bucket=bucket).get("Contents", [])]

    try:
        answer = server.send("PUT /a HTTP/1.1", bearer, "Content-Length: 4", body=b"data")
        assert b" 204 " in answer
        assert b" 411 " in server.send("PUT /b HTTP/1.1", bearer)
        cut = server.send("PUT /c HTTP/1.1", bearer, "Content-Length: 9", body=b"data", hang_up=True)
        assert b" 400 " in cut
        assert stored() == ["acme/a"]
        server.send("PUT -evil/d HTTP/1.1", bearer, "Content-Length: 4", body=b"data")
        assert stored() == ["acme/-evil/d", "acme/a"], "never under acme-evil, another tenant's name"
        assert server.send("GET /a HTTP/1.1", bearer).endswith(b"data")
    finally:
        server.stop()


def test_a_batch_job_names_its_tenant(at_home: pytest.MonkeyPatch, client_estate: ClientEstate, bucket: str) -> None:
    from tenant_keys.client import s3

    tenant = client_estate.keys("orders").tenant_without_token("acme")
    client = client_estate.aws.session(ORDERS).client("s3")
    for number in range(5):
        s3.put_object(tenant, client, bucket=bucket, key=f"acme/{number}", body=b"x" * 100)
    for name, value in {"TENANT_ID": "acme", "BUCKET": bucket, "PREFIX": "acme/"}.items():
        at_home.setenv(name, value)
    module = example("batch_job")
    at_home.setattr(module.boto3, "client", lambda _: client)
    assert module.main() == {"bytes": 500, "kms": 1, "hits": 4}


def test_a_server_outside_aws_encrypts_through_a_credential_process(
    at_home: pytest.MonkeyPatch, client_estate: ClientEstate, tmp_path: Path
) -> None:
    answer = tmp_path / "answer.json"
    answer.write_text(json.dumps({"Version": 1, **credentials(client_estate, "orders")}))
    config = tmp_path / "config"
    config.write_text(f"[profile tenant-keys-orders]\nregion = {REGION}\ncredential_process = cat {answer}\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    around = {name: os.environ[name] for name in ("AWS_ENDPOINT_URL", "AWS_CA_BUNDLE")}
    path = os.pathsep.join([str(ROOT), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "on_premises.py"), "acme", "backup/1"],
        input=b"data" * 50_000,
        env=environment | around | {"AWS_CONFIG_FILE": str(config), "PYTHONPATH": path},
        capture_output=True,
        check=True,
    )
    opened = client_estate.keys("orders").tenant_without_token("acme").decrypt(done.stdout, name="backup/1")
    assert opened == b"data" * 50_000


def test_the_stock_sdk_works_for_a_tenant_that_decrypts_by_key_and_for_no_other(client_estate: ClientEstate) -> None:
    stock = example("stock_sdk")
    wayne, acme = (f"arn:aws:kms:{REGION}:{CENTRAL}:alias/tenant-{tenant}" for tenant in ("wayne", "acme"))
    session, other = open_wide_session(client_estate, "wayne"), open_wide_session(client_estate, "acme")
    blob = stock.encrypt(session, wayne, "wayne", "row", b"data")
    assert stock.decrypt(session, CENTRAL, "wayne", "row", blob) == b"data"
    with pytest.raises(ValueError, match="another record"):
        stock.decrypt(session, CENTRAL, "wayne", "ro", blob)
    for tenant in ("acme", "wayne"):
        with pytest.raises(AWSEncryptionSDKClientError):
            stock.decrypt(other, CENTRAL, tenant, "row", blob)
    mine = stock.encrypt(other, acme, "acme", "row", b"data")
    with client_estate.aws.watch() as decisions, pytest.raises(AWSEncryptionSDKClientError):
        stock.decrypt(other, CENTRAL, "acme", "row", mine)
    assert [decision["outcome"] for decision in decisions] == ["EXPLICIT_DENY"], "DenyOtherAlias of the key policy"


@pytest.mark.parametrize("size", [0, 4, 200_000])
def test_the_stock_sdk_and_the_client_read_each_others_messages(client_estate: ClientEstate, size: int) -> None:
    stock, data = example("stock_sdk"), os.urandom(size)
    alias, session = f"arn:aws:kms:{REGION}:{CENTRAL}:alias/tenant-wayne", open_wide_session(client_estate, "wayne")
    wayne = client_estate.keys("orders").tenant_without_token("wayne")
    assert wayne.decrypt(stock.encrypt(session, alias, "wayne", "row", data), name="row") == data
    assert stock.decrypt(session, CENTRAL, "wayne", "row", wayne.encrypt(data, name="row")) == data


def test_a_message_of_the_signed_suite_is_refused_by_the_suites_name(client_estate: ClientEstate) -> None:
    """The SDK's default suite: its public key in the context is not the reason to give."""
    stock: Any = example("stock_sdk")
    session = open_wide_session(client_estate, "wayne")
    stock.SUITE = stock.Algorithm.AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384
    alias = f"arn:aws:kms:{REGION}:{CENTRAL}:alias/tenant-wayne"
    signed = stock.encrypt(session, alias, "wayne", "row", b"data")
    wayne = client_estate.keys("orders").tenant_without_token("wayne")
    for read in (lambda: wayne.decrypt(signed, name="row"), lambda: wayne.decrypting(io.BytesIO(signed), name="row")):
        with pytest.raises(errors.MessageRefused, match="suite AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384") as said:
            read()
        assert type(said.value) is errors.MessageRefused


@pytest.mark.parametrize("tenant", ["acme", "wayne"])
def test_s3s_own_encryption_is_refused_at_a_tenants_key(client_estate: ClientEstate, tenant: str) -> None:
    """Neither the alias nor, unless the writer adds it, tenant_id is in what S3 sends."""
    sse, kms = example("sse_kms"), open_wide_session(client_estate, tenant).client("kms")
    name = "arn:aws:s3:::documents/report.pdf"
    for key in (client_estate.key_arn(tenant), f"arn:aws:kms:{REGION}:{CENTRAL}:alias/tenant-{tenant}"):
        with pytest.raises(ClientError, match="AccessDenied"):
            sse.as_s3_writes(kms, key, name)
    alias = f"arn:aws:kms:{REGION}:{CENTRAL}:alias/tenant-{tenant}"
    made = kms.generate_data_key(KeyId=alias, NumberOfBytes=32, EncryptionContext={"tenant_id": tenant})
    with pytest.raises(ClientError, match="AccessDenied"):
        sse.as_s3_reads(kms, made["CiphertextBlob"], name)


def test_a_writer_may_add_the_tenant_to_what_s3_sends_and_the_alias_alone_refuses(client_estate: ClientEstate) -> None:
    """S3 API, PutObject: x-amz-server-side-encryption-context is stored and sent again on every read."""
    sse, name = example("sse_kms"), "arn:aws:s3:::documents/report.pdf"
    sealed = {}
    for tenant in ("acme", "wayne"):
        kms = open_wide_session(client_estate, tenant).client("kms")
        with pytest.raises(ClientError, match="AccessDenied"):
            sse.as_s3_writes(kms, client_estate.key_arn(tenant), name, tenant_id=tenant)
        alias = f"arn:aws:kms:{REGION}:{CENTRAL}:alias/tenant-{tenant}"
        sealed[tenant] = sse.as_s3_writes(kms, alias, name, tenant_id=tenant)["CiphertextBlob"]
    with pytest.raises(ClientError, match="AccessDenied"):
        sse.as_s3_reads(open_wide_session(client_estate, "acme").client("kms"), sealed["acme"], name, tenant_id="acme")
    by_key = open_wide_session(client_estate, "wayne").client("kms")  # decrypt_by: key
    assert len(sse.as_s3_reads(by_key, sealed["wayne"], name, tenant_id="wayne")["Plaintext"]) == 32
