from __future__ import annotations

from collections.abc import Iterator

import pytest

from tenant_keys.local import LocalAws
from tenant_keys.local.issuer import LocalIssuer
from tests.client.clock import Clock, Waiters
from tests.client.issuer import Issuer
from tests.client.standin import StandIn
from tools.benchmarks.client_estate import BILLING, CENTRAL, ISSUER, ORDERS, Stage, build

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
def stage() -> Iterator[Stage]:
    """The local AWS with every access mode and 60 tenants: four seconds."""
    issuer = LocalIssuer(ISSUER)
    with LocalAws(accounts=(CENTRAL, ORDERS, BILLING), jwks={ISSUER: issuer.key_set}) as aws:
        yield build(aws, issuer, ["acme", "globex", "hooli", "initech", "repointed", "revoked", *CROWD])
