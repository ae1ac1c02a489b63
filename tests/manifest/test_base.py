"""What the merge base says of a tenant stays true: each case is one hand edit that CI must refuse."""

from dataclasses import replace

import pytest

from tenant_keys.manifest.base import check_against_base
from tenant_keys.manifest.lock import Capacity, Entry, Lock
from tenant_keys.manifest.lock_text import with_entries

KEY_ID = "mrk-0123456789abcdef0123456789abcdef"
ACME = Entry("acme", 1, "aws-kms", True, "eu-west-1", {"orders": 1, "billing": 2}, KEY_ID)
GLOBEX = Entry("globex", 1, "aws-kms", False, "eu-west-1", {}, None, "offboarding", 180)
WONKA = Entry("wonka", 2, "aws-kms", False, "eu-west-1", {}, None, "offboarded")
HEADER = Lock("111111111111", "eu-west-1")


def lock(*entries: Entry, header: Lock = HEADER) -> Lock:
    return with_entries(header, {entry.tenant: entry for entry in entries})


BASE = lock(ACME, GLOBEX, WONKA)

FORBIDDEN = {
    "a line is gone": (lock(GLOBEX, WONKA), "acme: its line is missing, and the lock keeps every id"),
    "a tombstone is gone": (lock(ACME, GLOBEX), "wonka: its line is missing"),
    "another cell": (lock(replace(ACME, cell=2), GLOBEX, WONKA), "acme: its cell was 1 and is 2"),
    "another origin": (lock(replace(ACME, origin="imported"), GLOBEX, WONKA), "acme: its origin was aws-kms and is"),
    "one Region": (lock(replace(ACME, multi_region=False), GLOBEX, WONKA), "acme: its multi_region was true and is"),
    "another Region": (lock(replace(ACME, primary_region="eu-west-2"), GLOBEX, WONKA), "acme: its primary_region was"),
    "another role cell": (
        lock(replace(ACME, roles={"orders": 2, "billing": 2}), GLOBEX, WONKA),
        "acme: its role for orders was in role cell 1 and is in 2",
    ),
    "key id gone": (lock(replace(ACME, key_id=None), GLOBEX, WONKA), "acme: its key_id was mrk-"),
    "another key id": (lock(replace(ACME, key_id="mrk-" + "0" * 32), GLOBEX, WONKA), "acme: its key_id was mrk-"),
    "a skipped state": (
        lock(replace(ACME, phase="offboarded"), GLOBEX, WONKA),
        "acme: it is offboarded, but in the merge base it was not yet offboarding; merge and deploy that first",
    ),
    "back from the dead": (lock(ACME, GLOBEX, replace(WONKA, phase=None)), "wonka: it was offboarded, and that is"),
    "half back": (lock(ACME, GLOBEX, replace(WONKA, phase="offboarding")), "wonka: it was offboarded, and that is"),
    "offboarded from the start": (
        lock(ACME, GLOBEX, WONKA, replace(WONKA, tenant="new")),
        "new: it is offboarded, but the merge base does not know it",
    ),
    "another rotation of a disabled key": (
        lock(ACME, replace(GLOBEX, rotation_days=90), WONKA),
        "globex: its disabled key rotated at 180 days and rotates at 90",
    ),
    "another account": (
        lock(ACME, GLOBEX, WONKA, header=replace(HEADER, account="222222222222")),
        "the header's account differs",
    ),
    "another capacity": (
        lock(ACME, GLOBEX, WONKA, header=replace(HEADER, keys=Capacity(100, 100))),
        "the header's keys differs",
    ),
}


@pytest.mark.parametrize(("changed", "expected"), FORBIDDEN.values(), ids=FORBIDDEN)
def test_the_merge_base_is_immutable(changed: Lock, expected: str) -> None:
    (problem,) = check_against_base(BASE, changed)
    assert str(problem).startswith("tenants.lock")
    assert expected in str(problem)
    assert "restore it from the merge base" in str(problem)


ALLOWED = {
    "nothing": BASE,
    "a new tenant": lock(ACME, GLOBEX, WONKA, replace(ACME, tenant="new", cell=7)),
    "a role more": lock(replace(ACME, roles={"orders": 1, "billing": 2, "x": 9}), GLOBEX, WONKA),
    "a role less": lock(replace(ACME, roles={"orders": 1}), GLOBEX, WONKA),
    "offboarding": lock(replace(ACME, phase="offboarding"), GLOBEX, WONKA),
    "offboarded after offboarding": lock(ACME, replace(GLOBEX, phase="offboarded"), WONKA),
    "back in time": lock(ACME, replace(GLOBEX, phase=None), WONKA),
    "enabled again": lock(ACME, replace(GLOBEX, phase=None, rotation_days=None), WONKA),
    "disabled": lock(replace(ACME, rotation_days="off"), GLOBEX, WONKA),
}


@pytest.mark.parametrize("changed", ALLOWED.values(), ids=ALLOWED)
def test_what_grows_from_the_merge_base_passes(changed: Lock) -> None:
    assert check_against_base(BASE, changed) == []


def test_a_key_id_may_be_recorded_once() -> None:
    unrecorded = lock(replace(ACME, key_id=None))
    assert check_against_base(unrecorded, lock(ACME)) == []
