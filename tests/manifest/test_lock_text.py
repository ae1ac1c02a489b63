import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_keys.manifest import LockError
from tenant_keys.manifest.lock import Capacity, Entry, Lock, Registration, render_lock, write_lock
from tenant_keys.manifest.lock_text import parse_lock, read_lock
from tests.premise import met, met_at_least
from tests.sampled import examples

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
HERE = "arn:aws:kms:eu-west-1:555555555555:key/11111111-2222-3333-4444-555555555555"
THERE = "arn:aws:kms:eu-central-1:555555555555:key/11111111-2222-3333-4444-666666666666"
HOOLI = (
    '{"tenant": "hooli", "cell": 1, "origin": "held", "multi_region": false, "primary_region": "eu-west-1", '
    '"roles": {"orders": 1}, "held": {"nonce": "0123456789abcdef0123456789abcdef", '
    f'"verified": {{"eu-central-1": "{THERE}"}}, "active": {{"eu-west-1": "{HERE}"}}}}}}'
)
TEXT = f"{HEADER}\n{ACME}\n{GLOBEX}\n{HOOLI}\n"
LOCK = Lock(
    "111111111111",
    "eu-west-1",
    {
        "acme": Entry("acme", 1, "aws-kms", False, "eu-west-1", {"billing": 2, "orders": 1}),
        "globex": Entry(
            "globex", 2, "imported", True, "eu-central-1", {}, "mrk-0123456789abcdef0123456789abcdef", "offboarded", 180
        ),
        "hooli": Entry(
            "hooli",
            1,
            "held",
            False,
            "eu-west-1",
            {"orders": 1},
            held=Registration("0123456789abcdef0123456789abcdef", {"eu-central-1": THERE}, {"eu-west-1": HERE}),
        ),
    },
    Capacity(80, 100),
    Capacity(240, 300),
)


def test_the_file_is_what_the_design_says_byte_for_byte() -> None:
    assert render_lock(LOCK) == TEXT
    assert parse_lock(TEXT) == LOCK


def test_unsorted_lines_and_the_same_line_twice_are_accepted_as_git_leaves_them() -> None:
    assert parse_lock(f"{GLOBEX}\n{HOOLI}\n{HEADER}\n{ACME}\n{GLOBEX}\n{HEADER}\n\n") == LOCK
    assert list(parse_lock(f"{HEADER}\n{GLOBEX}\n{ACME}\n").entries) == ["acme", "globex"]


def reported(text: str) -> str:
    with pytest.raises(LockError) as caught:
        parse_lock(text)
    return str(caught.value)


def test_two_different_lines_of_one_tenant_name_the_command_that_folds_them() -> None:
    moved = ACME.replace('"cell": 1', '"cell": 2')
    assert reported(f"{TEXT}{moved}\n") == "tenants.lock:2 acme: two different lines; run tenant-keys lock --merge"


