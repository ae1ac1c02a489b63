"""Policies that say the same are the same, however they are written; what says something else is reported."""

from __future__ import annotations

from typing import Any

import pytest

from tenant_keys.review.errors import MalformedPolicy
from tenant_keys.review.meaning import difference, meaning, wider

ROOT = "arn:aws:iam::111111111111:root"


def document(*statements: dict[str, Any], version: str = "2012-10-17") -> dict[str, Any]:
    return {"Version": version, "Statement": list(statements)}


def allow(**elements: Any) -> dict[str, Any]:
    given = {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": ["kms:Decrypt", "kms:Encrypt"], "Resource": "*"}
    return {**given, **elements}


IF = {"StringEquals": {"aws:PrincipalTag/tenant_id": "acme"}}
BEFORE = document(allow(Sid="One", Condition=IF))
SAME = {
    "the order of actions": document(allow(Action=["kms:Encrypt", "kms:Decrypt"], Condition=IF)),
    "an action twice": document(allow(Action=["kms:Encrypt", "kms:Decrypt", "kms:Encrypt"], Condition=IF)),
    "the case of actions": document(allow(Action=["KMS:encrypt", "kms:decrypt"], Condition=IF)),
    "a list of one": document(allow(Principal={"AWS": [ROOT]}, Resource=["*"], Condition=IF)),
    "a value in a list": document(allow(Condition={"StringEquals": {"aws:PrincipalTag/tenant_id": ["acme"]}})),
    "the case of a condition key": document(allow(Condition={"StringEquals": {"AWS:principaltag/tenant_id": "acme"}})),
    "an account id for its root": document(allow(Principal={"AWS": "111111111111"}, Condition=IF)),
    "another Sid": document(allow(Sid="Two", Condition=IF)),
    "one statement without a list": {"Version": "2012-10-17", "Statement": allow(Condition=IF)},
    "two statements of one action": document(
        allow(Action="kms:Encrypt", Condition=IF), allow(Action="kms:Decrypt", Condition=IF)
    ),
    "a statement twice": document(allow(Condition=IF), allow(Condition=IF)),
    "an id": {"Id": "policy", **BEFORE},
}
OTHER = {
    "one action more": document(allow(Action=["kms:Decrypt", "kms:Encrypt", "kms:Sign"], Condition=IF)),
    "one action less": document(allow(Action=["kms:Decrypt"], Condition=IF)),
    "no condition": document(allow()),
    "one value more": document(allow(Condition={"StringEquals": {"aws:PrincipalTag/tenant_id": ["acme", "globex"]}})),
    "the case of a value": document(allow(Condition={"StringEquals": {"aws:PrincipalTag/tenant_id": "Acme"}})),
    "another operator": document(allow(Condition={"StringLike": {"aws:PrincipalTag/tenant_id": "acme"}})),
    "an operator that lets absence pass": document(
        allow(Condition={"StringEqualsIfExists": {"aws:PrincipalTag/tenant_id": "acme"}})
    ),
    "a set operator": document(allow(Condition={"ForAllValues:StringEquals": {"aws:PrincipalTag/tenant_id": "acme"}})),
    "everyone": document(allow(Principal="*", Condition=IF)),
    "a Deny": document(allow(Effect="Deny", Condition=IF)),
    "all actions but": document(
        {"Effect": "Allow", "Principal": {"AWS": ROOT}, "NotAction": "kms:Sign", "Resource": "*", "Condition": IF}
    ),
    "a second statement": document(allow(Condition=IF), allow(Action="kms:*", Principal="*")),
}


def of(policy: dict[str, Any]) -> Any:
    return meaning([policy], "the policy", "aws")


@pytest.mark.parametrize("how", SAME)
def test_the_same_in_other_words_is_no_difference(how: str) -> None:
    assert difference(of(BEFORE), of(SAME[how])) is None


@pytest.mark.parametrize("how", OTHER)
def test_what_says_something_else_is_a_difference(how: str) -> None:
    found = difference(of(BEFORE), of(OTHER[how]))
    assert found is not None
    assert found.added or found.removed


def test_everyone_is_written_in_two_ways() -> None:
    assert of(document(allow(Principal="*"))) == of(document(allow(Principal={"AWS": "*"})))


def test_equals_and_like_of_arns_are_one_operator() -> None:
    equal, like = (document(allow(Condition={name: {"aws:PrincipalArn": ROOT}})) for name in ("ArnEquals", "ArnLike"))
    assert of(equal) == of(like)


def test_a_variable_is_none_under_the_older_version() -> None:
    condition = {"StringEquals": {"kms:RequestAlias": "alias/${aws:PrincipalTag/tenant_id}"}}
    new, old = (document(allow(Condition=condition), version=one) for one in ("2012-10-17", "2008-10-17"))
    assert of(new) != of(old)


def test_the_difference_is_reported_in_a_sentence() -> None:
    found = difference(of(BEFORE), of(document(allow(Condition=IF), allow(Action="kms:*", Principal="*"))))
    assert found is not None
    assert found.added == ("Allow kms:* to everyone",)
    assert found.removed == ()


def test_a_deleted_principal_is_distinguished_from_another_one() -> None:
    role, unique = "arn:aws:iam::111111111111:role/Helper", "AROA1234567890ABCDEF0"
    before, gone = (document(allow(Principal={"AWS": name})) for name in (role, unique))
    found = difference(of(before), of(gone))
    assert found is not None
    assert found.replaced_by_id == ((role, unique),)
    other = difference(of(before), of(document(allow(Principal={"AWS": f"{role}2"}))))
    assert other is not None
    assert other.replaced_by_id == ()


@pytest.mark.parametrize(
    "policy",
    [
        {"Version": "2012-10-17", "Statement": [allow(Else="x")]},
        {"Version": "2012-10-17", "Statement": [allow()], "Else": "x"},
        {"Version": "2012-10-17", "Statement": []},
        {"Version": "2012-10-17", "Statement": [allow(Effect="Maybe")]},
    ],
)
def test_what_is_not_understood_is_refused(policy: dict[str, Any]) -> None:
    with pytest.raises(MalformedPolicy):
        of(policy)


LIMITED = document(
    allow(
        Action="kms:Decrypt",
        Condition={"ArnLike": {"aws:PrincipalArn": ["arn:aws:iam::1:role/a", "arn:aws:iam::1:role/b?"]}},
    ),
    {"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*", "Condition": {"Bool": {"a:b": "false"}}},
)


def changed(statement: int, **elements: Any) -> dict[str, Any]:
    statements = [dict(one) for one in LIMITED["Statement"]]
    statements[statement] |= elements
    return document(*statements)


NOT_WIDER = {
    "itself": LIMITED,
    "one role less": changed(0, Condition={"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::1:role/a"}}),
    "the same roles by another operator": changed(
        0, Condition={"StringEquals": {"aws:PrincipalArn": ["arn:aws:iam::1:role/a", "arn:aws:iam::1:role/b?"]}}
    ),
    "the same roles as text": changed(
        0, Condition={"StringLike": {"aws:PrincipalArn": ["arn:aws:iam::1:role/a", "arn:aws:iam::1:role/b?"]}}
    ),
    "one condition more": changed(
        0, Condition={**LIMITED["Statement"][0]["Condition"], "StringEquals": {"kms:ViaService": "s3"}}
    ),
    "a Deny more": document(*LIMITED["Statement"], allow(Effect="Deny")),
    "a Deny that takes an absent key too": changed(1, Condition={"BoolIfExists": {"a:b": "false"}}),
    "a Deny of more actions": changed(1, Action="*"),
}
WIDER = {
    "one role more": changed(
        0,
        Condition={
            "ArnLike": {
                "aws:PrincipalArn": ["arn:aws:iam::1:role/a", "arn:aws:iam::1:role/b?", "arn:aws:iam::1:role/c"]
            }
        },
    ),
    "a pattern by an operator that takes more": changed(
        0, Condition={"StringLike": {"aws:PrincipalArn": "arn:aws:iam::1:role/*"}}
    ),
    "an absent key too": changed(
        0, Condition={"ArnLikeIfExists": {"aws:PrincipalArn": ["arn:aws:iam::1:role/a", "arn:aws:iam::1:role/b?"]}}
    ),
    "any of a list": changed(
        0, Condition={"ForAllValues:ArnLike": {"aws:PrincipalArn": ["arn:aws:iam::1:role/a", "arn:aws:iam::1:role/b?"]}}
    ),
    "the opposite": changed(0, Condition={"ArnNotLike": {"aws:PrincipalArn": ["arn:aws:iam::1:role/a"]}}),
    "another key": changed(
        0, Condition={"ArnLike": {"aws:SourceArn": ["arn:aws:iam::1:role/a", "arn:aws:iam::1:role/b?"]}}
    ),
    "more actions": changed(0, Action=["kms:Decrypt", "kms:Encrypt"]),
    "all actions but one": {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": ROOT}, "NotAction": "kms:Encrypt", "Resource": "*"}],
    },
    "another principal": changed(0, Principal={"AWS": "222222222222"}),
    "no Deny": document(LIMITED["Statement"][0]),
    "a Deny of less": changed(1, Action="kms:Decrypt"),
    "a Deny of fewer principals": changed(1, Principal={"AWS": ROOT}),
    "a Deny on another condition": changed(1, Condition={"Bool": {"a:b": "true"}}),
    "a Deny of one resource": changed(1, Resource="arn:x"),
}


def is_wider(deployed: dict[str, Any]) -> bool:
    return wider(meaning([deployed], "p", "aws"), meaning([LIMITED], "p", "aws"))


@pytest.mark.parametrize("deployed", NOT_WIDER.values(), ids=NOT_WIDER)
def test_what_lets_less_through_is_not_wider(deployed: dict[str, Any]) -> None:
    assert not is_wider(deployed)


@pytest.mark.parametrize("deployed", WIDER.values(), ids=WIDER)
def test_what_may_let_more_through_is_wider(deployed: dict[str, Any]) -> None:
    assert is_wider(deployed)
