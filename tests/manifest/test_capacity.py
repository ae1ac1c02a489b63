"""Cells of the lock at their capacity and beyond it."""

from __future__ import annotations

import pytest

from tenant_keys.manifest.compare import occupancy, overfull
from tenant_keys.manifest.lock import Capacity, Entry, Lock
from tenant_keys.manifest.lock_text import with_entries

FULL = Lock("111111111111", "eu-west-1", {}, Capacity(1, 2), Capacity(1, 3))


def lock(*entries: Entry) -> Lock:
    return with_entries(FULL, {entry.tenant: entry for entry in entries})


def entry(name: str, *, region: str = "eu-west-1", roles: int = 0, offboarded: bool = False) -> Entry:
    places = {f"workload{number}": 1 for number in range(roles)}
    return Entry(name, 1, "aws-kms", False, region, places, phase="offboarded" if offboarded else None)


@pytest.mark.parametrize(
    ("entries", "problems"),
    [
        ((entry("a"), entry("b")), []),
        (
            (entry("a"), entry("b"), entry("c")),
            ["tenants.lock: key cell 1 of eu-west-1 holds 3, allowed: 2; run tenant-keys lock --merge"],
        ),
        ((entry("a"), entry("b"), entry("c", region="eu-central-1")), []),
        ((entry("a"), entry("b"), entry("c", offboarded=True, roles=3)), []),
        ((entry("a", roles=2), entry("b", roles=1)), []),
        (
            (entry("a", roles=2), entry("b", roles=2)),
            ["tenants.lock: role cell 1 holds 4, allowed: 3; run tenant-keys lock --merge"],
        ),
    ],
)
def test_a_cell_may_be_filled_to_the_last_place_and_no_further(entries: tuple[Entry, ...], problems: list[str]) -> None:
    assert [str(problem) for problem in overfull(lock(*entries))] == problems


def test_each_key_and_role_takes_one_place_and_who_has_left_takes_none() -> None:
    keys, roles = occupancy(lock(entry("a", roles=2), entry("b"), entry("c", offboarded=True, roles=1)))
    assert (dict(keys), dict(roles)) == ({("eu-west-1", 1): 2}, {1: 2})
