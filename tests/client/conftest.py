from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tenant_keys.client import Tenant, TenantKeys
from tenant_keys.local import LocalAws
from tenant_keys.local.issuer import LocalIssuer
from tests.client.clock import Clock, Waiters
from tests.client.issuer import Issuer
from tests.client.raw_server import RawServer, whole
from tests.client.standin import StandIn
from tools.benchmarks.client_estate import BILLING, CENTRAL, ISSUER, ORDERS, ClientEstate, build

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

CROWD = [f"tenant{number:02}" for number in range(50)]


@pytest.fixture
def aws() -> StandIn:
    return StandIn().add("acme", "globex")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def waiters(monkeypatch: pytest.MonkeyPatch) -> Waiters:
    return Waiters(monkeypatch)


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture(scope="session")
def client_estate() -> Iterator[ClientEstate]:
    """The local AWS with every access mode and 60 tenants: four seconds."""
    issuer = LocalIssuer(ISSUER)
    with LocalAws(accounts=(CENTRAL, ORDERS, BILLING), jwks={ISSUER: issuer.key_set}) as aws:
        yield build(aws, issuer, ["acme", "globex", "hooli", "initech", "repointed", "revoked", *CROWD])


@pytest.fixture(scope="module")
def keys(client_estate: ClientEstate) -> TenantKeys:
    return client_estate.keys("orders")


@pytest.fixture
def acme(keys: TenantKeys) -> Tenant:
    return keys.tenant_without_token("acme")


@pytest.fixture
def client(client_estate: ClientEstate) -> S3Client:
    return client_estate.aws.session(ORDERS).client("s3")


@pytest.fixture
def server(issuer: Issuer) -> Iterator[RawServer]:
    server = RawServer(whole(issuer.jwks))
    yield server
    server.stop()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(64) as pool:
        yield pool


@pytest.fixture
def bucket(client: S3Client) -> str:
    name = f"data-{uuid4().hex[:12]}"
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return name
