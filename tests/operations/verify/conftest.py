"""One deployed estate for the folder; the drifts are injected into it batch by batch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pytest

from tenant_keys.local import LocalAws
from tenant_keys.local.issuer import LocalIssuer
from tenant_keys.operations.verify.verify import Verification
from tests.command import Done, tenant_keys
from tests.operations.verify.deployed import CENTRAL, WORKLOAD, Deployed, deploy
from tests.operations.verify.drift import Found
from tests.operations.verify.drifts import BATCHES, made

CELL, REPLICAS = "tenant-keys-cell-eu-west-1-001", "tenant-keys-replica-eu-central-1-of-eu-west-1-001"


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
    cells: Verification
    """Of the clean estate's key stacks alone."""
    cell: Verification
    """Of the first batch, and of the cell with most tenants alone."""
    command: Done
    """The command over the clean estate."""
    command_drifted: Done
    """The command with --json and --asff over the first batch."""


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    issuer = LocalIssuer("https://login.example.com")
    with LocalAws(accounts=(CENTRAL, WORKLOAD), organization="o-a1b2c3d4e5", jwks={issuer.url: issuer.key_set}) as aws:
        yield deploy(aws, tmp_path_factory.mktemp("estate"), issuer)


@pytest.fixture(scope="session")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("records")


def command(deployed: Deployed, records: Path, *arguments: str) -> Done:
    """`tenant-keys verify` in this process, with what `tenant-keys local env` would have exported."""
    environment = {**os.environ, **deployed.aws.environment(credentials=deployed.aws.operator())}
    estate = ("--manifest", str(deployed.manifest), "--assembly", str(deployed.assembly))
    with mock.patch.dict(os.environ, environment, clear=True):
        return tenant_keys("verify", *estate, "--share", "1.0", "--record", str(records / "command.jsonl"), *arguments)


@pytest.fixture(scope="session")
def runs(deployed: Deployed, records: Path) -> Runs:
    reported = command(deployed, records)
    drifted = reported
    clean = deployed.verify(records / "clean.jsonl")
    cells = deployed.verify(records / "cells.jsonl", stacks=(CELL, REPLICAS))
    found = {}
    undone = cell = clean
    for name, batch in BATCHES.items():
        with made(deployed, batch) as wanted:
            since = records / "clean.jsonl" if name == "second" else None
            found[name] = Run(wanted, deployed.verify(records / f"{name}.jsonl", since=since))
            if name == "first":
                cell = deployed.verify(records / "cell.jsonl", stacks=(CELL,))
                drifted = command(deployed, records, "--json", "--asff", str(records / "asff.jsonl"))
        if name == "first":
            undone = deployed.verify(records / "undone.jsonl", since=records / f"{name}.jsonl")
    return Runs(deployed, clean, found, undone, cells, cell, reported, drifted)
