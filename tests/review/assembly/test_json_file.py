"""A file as the CDK writes it is parsed fast, any other strictly, and nobody can tell by the value or the refusal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_keys.review.assembly.json_file import compact, parse_json
from tenant_keys.review.errors import AssemblyUnreadable

HERE = Path("file.json")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.integers(-(10**39), 10**39) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES, st.booleans(), st.sampled_from([None, 0, 1]))
def test_a_value_comes_back_however_it_is_written(value: Any, ascii_alone: bool, indent: int | None) -> None:
    data = json.dumps(value, ensure_ascii=ascii_alone, indent=indent).encode()
    assert parse_json(HERE, data) == value
    assert [type(one) for one in _leaves(parse_json(HERE, data))] == [type(one) for one in _leaves(value)]


@given(VALUES)
def test_compact_text_is_ascii_and_the_same_value(value: Any) -> None:
    assert compact(value).isascii()
    assert json.loads(compact(value)) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a":1,"a":1}', "a occurs twice in one object"),
        ('{"a":1,"b":{"a":1,"a":2}}', "a occurs twice in one object"),
        ('[{"":0,"":0}]', " occurs twice in one object"),
        ('{"a":1,"\\u0061":1}', "a occurs twice in one object"),
        ('{ "a" : 1 , "a" : 1 }', "a occurs twice in one object"),
        ('{"a":1e400}', "is not a number of JSON"),
        ('{"a":-Infinity}', "is not a number of JSON"),
        ('{"a":"\\ud800"}', "holds half of a surrogate pair"),
        ('{"\\udfff":1}', "holds half of a surrogate pair"),
        ('{"a":01}', "not JSON in UTF-8"),
        ('{"a":"\t"}', "not JSON in UTF-8"),
        ("{} {}", "not JSON in UTF-8"),
        ("\ufeff{}", "not JSON in UTF-8"),
        ("{'a': 1}", "not JSON in UTF-8"),
        ("", "not JSON in UTF-8"),
    ],
)
def test_what_has_no_one_value_is_refused(text: str, words: str) -> None:
    with pytest.raises(AssemblyUnreadable, match=words):
        parse_json(HERE, text.encode())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"a":{"b":[0,{"c":1,"c":2}]}}', " a.b[1]: c occurs twice in one object"),
        ('[0,{"c":1,"c":2}]', " [1]: c occurs twice in one object"),
        ('{"c":1,"c":2}', ": c occurs twice in one object"),
        ('{"a":[1,1e400]}', " a[1]: 1e400 is not a number of JSON that AWS can hold"),
        ('{"a":{"b":NaN}}', " a.b: NaN is not a number of JSON that AWS can hold"),
        ('{"a":["\\ud800"]}', ' a[0]: "\\ud800" holds half of a surrogate pair'),
    ],
)
def test_what_has_no_one_value_is_named_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(AssemblyUnreadable) as refused:
        parse_json(HERE, text.encode())
    assert str(refused.value) == f"file.json{problem}; run cdk synth again"


@pytest.mark.parametrize("data", [b'"\xff"', b'{"\xc3":1}', b'"\xed\xa0\x80"', b'{"a":1}\x00'])
def test_bytes_that_are_no_utf_8_are_refused(data: bytes) -> None:
    with pytest.raises(AssemblyUnreadable, match="not JSON in UTF-8"):
        parse_json(HERE, data)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-0", 0),
        ("1.0", 1.0),
        ("1e2", 100.0),
        ('"\\/\\u00e9"', "/\u00e9"),
        ('"\\ud83d\\ude00"', "\U0001f600"),
        (" [ 1 ] ", [1]),
    ],
)
def test_another_spelling_of_a_value_is_the_value(text: str, value: object) -> None:
    parsed = parse_json(HERE, text.encode())
    assert (parsed, type(parsed)) == (value, type(value))


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [value, *(leaf for one in value.values() for leaf in _leaves(one))]
    if isinstance(value, list):
        return [value, *(leaf for one in value for leaf in _leaves(one))]
    return [value]
