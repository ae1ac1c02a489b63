"""The classes of values that documents distinguish, each with one representative; the representatives typed by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tenant_keys.review.proof import NotProved
from tenant_keys.review.proof.document import Condition, Document
from tenant_keys.review.proof.domain import candidates, spellings, text_classes
from tenant_keys.review.proof.examples import distinguished_accounts, examples
from tenant_keys.review.proof.readers import AnyCase, Parts, Pattern, is_legal

KEY = "kms:EncryptionContext:x"
TAG = "aws:PrincipalTag/t"


def document(condition: Mapping[str, Any]) -> Document:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*", "Condition": condition}
    body = {"Version": "2012-10-17", "Statement": [statement if condition else {**statement, "Condition": NEVER}]}
    return Document.parse(body, name="key policy", kind="resource")


NEVER = {"Null": {"aws:SourceVpc": "true"}}


def on(key: str, **operators: Any) -> tuple[Condition, ...]:
    return document({name.replace("_", ":"): {key: value} for name, value in operators.items()}).clauses[0].conditions


@pytest.mark.parametrize(
    ("operators", "expected"),
    [
        ({"Null": "true"}, ("any",)),
        ({"StringEquals": ["a", "b"]}, ("a", "b", "other")),
        ({"StringNotEquals": "other"}, ("other", "otherz")),
        ({"StringEquals": "a", "Null": "false"}, ("a", "other")),
        ({"StringLike": "a*"}, ("a*", "", "a")),
        ({"StringNotLike": "a?"}, ("a?", "", "az")),
        ({"StringLike": ["a*", "*b"]}, ("a*", "*b", "", "a", "b", "ab")),
        ({"StringLike": "a*", "StringEquals": "ab"}, ("ab", "a*", "", "a")),
        ({"StringEqualsIgnoreCase": "Acme"}, ("Acme", "ACME", "other")),
        ({"StringEquals": "ACME", "StringNotEqualsIgnoreCase": "acme"}, ("ACME", "acme", "Acme", "other")),
        ({"NumericLessThan": "5"}, ("4", "5", "6", "other")),
        ({"NumericEquals": "5", "StringEquals": "5"}, ("5", "4", "6", "other")),
        ({"Bool": "true"}, ("true", "false", "other")),
        ({"BinaryEquals": "b3RoZXI="}, ("b3RoZXI=", "b3RoZXJy", "other")),
    ],
)
def test_one_text_represents_each_class(operators: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert text_classes(on(KEY, **operators), {}) == expected


@pytest.mark.parametrize("value", ["${aws:ResourceAccount}", "a-${aws:ResourceAccount, 'none'}"])
def test_a_default_is_no_class_where_its_variable_always_has_a_value(value: str) -> None:
    conditions = on(KEY, StringEquals=value)
    with pytest.raises(NotProved, match=r"is compared with .*: no classes of both together are derived"):
        text_classes(conditions, {})
    named = value.partition("$")[0] + "111111111111"
    assert text_classes(conditions, {"aws:resourceaccount": "111111111111"}) == (named, "other")


@pytest.mark.parametrize(
    ("value", "expected"), [("${aws:username}", ("other",)), ("${aws:username, 'x'}", ("x", "other"))]
)
def test_a_variable_that_a_principal_need_not_have_has_its_default(value: str, expected: tuple[str, ...]) -> None:
    assert text_classes(on(KEY, StringEquals=value), {}) == expected
    assert text_classes(on(KEY, StringEquals=value), {"aws:username": "ann"}) == ("ann", "other")


@pytest.mark.parametrize(
    ("name", "classes"), [("b", None), ("bob", (None, "bob", "zz")), ("", (None, "zz")), ("b b", (None, "zz"))]
)
def test_a_user_of_one_letter_stands_for_none_whose_session_has_two(name: str, classes: tuple[str, ...] | None) -> None:
    """STS API, AssumeRole, RoleSessionName: two characters at least; IAM API, UserName: one."""
    conditions = on("sts:RoleSessionName", StringEquals="${aws:username}")
    if classes is None:
        with pytest.raises(NotProved, match=r"^sts:rolesessionname is compared with \$\{aws:username\}: no classes"):
            candidates("sts:rolesessionname", conditions, {"aws:username": name})
    else:
        assert tuple(candidates("sts:rolesessionname", conditions, {"aws:username": name})) == classes


def test_what_is_promised_of_a_value_makes_it_a_class() -> None:
    assert text_classes((), {}, ("acme",)) == ("acme", "any")
    assert text_classes((), {}, ("any",)) == ("any", "anyz")
    assert text_classes(on(KEY, StringEquals="a"), {}, ("acme",)) == ("a", "acme", "other")


@pytest.mark.parametrize(
    "operators",
    [
        {"StringEqualsIgnoreCase": "a", "StringLike": "b*"},
        {"StringEqualsIgnoreCase": "a", "ArnLike": "arn:aws:iam::1:role/b*"},
        {"NumericEquals": "1", "DateEquals": "2026-01-01"},
        {"NumericEquals": "1", "StringLike": "1*"},
        {"StringEqualsIgnoreCase": "a", "StringEquals": ["a", "A"]},
    ],
)
def test_operators_of_which_no_classes_are_worked_out_together_are_named(operators: dict[str, Any]) -> None:
    with pytest.raises(NotProved, match=r"^kms:encryptioncontext:x: "):
        text_classes(on(KEY, **operators), {})


def test_a_key_of_one_value_is_absent_or_has_one_and_a_key_of_several_any_set_of_them() -> None:
    single = candidates("kms:viaservice", on("kms:ViaService", StringEquals="a"), {})
    assert single == [None, "a", "other"]
    several = candidates("aws:tagkeys", on("aws:TagKeys", ForAnyValue_StringEquals="a"), {})
    assert several == [None, ("",), ("a",), ("other",), ("a", "other")]


def test_every_set_of_six_values_is_tried_and_of_seven_none() -> None:
    five = candidates("aws:tagkeys", on("aws:TagKeys", ForAnyValue_StringEquals=list("abcde")), {})
    assert len(five) == len(set(five)) == 2 + 63
    with pytest.raises(NotProved, match=r"^aws:tagkeys: 7 values of a multi-valued key; the proof follows 6$"):
        candidates("aws:tagkeys", on("aws:TagKeys", ForAnyValue_StringEquals=list("abcdef")), {})


ROLE = "arn:aws:iam::111111111111:role/"


def test_a_wildcard_of_an_arn_stops_at_colons_before_the_resource_alone() -> None:
    pattern = Pattern.of([("arn:aws:iam::*:role/*", False)], arn=True)
    assert pattern.accepts(pattern.read(f"{ROLE}a:b"))
    assert not pattern.accepts(pattern.read("arn:aws:iam::1:x:role/a"))
    one = Pattern.of([("arn:aws:iam::?:role/?", False)], arn=True)
    assert one.accepts(one.read("arn:aws:iam::1:role/:"))
    assert not one.accepts(one.read("arn:aws:iam::::role/a"))
    literal = Pattern.of([("a", False), ("*?", True), ("?", False)], arn=False)
    assert literal.accepts(literal.read("a*?b"))
    assert not literal.accepts(literal.read("abcd"))


def test_an_exact_value_with_a_wildcard_in_it_is_that_value_alone() -> None:
    assert examples(["a*"], arn=False, exact=["a*"]) == ["", "a", "a*"]
    assert examples((), arn=False, exact=["a*", "b"]) == ["a*", "b", "other"]


def test_accounts_differ_by_every_digit_that_a_pattern_names() -> None:
    known = ["111111111111"]
    role = Pattern.of([("arn:aws:iam::2*:role/a", False)], arn=True)
    assert distinguished_accounts(known, [], [], "aws") == ["111111111111", "000000000000"]
    assert distinguished_accounts(known, [role], [], "aws") == ["111111111111", "000000000000", "200000000000"]
    number = Pattern.of([("*7", False)], arn=False)
    assert distinguished_accounts(known, [], [number], "aws") == ["111111111111", "000000000000", "000000000007"]
    whole = Pattern.of([("222222222222", True)], arn=False)
    assert distinguished_accounts(["222222222222"], [], [whole], "aws") == ["222222222222", "000000000000"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({}, ("Tenant_id",)),
        ({"ForAnyValue_StringEquals": "TENANT_ID"}, ("Tenant_id", "TENANT_ID")),
        ({"ForAnyValue_StringEquals": ["TENANT_ID", "Tenant_id", "other"]}, ("Tenant_id", "TENANT_ID", "TENANT_Id")),
        ({"ForAnyValue_StringLike": "T*"}, ("Tenant_id", "tENANT_ID")),
        ({"Null": "true"}, ("Tenant_id",)),
    ],
)
def test_a_name_is_spelt_in_each_way_that_a_list_of_names_distinguishes(
    condition: dict[str, Any], expected: tuple[str, ...]
) -> None:
    conditions = on("kms:EncryptionContextKeys", **condition) if condition else ()
    assert spellings("Tenant_id", conditions, {}) == expected


@pytest.mark.parametrize(
    ("operator", "name", "expected"),
    [
        ("ArnLike", "arn:b:c:d:e:f", ("arn:b:c:d:e:f", "arn:B:c:d:e:F")),
        ("StringLike", "arn:b:c:d:e:f", ("arn:b:c:d:e:f", "arn:B:c:d:e:F")),
        ("ArnLike", "arn:b:c:c:d:e:f", ("arn:b:c:c:d:e:f",)),
        ("StringLike", "arn:b:c:c:d:e:f", ("arn:b:c:c:d:e:f", "arn:B:C:c:d:e:F")),
    ],
)
def test_a_name_that_looks_like_an_arn_is_compared_as_the_operator_compares(
    operator: str, name: str, expected: tuple[str, ...]
) -> None:
    conditions = on("kms:EncryptionContextKeys", **{f"ForAnyValue_{operator}": "arn:*:c:d:e:F"})
    assert spellings(name, conditions, {}) == expected


def test_of_a_form_without_patterns_there_is_each_value_and_another_of_the_form() -> None:
    form = Parts((("abz", 2), ("01z", 1)))
    found = examples((), arn=False, exact=["P-ab:1", "P-ab", "ab:1"], prefix="P-", legal=form)
    assert found == ["P-ab:1", "P-zz:z"]


def test_a_word_in_any_case_has_its_letters_and_no_others() -> None:
    """Letters outside ASCII have one case: no other is documented."""
    word = AnyCase("a-\u00e9")
    for text, fits in (("A-\u00e9", True), ("a-\u00e9", True), ("a-\u00c9", False), ("b-\u00e9", False), ("a-", False)):
        assert is_legal(text, word) is fits, text
    assert [character for character in "aAb-\u00e9\u00c9" if word.allows(character)] == ["a", "A", "-", "\u00e9"]


@pytest.mark.parametrize(
    ("key", "several"),
    [
        ("aws:SourceVpc", False),
        (KEY, False),
        ("kms:RequestAlias", False),
        ("sts:ExternalId", False),
        ("login.example.com:amr", True),
        ("kms:GrantOperations", True),
        ("kms:EncryptionContextKeys", True),
        ("aws:TagKeys", True),
    ],
)
def test_a_key_has_several_values_where_it_may_or_where_nothing_tells_how_many(key: str, several: bool) -> None:
    found = candidates(key.lower(), on(key, ForAnyValue_StringEquals="v"), {})
    assert found == ([None, ("",), ("v",), ("other",), ("v", "other")] if several else [None, "v", "other"])


def test_a_claim_has_one_value_where_no_condition_asks_for_one_of_several() -> None:
    assert candidates("login.example.com:amr", on("login.example.com:amr", StringEquals="v"), {}) == [
        None,
        "v",
        "other",
    ]


def test_the_name_of_a_session_has_two_characters_at_least() -> None:
    """STS API, AssumeRole, RoleSessionName."""
    condition = on("sts:RoleSessionName", StringLike=["a*", "?", "ab"])
    assert candidates("sts:rolesessionname", condition, {}) == [None, "ab", "zz", "az"]


def test_arns_and_texts_are_compared_on_one_key_by_their_own_rules() -> None:
    """A wildcard of an ARN stops at a colon, that of a text does not."""
    pattern = "arn:*:c:d:e:f"
    found = (pattern, "", "arn::c:d:e:f", "arn:::c:d:e:f")
    assert text_classes(on(KEY, ArnLike=pattern), {}) == found[:3]
    assert text_classes(on(KEY, ArnLike=pattern, StringNotLike=pattern), {}) == found


@pytest.mark.parametrize(
    ("pattern", "arn", "fits", "others"),
    [
        ("", False, [""], ["a"]),
        ("*", False, ["", "a", "a:b"], []),
        ("**b", False, ["b", "ab", "a:b"], ["", "ba"]),
        ("a***", True, ["a", "ab"], ["", "ba", "a:"]),
        ("?", False, ["a", ":"], ["", "ab"]),
        ("?:?", True, ["a:b"], ["::b", "a::", ":", "a:bb"]),
        ("a:b:c:d:e:*?", True, ["a:b:c:d:e::", "a:b:c:d:e:f:g"], ["a:b:c:d:e:"]),
    ],
)
def test_a_pattern_reads_a_text_to_its_end(pattern: str, arn: bool, fits: list[str], others: list[str]) -> None:
    reader = Pattern.of([(pattern, False)], arn=arn)
    assert [one for one in (*fits, *others) if reader.accepts(reader.read(one))] == fits


@pytest.mark.parametrize(
    ("text", "legal"),
    [("a", False), ("ab", False), ("a:1", False), ("ab:1", True), ("abz:11", True), ("ab:1:1", False), ("aX:1", False)],
)
def test_a_form_has_so_many_characters_in_each_part(text: str, legal: bool) -> None:
    assert is_legal(text, Parts((("abz", 2), ("01z", 1)))) is legal
