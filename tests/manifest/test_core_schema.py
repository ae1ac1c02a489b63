"""What the reader makes of plain scalars is what the core schema of YAML 1.2.2 (10.3) makes of them, or is refused."""

from __future__ import annotations

import pytest

from tenant_keys.manifest.document import Reader, Stopped, Unusable


def read(text: str) -> tuple[object, list[str]]:
    reader = Reader(text)
    try:
        value = reader.read()
    except Stopped:
        value = None
    return value, [problem.message.partition(";")[0] for problem in reader.problems]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        *((word, word) for word in ("yes", "No", "on", "OFF", "y", "n", "tRUE", "=", "2026-01-01", "1.2.3")),
        *((word, True) for word in ("true", "True", "TRUE")),
        *((word, False) for word in ("false", "False", "FALSE")),
        ("'yes'", "yes"),
        ('"017"', "017"),
        ("-0", 0),
        ("999999999999999999", 999_999_999_999_999_999),
        ("1" * 98 + "f", "1" * 98 + "f"),
        ("1" * 99 + " and more", "1" * 99 + " and more"),
        ("[yes, no]", ("yes", "no")),
    ],
)
def test_a_scalar_is_read_as_yaml_1_2_has_it(written: str, value: object) -> None:
    found, problems = read(f"a: {written}\n")
    assert (found, problems) == ({"a": value}, [])
    assert isinstance(found, dict)
    assert type(found["a"]) is type(value)


NUMBERS = ["017", "0o17", "0x1F", "0b11", "1_000", "12:30", "1e3", ".5", "1.0", "+5", ".inf", ".nan"]
LONG = ("9" * 30, "1" * 99 + "f", "9" * 120, "0x" + "f" * 120, "1." + "9" * 120)


@pytest.mark.parametrize("written", [*NUMBERS, *LONG, "~", "null", "Null", "NULL", ""])
def test_a_scalar_of_another_type_is_accepted_by_no_field(written: str) -> None:
    found, problems = read(f"a: {written}\n")
    assert isinstance(found, dict)
    assert (type(found["a"]), problems) == (Unusable, [])


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ("a: b\na: c\n", "given twice"),
        ("{a: b, a: c}\n", "given twice"),
        ("a: !!str 5\n", "got the tag tag:yaml.org,2002:str"),
        ("a: &b c\n", "got the anchor &b"),
        ("a: *b\n", "got the alias *b"),
        ("<<: {a: b}\n", "got a merge key"),
        ("yes: a\n", "got an unquoted key that YAML does not read as text"),
        ("1: a\n", "got an unquoted key that YAML does not read as text"),
        ("%YAML 1.2\n---\na: b\n", "got a directive"),
        ("a: b\n---\nc: d\n", "got a second document"),
    ],
)
def test_a_form_that_surprises_is_refused(document: str, problem: str) -> None:
    assert read(document)[1] == [problem]


WIDE = {"list": f"a: [{'1,' * 100_003}]", "mapping": "".join(f"k{number}: 1\n" for number in range(100_003))}


@pytest.mark.parametrize("text", WIDE.values(), ids=WIDE)
def test_reading_stops_at_more_entries_than_an_account_has_keys(text: str) -> None:
    assert read(text)[1] == ["got more than 100000 entries"]