def test_conflict_markers_are_recognized() -> None:
    message = reported(f"{HEADER}\n<<<<<<< HEAD\n{ACME}\n=======\n{GLOBEX}\n>>>>>>> theirs\n")
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
    "capacity": (HEADER.replace("80", "101"), "capacity differs from what this program writes"),
    "account": (HEADER.replace("111111111111", "1"), "account differs from what this program writes"),
    "cut short": (TEXT[:-20], "tenants.lock:4: not a line of JSON; restore the line from git"),
    "a list": (f"{HEADER}\n[]\n", "tenants.lock:2: it differs from what this program writes"),
    "a number": (f"{HEADER}\n3\n", "tenants.lock:2: it differs from what this program writes"),
    "deep": (f"{HEADER}\n{'[' * 100_000}\n", "tenants.lock:2: not a line of JSON"),
    "missing": (f'{HEADER}\n{{"tenant": "a"}}\n', "missing or unknown: cell, multi_region, origin"),
    "unknown": (f"{HEADER}\n{ACME[:-1]}, {json.dumps('x')}: 1}}\n", "missing or unknown: x"),
    "cell 0": (f"{HEADER}\n{ACME.replace(': 1, ', ': 0, ')}\n", "cell differs from what this program writes"),
    "cell true": (f"{HEADER}\n{ACME.replace(': 1, ', ': true, ')}\n", "cell differs from what"),
    "tenant": (f"{HEADER}\n{ACME.replace('acme', 'Acme')}\n", "tenant differs from what"),
    "tenant with a line break": (
        f"{HEADER}\n{ACME.replace('acme', 'acme' + chr(92) + 'n')}\n",
        "tenant differs from what",
    ),
    "roles in a list": (f"{HEADER}\n{GLOBEX.replace('{}', '[]')}\n", "tenants.lock:2: roles differs from what"),
    "roles of nothing": (f"{HEADER}\n{GLOBEX.replace('{}', 'null')}\n", "tenants.lock:2: roles differs from what"),
    "a cell twice": (
        f"{HEADER}\n{ACME.replace(': 1, ', ': 1, ' + chr(34) + 'cell' + chr(34) + ': 2, ')}\n",
        "given twice",
    ),
    "a role twice": (f"{HEADER}\n{ACME.replace('billing', 'orders')}\n", "a name is given twice in one line"),
    "more than a stack holds": (HEADER.replace("100", "250"), "capacity differs from what this program writes"),
    "roles": (f"{HEADER}\n{ACME.replace('orders', 'Orders')}\n", "roles differs from what"),
    "origin": (f"{HEADER}\n{ACME.replace('aws-kms', 'hsm')}\n", "origin differs from what"),
    "key id": (f"{HEADER}\n{GLOBEX.replace('mrk-', 'key-')}\n", "key_id differs from what"),
    "key id of one Region": (f"{HEADER}\n{GLOBEX.replace('true', 'false')}\n", "key_id differs from what"),
    "rotation": (f"{HEADER}\n{GLOBEX.replace('180', '89')}\n", "rotation_days differs from what"),
    "rotation true": (f"{HEADER}\n{GLOBEX.replace('180', 'true')}\n", "rotation_days differs from what"),
    "phase": (f"{HEADER}\n{GLOBEX.replace('offboarded', 'active')}\n", "phase differs from what"),
    "a held key of ours": (f"{HEADER}\n{HOOLI.replace('held', 'aws-kms', 1)}\n", "held differs from what"),
    "a held key of another Region": (
        f"{HEADER}\n{HOOLI.replace('kms:eu-west-1', 'kms:us-east-1')}\n",
        "held differs from what",
    ),
    "a verified key of another Region": (
        f"{HEADER}\n{HOOLI.replace('kms:eu-central-1', 'kms:us-east-1')}\n",
        "held differs from what",
    ),
    "an alias for a held key": (f"{HEADER}\n{HOOLI.replace('key/1', 'alias/1')}\n", "held differs from what"),
    "a nonce": (f"{HEADER}\n{HOOLI.replace('0123456789', '012345678G')}\n", "held differs from what"),
    "a field of a held key": (f"{HEADER}\n{HOOLI.replace('verified', 'shown')}\n", "held differs from what"),
}


@pytest.mark.parametrize(("text", "expected"), BROKEN.values(), ids=BROKEN)
def test_a_broken_lock_is_a_clear_error(text: str, expected: str) -> None:
    assert expected in reported(text)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=5), below, max_size=3),
    max_leaves=6,
)


POSSIBLE: dict[str, list[object]] = {
    "version": [1],
    "account": ["222222222222"],
    "home_region": ["eu-north-1"],
    "capacity": [{"keys": {"fill": 3, "most": 4}, "roles": {"fill": 4, "most": 5}}],
    "tenant": ["bolt", "a-1"],
    "cell": [2, 999],
    "origin": ["imported", "aws-kms"],
    "multi_region": [True, False],
    "primary_region": ["us-east-1"],
    "roles": [{}, {"orders": 7}],
    "key_id": ["mrk-ffffffffffffffffffffffffffffffff"],
    "phase": ["offboarding", "offboarded"],
    "rotation_days": [90, 2560],
    "held": [{}, {"nonce": "f" * 32}, {"active": {"eu-west-1": HERE}}],
}


@met_at_least(refused=60, read=20)
@examples(300)
@given(line=st.sampled_from([HEADER, ACME, GLOBEX, HOOLI]), data=st.data())
def test_no_line_of_whatever_form_raises_anything_else(line: str, data: st.DataObject) -> None:
    record = json.loads(line)
    name = data.draw(st.sampled_from(sorted(record)))
    record[name] = data.draw(st.sampled_from(POSSIBLE[name]) | ANYTHING)
    if name == "held" and isinstance(record[name], dict):
        record[name] |= data.draw(st.dictionaries(st.sampled_from(["nonce", "verified", "active"]), ANYTHING))
    text = f"{HEADER}\n{json.dumps(record)}\n"
    try:
        lock = parse_lock(text)
    except LockError as error:
        met("refused")
        assert str(error).startswith("tenants.lock:")  # noqa: PT017 - both outcomes are fine
    else:
        met("read")
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


def test_an_interrupt_after_the_write_is_reported_as_the_interrupt_that_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "tenants.lock"
    rename = Path.replace

    def interrupted(self: Path, target: Path) -> None:
        rename(self, target)
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_lock(file, LOCK)
    assert file.read_text() == TEXT


def test_a_new_lock_is_written_by_its_owner_and_read_by_everybody(tmp_path: Path) -> None:
    write_lock(tmp_path / "tenants.lock", LOCK)
    assert (tmp_path / "tenants.lock").stat().st_mode & 0o777 == 0o644


