"""One deployed estate for the folder; the drifts are injected into it batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tenant_keys.local import LocalAws
from tenant_keys.local.issuer import LocalIssuer
from tenant_keys.operations.verify.verify import Verification
from tests.operations.verify.deployed import CENTRAL, WORKLOAD, Deployed, deploy
from tests.operations.verify.drifts import BATCHES, Found, made


@dataclass(frozen=True)
class Run:
    """A run of verify over an estate with drifts, and what each of them must cause."""

    wanted: dict[str, Found]
    found: Verification


@dataclass(frozen=True)
class Runs:
    """All of them, in their order."""

    deployed: Deployed
    clean: Verification
    batches: dict[str, Run]
    undone: Verification
    """After the first batch, of which nothing is left."""


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    issuer = LocalIssuer("https://login.example.com")
    with LocalAws(accounts=(CENTRAL, WORKLOAD), organization="o-a1b2c3d4e5", jwks={issuer.url: issuer.key_set}) as aws:
        yield deploy(aws, tmp_path_factory.mktemp("estate"))


@pytest.fixture(scope="session")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("records")


@pytest.fixture(scope="session")
def runs(deployed: Deployed, records: Path) -> Runs:
    clean = deployed.verify(records / "clean.jsonl")
    found = {}
    undone = clean
    for name, batch in BATCHES.items():
        with made(deployed, batch) as wanted:
            since = records / "clean.jsonl" if name == "second" else None
            found[name] = Run(wanted, deployed.verify(records / f"{name}.jsonl", since=since))
        if name == "first":
            undone = deployed.verify(records / "undone.jsonl", since=records / f"{name}.jsonl")
    return Runs(deployed, clean, found, undone)
