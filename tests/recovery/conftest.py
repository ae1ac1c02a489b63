"""One local AWS for the folder, empty before each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tenant_keys.local import LocalAws
from tests.local import estate
from tests.recovery.desk import Desk


@pytest.fixture(scope="session")
def running() -> Iterator[LocalAws]:
    with LocalAws(accounts=(estate.CENTRAL, estate.WORKLOAD), organization=estate.ORGANIZATION) as aws:
        yield aws


@pytest.fixture
def desk(running: LocalAws) -> Desk:
    running.reset()
    return Desk(running)