def test_a_capacity_may_be_filled_to_the_last_place_and_no_further() -> None:
    """249 keys with their aliases fill the 499 resources that the app may put into a template."""
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
            with pytest.raises(LockError, match="capacity differs from what this program writes"):
                parse_lock(text)


LIMITS = {
    "cell": ((ACME, '"cell": 1', '"cell": 100000'), (ACME, '"cell": 1', '"cell": 100001'), "cell"),
    "role cell": ((ACME, '"orders": 1', '"orders": 100000'), (ACME, '"orders": 1', '"orders": 100001'), "roles"),
    "first role cell": ((ACME, '"billing": 2', '"billing": 1'), (ACME, '"billing": 2', '"billing": 0'), "roles"),
    "role cell, not a number": (
        (ACME, '"billing": 2', '"billing": 3'),
        (ACME, '"billing": 2', '"billing": true'),
        "roles",
    ),
    "shortest rotation": ((GLOBEX, "180", "90"), (GLOBEX, "180", "89"), "rotation_days"),
    "longest rotation": ((GLOBEX, "180", "2560"), (GLOBEX, "180", "2561"), "rotation_days"),
    "rotation off": ((GLOBEX, "180", '"off"'), (GLOBEX, "180", '"on"'), "rotation_days"),
    "no rotation": ((GLOBEX, "180", "91"), (GLOBEX, "180", "null"), "rotation_days"),
    "phase": ((GLOBEX, "offboarded", "offboarding"), (GLOBEX, '"offboarded"', "null"), "phase"),
    "tenant": ((ACME, "acme", "a" * 40), (ACME, "acme", "a" * 41), "tenant"),
    "key id": ((GLOBEX, "mrk-0", "mrk-f"), (GLOBEX, "mrk-0", "mrk-f0"), "key_id"),
    "Region": ((ACME, "eu-west-1", "us-gov-west-1"), (ACME, "eu-west-1", "eu-west-10"), "primary_region"),
    "home Region": ((HEADER, "eu-west-1", "us-gov-west-1"), (HEADER, "eu-west-1", "eu-west-10"), "home_region"),
    "account": ((HEADER, "111111111111", "012345678901"), (HEADER, "111111111111", "1111111111111"), "account"),
    "capacity of keys": (
        (HEADER, '"most": 100', '"most": 249'),
        (HEADER, '"most": 100', '"most": 250'),
        "capacity",
    ),
    "capacity of roles": (
        (HEADER, '"most": 300', '"most": 499'),
        (HEADER, '"most": 300', '"most": 500'),
        "capacity",
    ),
    "capacity as a number": ((HEADER, '"fill": 80', '"fill": 81'), (HEADER, '"fill": 80', '"fill": true'), "capacity"),
    "most as a number": ((HEADER, '"most": 100', '"most": 101'), (HEADER, '"most": 100', '"most": 100.0'), "capacity"),
}


@pytest.mark.parametrize(("last", "first", "what"), LIMITS.values(), ids=LIMITS)
def test_the_last_value_of_a_field_is_read_and_the_first_beyond_is_refused_at_its_line(
    last: tuple[str, str, str], first: tuple[str, str, str], what: str
) -> None:
    def text(edit: tuple[str, str, str]) -> tuple[str, int]:
        line, old, new = edit
        assert old in line
        whole = [HEADER, ACME, GLOBEX]
        number = whole.index(line)
        whole[number] = line.replace(old, new, 1)
        return "\n".join(whole) + "\n", number + 1

    accepted, _ = text(last)
    assert render_lock(parse_lock(accepted)) == "\n".join(
        [*accepted.split("\n")[:1], *sorted(accepted.split("\n")[1:3]), ""]
    )
    refused, number = text(first)
    assert reported(refused) == (
        f"tenants.lock:{number}: {what} differs from what this program writes; "
        "restore the line from git, do not edit the file by hand"
    )


@pytest.mark.parametrize("name", ["account", "home_region", "capacity"])
def test_a_header_has_all_of_its_fields_and_no_other(name: str) -> None:
    header = json.loads(HEADER)
    for text in ({**header, "more": 1}, {key: value for key, value in header.items() if key != name}):
        assert reported(json.dumps(text)).startswith("tenants.lock:1: header differs from what this program writes")


def test_a_capacity_without_a_number_is_named() -> None:
    for name in ("fill", "most"):
        assert reported(HEADER.replace(f'"{name}"', '"x"', 1)).startswith(f"tenants.lock:1: {name} is missing; restore")
    for name in ("keys", "roles"):
        assert reported(HEADER.replace(f'"{name}"', '"x"', 1)).startswith(f"tenants.lock:1: {name} is missing; restore")


def test_every_kind_of_conflict_marker_is_reported() -> None:
    for marker in ("<<<<<<< HEAD", "=======", ">>>>>>> theirs", "||||||| base"):
        assert reported(f"{HEADER}\n{marker}\n").startswith("tenants.lock:2: a conflict marker; keep the lines of both")
