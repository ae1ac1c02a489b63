"""A manifest and its lock in a folder of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tenant_keys.local import LocalAws
from tenant_keys.manifest.bring_up_to_date import bring_up_to_date
from tenant_keys.policy.template_size import reserved_sizes

MANIFEST = """\
# the estate; é is not ASCII
central:
  account: "111111111111"
  home_region: eu-west-1
  regions: [eu-west-1,   eu-central-1]   # odd spacing stays
  administrators: [role/Admin]
  break_glass: role/BreakGlass
workloads:
  orders: {account: "222222222222", runs_on: lambda}
  billing: {account: "333333333333", runs_on: ecs, access: session-tag, operations: [decrypt]}
defaults: {workloads: [orders]}

tenants:
  # large customers
  acme:   # the first
    # both services
    workloads: [orders, billing]

    tags: { plan: 'gold' }  # paid
  globex: {key: {origin: imported, import_role: role/Import}}   # brings its own
  initech: {state: "suspended", workloads: [billing]}

  # small ones
  umbrella: { key: {multi_region: true} }
  wonka: {}
tags: {team: keys}  # below the tenants
"""


@pytest.fixture(scope="session")
def own_aws() -> Iterator[LocalAws]:
    """The key account and a customer's, which is outside the organization; anyone who takes it resets it."""
    with LocalAws(accounts=("111111111111",), outsiders=("555555555555",)) as running:
        yield running


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    """Write a manifest with its lock; returns the manifest's path."""

    def to_disk(text: str) -> Path:
        path = tmp_path / "tenants.yaml"
        path.write_bytes(text.encode())
        bring_up_to_date(path, reserved_sizes).write()
        return path

    return to_disk


@pytest.fixture
def text() -> str:
    return MANIFEST


@pytest.fixture
def manifest(write: Callable[[str], Path]) -> Path:
    return write(MANIFEST)
