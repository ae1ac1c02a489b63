"""The values of a policy variable that a document distinguishes, beside what its values are compared with."""

from __future__ import annotations

from typing import Any

import pytest

from tenant_keys.review.proof import NotProved
from tenant_keys.review.proof.solutions import affixed, solutions
from tests.review.proof.test_classes import KEY, TAG, document

ALIAS = "kms:requestalias"


@pytest.mark.parametrize(
    ("value", "names", "expected"),
    [
        ("alias/tenant-${aws:PrincipalTag/t}", ("alias/tenant-acme", "alias/other"), ["acme"]),
        ("${aws:PrincipalTag/t}", ("a", "b"), ["a", "b"]),
        ("a${aws:PrincipalTag/t}a", ("aa", "a", "aba", "abc"), ["", "b"]),
        ("a*${aws:PrincipalTag/t}", ("abc",), ["c", "bc", "abc"]),
        ("a${aws:PrincipalTag/t}*", ("abc",), ["b", "bc"]),
        ("${aws:PrincipalTag/t, 'x'}c", ("abc",), ["ab"]),
    ],
)
def test_a_variable_has_the_values_with_which_its_pattern_meets_a_name(
    value: str, names: tuple[str, ...], expected: list[str]
) -> None:
    one = document({"StringLike": {"kms:RequestAlias": value}})
    assert solutions(one, TAG.lower(), {ALIAS: names}, lambda _: True) == expected
    assert solutions([one], TAG.lower(), {ALIAS: names}, lambda text: len(text) == 1) == [
        text for text in expected if len(text) == 1
    ]


def test_a_variable_meets_what_other_conditions_compare_and_what_is_promised() -> None:
    conditions = {"StringEquals": {KEY: f"${{{TAG}}}"}, "StringNotEquals": {KEY: "hooli"}}
    assert solutions(document(conditions), TAG.lower(), {}, lambda _: True) == ["hooli"]
    named = {KEY.lower(): ["acme"]}
    assert solutions(document(conditions), TAG.lower(), {}, lambda _: True, named) == ["hooli", "acme"]


@pytest.mark.parametrize(
    ("value", "reported"),
    [
        ("*${aws:PrincipalTag/t}*", "the values that fit abcdefghijklmnopqrst are too many"),
        ("${aws:PrincipalTag/t}-${aws:PrincipalTag/t}", "two policy variables in one value"),
    ],
)
def test_a_variable_with_too_many_values_is_named(value: str, reported: str) -> None:
    one = document({"StringLike": {"kms:RequestAlias": value}})
    with pytest.raises(NotProved, match=rf"{reported}$"):
        solutions(one, TAG.lower(), {ALIAS: "abcdefghijklmnopqrst"}, lambda _: True)


def test_a_variable_beside_a_pattern_is_read_with_what_is_around_it() -> None:
    both = document({"StringEquals": {KEY: f"x-${{{TAG}}}-y"}, "StringLike": {KEY: ["x-a*-y", "b?"]}})
    readers, letters = affixed([both], TAG.lower(), {})
    assert letters == "x-a*-yb?"
    accepted = []
    for text in ("a", "ab", "b"):
        states = [reader.start() for reader in readers]
        for character in text:
            states = [reader.step(state, character) for reader, state in zip(readers, states, strict=True)]
        accepted.append([bool(reader.accepts(state)) for reader, state in zip(readers, states, strict=True)])
    assert accepted == [[True, False], [True, False], [False, False]]
    assert affixed([both], TAG.lower(), {KEY.lower(): "x"}) == ([], "")
    for value in (f"${{{TAG}}}", f"${{{TAG}}}*"):  # no pattern is compared with the key besides
        assert affixed([document({"StringLike": {KEY: value}})], TAG.lower(), {}) == ([], "")


@pytest.mark.parametrize(("operator", "crosses"), [("StringLike", True), ("ArnLike", False)])
def test_a_pattern_beside_a_variable_is_read_as_its_operator_reads_it(operator: str, crosses: bool) -> None:
    """In an ARN a wildcard stops at a colon of the first five parts (IAM guide, ARN condition operators)."""
    both = document({"StringEquals": {KEY: f"arn:${{{TAG}}}:c:d:e:f"}, operator: {KEY: "arn:*:c:d:e:f"}})
    (reader,), letters = affixed([both], TAG.lower(), {})
    assert letters == "arn:*:c:d:e:f"
    for text, accepted in (("b", True), ("b:c", crosses)):
        state = reader.start()
        for character in text:
            state = reader.step(state, character)
        assert bool(reader.accepts(state)) is accepted, text


@pytest.mark.parametrize(
    "conditions",
    [
        {"StringEquals": {KEY: ["${aws:PrincipalTag/t}", "${aws:PrincipalTag/u}"]}, "StringLike": {KEY: "a*"}},
        {"StringLike": {KEY: ["${aws:PrincipalTag/t}*", "a*"]}},
        {"StringLike": {KEY: ["?${aws:PrincipalTag/t}", "a*"]}},
    ],
)
def test_a_variable_beside_another_or_a_wildcard_is_named_where_patterns_are(conditions: dict[str, Any]) -> None:
    with pytest.raises(NotProved):
        affixed([document(conditions)], TAG.lower(), {})


def test_a_variable_of_another_key_is_not_beside_a_variable() -> None:
    two = {"StringEquals": {KEY: f"${{{TAG}}}", "kms:RequestAlias": "${aws:PrincipalTag/u}"}, "StringLike": {KEY: "a*"}}
    readers, letters = affixed([document(two)], TAG.lower(), {})
    assert (len(readers), letters) == (1, "a*")


def test_only_patterns_on_the_key_of_a_variable_are_read_beside_it() -> None:
    more = {"StringEquals": {KEY: f"${{{TAG}}}"}, "StringLike": {"kms:EncryptionContext:y": "b*"}}
    assert affixed([document(more)], TAG.lower(), {}) == ([], "")
    numbers = {"StringEquals": {KEY: f"${{{TAG}}}"}, "StringNotEquals": {KEY: "b*"}}
    assert affixed([document(numbers)], TAG.lower(), {}) == ([], "")
