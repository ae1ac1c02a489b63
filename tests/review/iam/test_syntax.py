"""The syntax tree of a policy, typed by hand: every element, in every way that IAM's grammar lets it be written."""

from __future__ import annotations

from typing import Any

import pytest

from tenant_keys.review.errors import MalformedPolicy
from tenant_keys.review.syntax import Condition, Document, Operator, Statement, parse_document

NOTHING: dict[str, Any] = {
    **dict.fromkeys(("actions", "not_actions", "resources", "not_resources"), ()),
    **dict.fromkeys(("principals", "not_principals", "conditions"), ()),
}
EQUALS = Operator("StringEquals", "", if_exists=False)


def test_a_document_is_taken_apart_into_this_tree() -> None:
    raw = {
        "Version": "2012-10-17",
        "Id": "x",
        "Statement": [
            {
                "Sid": "Use",
                "Effect": "Allow",
                "Principal": {"AWS": ["111111111111", "*"], "Service": "s3.amazonaws.com"},
                "Action": "kms:Decrypt",
                "Resource": ["*"],
                "Condition": {
                    "StringEquals": {"KMS:RequestAlias": "alias/a", "aws:x": [1, 2.5, True, False, "t"]},
                    "ForAnyValue:StringNotLikeIfExists": {"aws:TagKeys": ["a", "b"]},
                    "Null": {"aws:y": "true"},
                },
            },
            {"Sid": "", "Effect": "Deny", "NotPrincipal": "*", "NotAction": ["a:b", "c:d"], "NotResource": "e"},
        ],
    }
    first = Statement(
        **{
            **NOTHING,
            "index": 0,
            "sid": "Use",
            "allows": True,
            "actions": ("kms:Decrypt",),
            "resources": ("*",),
            "principals": (("AWS", "111111111111"), ("AWS", "*"), ("Service", "s3.amazonaws.com")),
            "conditions": (
                Condition(EQUALS, "StringEquals", "kms:requestalias", ("alias/a",)),
                Condition(EQUALS, "StringEquals", "aws:x", ("1", "2.5", "true", "false", "t")),
                Condition(
                    Operator("StringNotLike", "ForAnyValue", if_exists=True),
                    "ForAnyValue:StringNotLikeIfExists",
                    "aws:tagkeys",
                    ("a", "b"),
                ),
                Condition(Operator("Null", "", if_exists=False), "Null", "aws:y", ("true",)),
            ),
            "elements": frozenset({"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}),
        }
    )
    second = Statement(
        **{
            **NOTHING,
            "index": 1,
            "sid": None,
            "allows": False,
            "not_actions": ("a:b", "c:d"),
            "not_resources": ("e",),
            "not_principals": (("*", "*"),),
            "elements": frozenset({"Sid", "Effect", "NotPrincipal", "NotAction", "NotResource"}),
        }
    )
    tree = parse_document(raw, "p")
    assert tree == Document("2012-10-17", (first, second), frozenset({"Version", "Id", "Statement"}))
    assert [statement.label for statement in tree.statements] == ["Use", "Statement[1]"]
    assert list(tree.values()) == [
        *("*", "111111111111", "*", "s3.amazonaws.com", "alias/a", "1", "2.5", "true", "false", "t", "a", "b", "true"),
        *("e", "*"),
    ]
    assert [condition.operator.negated for condition in first.conditions] == [False, False, True, False]
    assert [condition.operator.is_null for condition in first.conditions] == [False, False, False, True]


@pytest.mark.parametrize(
    ("version", "substitutes"), [("2012-10-17", True), ("2008-10-17", False), (None, False), ("2012-10-18", False)]
)
def test_variables_need_the_current_version(version: str | None, substitutes: bool) -> None:
    raw: dict[str, Any] = {"Statement": {"Effect": "Allow"}} | ({"Version": version} if version else {})
    assert parse_document(raw, "p").substitutes is substitutes


def test_json_text_is_read_like_an_object() -> None:
    text = '{"Statement": {"Effect": "Deny", "Action": ["a:b"]}}'
    assert parse_document(text, "p") == parse_document({"Statement": [{"Effect": "Deny", "Action": "a:b"}]}, "p")


def test_a_refusal_shows_at_most_two_hundred_characters_of_what_it_got() -> None:
    with pytest.raises(MalformedPolicy) as refused:
        parse_document({"Statement": {"Effect": "x" * 500}}, "p")
    assert str(refused.value) == f'p.Statement[0].Effect: got "{"x" * 199}…; Allow or Deny'
    assert (refused.value.where, refused.value.allowed) == ("p.Statement[0].Effect", "Allow or Deny")
