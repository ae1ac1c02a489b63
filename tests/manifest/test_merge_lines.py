from dataclasses import replace

import pytest

from tenant_keys.manifest import LockError, Manifest
from tenant_keys.manifest.base import check_against_base
from tenant_keys.manifest.compare import occupancy
from tenant_keys.manifest.lock import Entry, Lock, entry_line, header_line
from tenant_keys.manifest.lock_text import LockLines, parse_lines, with_entries
from tenant_keys.manifest.merge_lines import merge_lines as merged
from tests.manifest.sample import manifest

HEADER = Lock("111111111111", "eu-west-1")
KEY_ID = "mrk-0123456789abcdef0123456789abcdef"
ACME = Entry("acme", 1, "aws-kms", True, "eu-west-1", {"orders": 1})


def merge_lines(read: LockLines, at_base: Lock | None, written: Manifest | None = None) -> tuple[Lock, list[str]]:
    return merged(read, at_base, written or manifest())


def lines(*entries: Entry) -> LockLines:
    return parse_lines("\n".join([header_line(HEADER), *map(entry_line, entries)]))


def base(*entries: Entry) -> Lock:
    return with_entries(HEADER, {entry.tenant: entry for entry in entries})


def entry_of(tenant: str, cell: int = 1, role_cell: int = 1) -> Entry:
    return Entry(tenant, cell, "aws-kms", False, "eu-west-1", {"orders": role_cell})


def test_both_branches_changes_to_one_tenant_are_kept() -> None:
    ours = replace(ACME, roles={"orders": 1, "billing": 2})
    theirs = replace(ACME, key_id=KEY_ID, phase="offboarding")
    lock, done = merge_lines(lines(ACME, ours, theirs), base(ACME))
    assert lock.entries["acme"] == replace(ours, key_id=KEY_ID, phase="offboarding")
    assert done == ["folded 3 lines of acme into one"]


def test_the_merge_base_decides_how_a_disabled_key_rotates() -> None:
    ours, theirs = replace(ACME, rotation_days="off"), replace(ACME, rotation_days=90)
    assert (
        merge_lines(lines(ours, theirs), base(replace(ACME, rotation_days=365)))[0].entries["acme"].rotation_days == 365
    )
    assert merge_lines(lines(ACME, theirs), base(ACME))[0].entries["acme"].rotation_days == 90


def test_the_merge_base_decides_where_a_tenant_lives() -> None:
    lock, _ = merge_lines(lines(replace(ACME, cell=2), ACME), base(ACME))
    assert lock.entries["acme"] == ACME


def test_a_deployed_line_wins_over_one_that_is_not() -> None:
    deployed = replace(ACME, cell=2, key_id=KEY_ID)
    assert merge_lines(lines(ACME, deployed), None)[0].entries["acme"] == deployed


def test_two_deployed_lines_are_a_question_for_people() -> None:
    with pytest.raises(LockError, match=r"tenants\.lock:2 acme: two lines record different places for the key"):
        merge_lines(lines(replace(ACME, key_id=KEY_ID), replace(ACME, cell=2, key_id=KEY_ID)), None)
    with pytest.raises(LockError, match="two lines record different"):
        merge_lines(lines(replace(ACME, key_id=KEY_ID), replace(ACME, key_id="mrk-" + "f" * 32)), base(ACME))
    with pytest.raises(LockError, match="two lines record different"):
        merge_lines(lines(ACME, replace(ACME, cell=2, key_id=KEY_ID)), base(replace(ACME, multi_region=False)))


def test_an_overfull_cell_gives_up_only_what_is_new() -> None:
    old = [entry_of(f"z{n:03}") for n in range(70)]
    new = [entry_of(f"a{n:03}") for n in range(60)]
    lock, done = merge_lines(lines(*old, *new), base(*old))
    assert occupancy(lock)[0] == {("eu-west-1", 1): 100, ("eu-west-1", 2): 30}
    assert all(lock.entries[entry.tenant].cell == 1 for entry in old)
    assert len(done) == 30
    assert done[0] == "moved a030 from key cell 1 to 2 of eu-west-1"
    assert check_against_base(base(*old), lock) == []


def test_an_overfull_role_cell_gives_up_only_what_is_new() -> None:
    old = [entry_of(f"z{n:03}", cell=n // 80 + 1) for n in range(240)]
    new = [entry_of(f"a{n:03}", cell=n // 80 + 4) for n in range(100)]
    lock, done = merge_lines(lines(*old, *new), base(*old))
    assert occupancy(lock)[1] == {1: 300, 2: 40}
    assert all(lock.entries[entry.tenant].roles == {"orders": 1} for entry in old)
    assert len(done) == 40


def test_what_is_deployed_never_moves_even_if_its_cell_is_overfull() -> None:
    old = [entry_of(f"z{n:03}") for n in range(101)]
    lock, done = merge_lines(lines(*old), base(*old))
    assert (occupancy(lock)[0], done) == ({("eu-west-1", 1): 101}, [])


def test_what_the_merge_base_says_is_restored() -> None:
    gone = entry_of("gone")
    moved = replace(ACME, cell=3, origin="imported")
    lock, done = merge_lines(lines(moved), base(replace(ACME, key_id=KEY_ID), gone))
    assert lock.entries == {"acme": replace(ACME, key_id=KEY_ID), "gone": gone}
    assert done == ["restored the line of acme from the merge base", "restored the line of gone from the merge base"]


def test_a_role_that_one_branch_dropped_and_the_other_wants_keeps_its_cell() -> None:
    kept = replace(ACME, roles={"orders": 7})
    dropped = replace(ACME, roles={})
    assert merge_lines(lines(dropped), base(kept))[0].entries["acme"].roles == {"orders": 7}
    unwanted = manifest(("runs_on: lambda", "runs_on: lambda, access: session-tag"))
    assert merge_lines(lines(dropped), base(kept), unwanted) == (base(dropped), [])
