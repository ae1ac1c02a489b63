import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_keys.manifest import LockError
from tenant_keys.manifest.lock import Capacity, Entry, Lock, render_lock, write_lock
from tenant_keys.manifest.read_lock import parse_lock, read_lock

HEADER = (
    '{"version": 1, "account": "111111111111", "home_region": "eu-west-1", '
    '"capacity": {"keys": {"fill": 80, "most": 100}, "roles": {"fill": 240, "most": 300}}}'
)
ACME = (
    '{"tenant": "acme", "cell": 1, "origin": "aws-kms", "multi_region": false, '
    '"primary_region": "eu-west-1", "roles": {"billing": 2, "orders": 1}}'
)
GLOBEX = (
    '{"tenant": "globex", "cell": 2, "origin": "imported", "multi_region": true, "primary_region": "eu-central-1", '
    '"roles": {}, "key_id": "mrk-0123456789abcdef0123456789abcdef", "phase": "offboarded", "rotation_days": 180}'
)
TEXT = f"{HEADER}\n{ACME}\n{GLOBEX}\n"
LOCK = Lock(
    "111111111111",
    "eu-west-1",
    {
        "acme": Entry("acme", 1, "aws-kms", False, "eu-west-1", {"billing": 2, "orders": 1}),
        "globex": Entry(
            "globex", 2, "imported", True, "eu-central-1", {}, "mrk-0123456789abcdef0123456789abcdef", "offboarded", 180
        ),
    },
    Capacity(80, 100),
    Capacity(240, 300),
)


def test_the_file_is_what_the_design_says_byte_for_byte() -> None:
    assert render_lock(LOCK) == TEXT
    assert parse_lock(TEXT) == LOCK


def test_unsorted_lines_and_the_same_line_twice_are_accepted_as_git_leaves_them() -> None:
    assert parse_lock(f"{GLOBEX}\n{HEADER}\n{ACME}\n{GLOBEX}\n{HEADER}\n\n") == LOCK
    assert list(parse_lock(f"{HEADER}\n{GLOBEX}\n{ACME}\n").entries) == ["acme", "globex"]


def told(text: str) -> str:
    with pytest.raises(LockError) as caught:
        parse_lock(text)
    return str(caught.value)


def test_two_different_lines_of_one_tenant_name_the_command_that_folds_them() -> None:
    moved = ACME.replace('"cell": 1', '"cell": 2')
    assert told(f"{TEXT}{moved}\n") == "tenants.lock:2 acme: two different lines; run tenant-keys lock --merge"


def test_conflict_markers_are_recognized() -> None:
    message = told(f"{HEADER}\n<<<<<<< HEAD\n{ACME}\n=======\n{GLOBEX}\n>>>>>>> theirs\n")
    assert [line.split(" ")[0] for line in message.splitlines()] == [
        "tenants.lock:2:",
        "tenants.lock:4:",
        "tenants.lock:6:",
    ]
    assert "a conflict marker; keep the lines of both sides" in message


