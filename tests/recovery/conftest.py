"""One local AWS for the folder, empty before each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tenant_keys.local import LocalAws
from tests.local import handmade
from tests.recovery.operators import Operators


@pytest.fixture(scope="session")
def running() -> Iterator[LocalAws]:
    with LocalAws(accounts=(handmade.CENTRAL, handmade.WORKLOAD), organization=handmade.ORGANIZATION) as aws:
        yield aws


@pytest.fixture
def operators(running: LocalAws) -> Operators:
    running.reset()
    return Operators(running)