BROKEN = {
    "empty": ("", "tenants.lock:1: no header line; restore the file from git"),
    "no header": (ACME, "no header line"),
    "two headers": (TEXT + HEADER.replace("eu-west-1", "eu-west-2"), "a second header that differs"),
    "another version": (HEADER.replace('"version": 1', '"version": 2'), "got version 2, this program reads version 1"),
    "capacity": (HEADER.replace("80", "101"), "capacity is not what this program writes"),
    "account": (HEADER.replace("111111111111", "1"), "account is not what this program writes"),
    "cut short": (TEXT[:-20], "tenants.lock:3: not a line of JSON; restore the line from git"),
    "a list": (f"{HEADER}\n[]\n", "tenants.lock:2: it is not what this program writes"),
    "a number": (f"{HEADER}\n3\n", "tenants.lock:2: it is not what this program writes"),
    "deep": (f"{HEADER}\n{'[' * 100_000}\n", "tenants.lock:2: not a line of JSON"),
    "missing": (f'{HEADER}\n{{"tenant": "a"}}\n', "missing or unknown: cell, multi_region, origin"),
    "unknown": (f"{HEADER}\n{ACME[:-1]}, {json.dumps('x')}: 1}}\n", "missing or unknown: x"),
    "cell 0": (f"{HEADER}\n{ACME.replace(': 1, ', ': 0, ')}\n", "cell is not what this program writes"),
    "cell true": (f"{HEADER}\n{ACME.replace(': 1, ', ': true, ')}\n", "cell is not what"),
    "tenant": (f"{HEADER}\n{ACME.replace('acme', 'Acme')}\n", "tenant is not what"),
    "tenant with a line break": (f"{HEADER}\n{ACME.replace('acme', 'acme' + chr(92) + 'n')}\n", "tenant is not what"),
    "roles in a list": (f"{HEADER}\n{GLOBEX.replace('{}', '[]')}\n", "tenants.lock:2: roles is not what"),
    "roles of nothing": (f"{HEADER}\n{GLOBEX.replace('{}', 'null')}\n", "tenants.lock:2: roles is not what"),
    "a cell twice": (
        f"{HEADER}\n{ACME.replace(': 1, ', ': 1, ' + chr(34) + 'cell' + chr(34) + ': 2, ')}\n",
        "given twice",
    ),
    "a role twice": (f"{HEADER}\n{ACME.replace('billing', 'orders')}\n", "a name is given twice in one line"),
    "more than a stack holds": (HEADER.replace("100", "250"), "capacity is not what this program writes"),
    "roles": (f"{HEADER}\n{ACME.replace('orders', 'Orders')}\n", "roles is not what"),
    "origin": (f"{HEADER}\n{ACME.replace('aws-kms', 'hsm')}\n", "origin is not what"),
    "key id": (f"{HEADER}\n{GLOBEX.replace('mrk-', 'key-')}\n", "key_id is not what"),
    "key id of one Region": (f"{HEADER}\n{GLOBEX.replace('true', 'false')}\n", "key_id is not what"),
    "rotation": (f"{HEADER}\n{GLOBEX.replace('180', '89')}\n", "rotation_days is not what"),
    "rotation true": (f"{HEADER}\n{GLOBEX.replace('180', 'true')}\n", "rotation_days is not what"),
    "phase": (f"{HEADER}\n{GLOBEX.replace('offboarded', 'active')}\n", "phase is not what"),
}


@pytest.mark.parametrize(("text", "expected"), BROKEN.values(), ids=BROKEN)
def test_a_broken_lock_is_a_clear_error(text: str, expected: str) -> None:
    assert expected in told(text)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=5), below, max_size=3),
    max_leaves=6,
)


@given(line=st.sampled_from([HEADER, ACME, GLOBEX]), value=ANYTHING, data=st.data())
def test_no_line_of_whatever_shape_raises_anything_else(line: str, value: object, data: st.DataObject) -> None:
    record = json.loads(line)
    record[data.draw(st.sampled_from(sorted(record)))] = value
    text = f"{HEADER}\n{json.dumps(record)}\n"
    try:
        lock = parse_lock(text)
    except LockError:
        return
    assert parse_lock(render_lock(lock)) == lock


def test_a_lock_without_end_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "tenants.lock").symlink_to("/dev/zero")
    with pytest.raises(LockError, match="larger than 64 MB; restore it from git"):
        read_lock(tmp_path / "tenants.lock")


def test_a_lock_that_is_no_text_is_a_clear_error(tmp_path: Path) -> None:
    file = tmp_path / "tenants.lock"
    file.write_bytes(b"\xff")
    with pytest.raises(LockError, match="not UTF-8; restore it from git"):
        read_lock(file)
    with pytest.raises(LockError):
        read_lock(tmp_path)


def test_writing_replaces_the_file_whole_and_leaves_nothing_behind(tmp_path: Path) -> None:
    file = tmp_path / "tenants.lock"
    file.write_text("old")
    file.chmod(0o640)
    write_lock(file, LOCK)
    assert file.read_text() == TEXT
    assert file.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [file]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "tenants.lock"
    file.write_text("old")

    def fail(_: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        write_lock(file, LOCK)
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_new_lock_is_written_by_its_owner_and_read_by_everybody(tmp_path: Path) -> None:
    write_lock(tmp_path / "tenants.lock", LOCK)
    assert (tmp_path / "tenants.lock").stat().st_mode & 0o777 == 0o644


def test_a_capacity_may_be_filled_to_the_last_place_and_no_further() -> None:
    """250 keys with their aliases fill the 500 resources of a stack."""
    whole = json.loads(HEADER)
    for keys, accepted in (
        ({"fill": 100, "most": 100}, True),
        ({"fill": 1, "most": 1}, True),
        ({"fill": 0, "most": 1}, False),
        ({"fill": 101, "most": 100}, False),
    ):
        text = json.dumps({**whole, "capacity": {**whole["capacity"], "keys": keys}}) + "\n"
        if accepted:
            assert parse_lock(text).keys.fill == keys["fill"]
        else:
            with pytest.raises(LockError, match="capacity is not what this program writes"):
                parse_lock(text)
