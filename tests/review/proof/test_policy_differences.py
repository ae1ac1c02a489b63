"""Policies compared by what they mean, and each difference as a reviewer reads it; verdicts and sentences by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tenant_keys.review.proof.policy_differences import Comparison, Said, compare_policies

Body = dict[str, Any]
SAME, WIDER, OTHERWISE = Said.SAME, Said.WIDER, Said.OTHERWISE
TOPIC, OTHER = "arn:aws:sns:eu-west-1:1:t", "arn:aws:sns:eu-west-1:1:u"
EVENTS = {"Service": "events.amazonaws.com"}
ONE, TWO, ANY = (f"arn:aws:iam::1:role/{name}" for name in ("x", "y", "*"))


def allow(action: object = "sns:Publish", resource: object = TOPIC, **more: Any) -> Body:
    return {"Sid": "S", "Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: object = "sns:Publish", resource: object = "*", **more: Any) -> Body:
    return {"Sid": "D", "Effect": "Deny", "Action": action, "Resource": resource, **more}


def only_if(**operators: Any) -> Body:
    return {"Condition": operators}


def document(*statements: Body) -> Body:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def compared(got: list[Body], declared: list[Body], **options: bool) -> tuple[Said, str]:
    found = compare_policies([document(*got)], document(*declared), "eu-west-1", **options)
    return found.said, found.how


FROM_ONE = only_if(StringEquals={"aws:SourceAccount": "1"})
FROM_TWO = only_if(StringEquals={"aws:SourceAccount": ["1", "2"]})
ENCRYPTED_FROM_TWO = only_if(Bool={"aws:SecureTransport": "true"}, **FROM_TWO["Condition"])
PLENTY = ["s3:GetObject", "s3:PutObject", "s3:List*", "s3:A", "s3:B", "s3:C"]


@pytest.mark.parametrize(
    ("got", "declared", "said", "how"),
    [
        ([allow()], [allow()], SAME, ""),
        ([allow("sns:publish"), allow("SNS:Subscribe")], [allow(["sns:Publish", "sns:Subscribe"])], SAME, ""),
        ([allow(["sns:Publish", "sns:Subscribe"])], [allow()], WIDER, "S: Action has also sns:Subscribe"),
        ([allow()], [allow(["sns:Publish", "sns:Subscribe"])], OTHERWISE, "S: Action lacks sns:Subscribe"),
        ([allow("sns:*")], [allow()], WIDER, "S: Action has also sns:*, Action lacks sns:Publish"),
        ([allow()], [allow("sns:*")], OTHERWISE, "S: Action has also sns:Publish, Action lacks sns:*"),
        ([allow(resource=[TOPIC, OTHER])], [allow()], WIDER, f"S: Resource has also {OTHER}"),
        ([allow(resource=OTHER)], [allow()], WIDER, f"S: Resource has also {OTHER}, Resource lacks {TOPIC}"),
        (
            [allow(Principal={"Service": ["events.amazonaws.com", "a.amazonaws.com"]})],
            [allow(Principal=EVENTS)],
            WIDER,
            "S: Principal has also Service a.amazonaws.com",
        ),
        (
            [allow(Principal="*")],
            [allow(Principal=EVENTS)],
            WIDER,
            "S: Principal has also everyone, Principal lacks Service events.amazonaws.com",
        ),
        (
            [allow(), allow("s3:GetObject", "*", Sid="More", Principal=EVENTS)],
            [allow()],
            WIDER,
            "More is not declared: Allow s3:GetObject to Service events.amazonaws.com",
        ),
        (
            [
                allow(),
                allow(PLENTY, "*", Sid="More", **ENCRYPTED_FROM_TWO),
            ],
            [allow()],
            WIDER,
            (
                "More is not declared: Allow s3:A, s3:B, s3:C, s3:GetObject, 2 more if Bool aws:SecureTransport true "
                "and StringEquals aws:SourceAccount 1, 2"
            ),
        ),
        ([allow()], [allow(), deny()], WIDER, "declared and missing: Deny sns:Publish"),
        (
            [allow()],
            [allow(), deny(**only_if(Bool={"aws:SecureTransport": "false"}))],
            WIDER,
            "declared and missing: Deny sns:Publish if Bool aws:SecureTransport false",
        ),
        ([allow(**FROM_TWO)], [allow(**FROM_ONE)], WIDER, "S: StringEquals aws:SourceAccount has also 2"),
        ([allow(**FROM_ONE)], [allow(**FROM_TWO)], OTHERWISE, "S: StringEquals aws:SourceAccount lacks 2"),
        (
            [allow(**only_if(StringEquals={"aws:SourceAccount": "3"}))],
            [allow(**FROM_ONE)],
            WIDER,
            "S: StringEquals aws:SourceAccount has also 3 and lacks 1",
        ),
        ([allow()], [allow(**FROM_ONE)], WIDER, "S: Condition lacks StringEquals aws:SourceAccount 1"),
        ([allow(**FROM_ONE)], [allow()], OTHERWISE, "S: Condition has also StringEquals aws:SourceAccount 1"),
        (
            [allow(**only_if(Bool={"aws:SecureTransport": "true"}, StringLike={"aws:SourceVpc": "v"}))],
            [allow(**only_if(StringEquals={"aws:SourceAccount": "1", "aws:SourceVpc": "v"}))],
            WIDER,
            (
                "S: Condition has also Bool aws:SecureTransport true, Condition has also StringLike aws:SourceVpc v, "
                "Condition lacks StringEquals aws:SourceAccount 1, Condition lacks StringEquals aws:SourceVpc v"
            ),
        ),
        (
            [deny(resource=TOPIC)],
            [allow()],
            OTHERWISE,
            f"D is not declared: Deny sns:Publish on {TOPIC}; declared and missing: Allow sns:Publish on {TOPIC}",
        ),
        # Each statement is compared with that one of the declared with which it shares most.
        (
            [allow("sns:Subscribe", Sid="A"), allow(resource=OTHER, Sid="B")],
            [allow(), allow("sns:Subscribe", "arn:v")],
            WIDER,
            f"A: Resource has also {TOPIC}, Resource lacks arn:v; B: Resource has also {OTHER}, Resource lacks {TOPIC}",
        ),
        (
            [allow("s3:GetObject")],
            [allow()],
            WIDER,
            f"S is not declared: Allow s3:GetObject on {TOPIC}; declared and missing: Allow sns:Publish on {TOPIC}",
        ),
        (
            [allow("s3:GetObject", Principal=EVENTS)],
            [allow(Principal=EVENTS)],
            WIDER,
            "S: Action has also s3:GetObject, Action lacks sns:Publish",
        ),
        (
            [allow("s3:GetObject", OTHER, **FROM_ONE), allow("s3:PutObject", OTHER, Sid="Q", Principal=EVENTS)],
            [allow(**FROM_ONE)],
            WIDER,
            (
                f"S is not declared: Allow s3:GetObject on {OTHER} if StringEquals aws:SourceAccount 1; Q is not "
                f"declared: Allow s3:PutObject to Service events.amazonaws.com on {OTHER}; declared and missing: Allow "
                f"sns:Publish on {TOPIC} if StringEquals aws:SourceAccount 1"
            ),
        ),
        (
            [{"Sid": "S", "Effect": "Allow", "Action": "sns:Publish", "NotResource": "x"}],
            [allow()],
            WIDER,
            f"S: Resource has also not x, Resource lacks {TOPIC}",
        ),
        ([{"Effect": "Maybe"}], [allow()], OTHERWISE, 'Statement[0].Effect: got "Maybe"; Allow or Deny'),
    ],
)
def test_a_policy_is_compared_statement_by_statement(
    got: list[Body], declared: list[Body], said: Said, how: str
) -> None:
    assert compared(got, declared) == (said, how)


@pytest.mark.parametrize(("number", "more"), [(4, ""), (5, "; 1 more"), (7, "; 3 more")])
def test_four_differences_are_shown_and_the_others_counted(number: int, more: str) -> None:
    got = [allow(), *(allow(f"s3:A{one}", "*", Sid=f"S{one}") for one in range(number))]
    shown = "; ".join(f"S{one} is not declared: Allow s3:A{one}" for one in range(4))
    assert compared(got, [allow()]) == (WIDER, shown + more)


def test_four_names_are_shown_and_the_others_counted() -> None:
    got = [allow(["sns:Publish", *(f"sns:A{one}" for one in range(4))])]
    assert compared(got, [allow()]) == (WIDER, "S: Action has also sns:A0, sns:A1, sns:A2, sns:A3")
    got = [allow(["sns:Publish", *(f"sns:A{one}" for one in range(5))])]
    assert compared(got, [allow()]) == (WIDER, "S: Action has also sns:A0, sns:A1, sns:A2, sns:A3, 1 more")


DECIDING = (
    *(
        "PrincipalArn",
        "SourceArn",
        "PrincipalAccount",
        "PrincipalOrgID",
        "PrincipalType",
        "SecureTransport",
        "SourceAccount",
    ),
)


@pytest.mark.parametrize("key", [f"aws:{name}" for name in DECIDING])
@pytest.mark.parametrize("operator", ["ArnLike", "ArnNotLike", "Bool", "StringEquals", "StringNotEquals"])
def test_a_condition_on_what_distinguishes_requests_takes_something_from_a_deny(operator: str, key: str) -> None:
    spared = only_if(**{operator: {key: ONE if operator.startswith("Arn") else "true"}})
    assert compared([allow(), deny(**spared)], [allow(), deny()])[0] is WIDER


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"aws:SourceVpc": "v"}},
        {"ArnNotLike": {"aws:PrincipalArn": "*"}},
        {"ArnNotLike": {"aws:PrincipalArn": [ONE, "*:*:?:*:*:*"]}},
        {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::1:role/${aws:username}"}},
        {"Null": {"aws:PrincipalArn": "true"}},
        {"StringLike": {"aws:PrincipalAccount": "1"}},
        {"ForAnyValue:StringEquals": {"aws:PrincipalAccount": "1"}},
    ],
)
def test_what_another_condition_takes_from_a_deny_is_not_understood(condition: Body) -> None:
    assert compared([allow(), deny(Condition=condition)], [allow(), deny()])[0] is OTHERWISE


@pytest.mark.parametrize(
    ("got", "declared", "said"),
    [
        ({"ArnNotLike": {"aws:PrincipalArn": [ONE, TWO]}}, {"ArnNotLike": {"aws:PrincipalArn": ONE}}, WIDER),
        ({"ArnNotLike": {"aws:PrincipalArn": ONE}}, {"ArnNotLike": {"aws:PrincipalArn": [ONE, TWO]}}, OTHERWISE),
        ({"ArnNotLike": {"aws:PrincipalArn": ANY}}, {"ArnNotLike": {"aws:PrincipalArn": ONE}}, WIDER),
        ({"ArnNotLike": {"aws:PrincipalArn": ONE}}, {"ArnNotLike": {"aws:PrincipalArn": ANY}}, OTHERWISE),
        ({"ArnLike": {"aws:PrincipalArn": ONE}}, {"ArnLike": {"aws:PrincipalArn": [ONE, TWO]}}, WIDER),
        ({"ArnLike": {"aws:PrincipalArn": [ONE, TWO]}}, {"ArnLike": {"aws:PrincipalArn": ONE}}, OTHERWISE),
        ({"ArnLike": {"aws:PrincipalArn": ONE}}, {"ArnLike": {"aws:PrincipalArn": ANY}}, WIDER),
        # Text operators on ARNs without wildcards decide as those on ARNs do; negated ones with IfExists or not.
        ({"StringNotEquals": {"aws:PrincipalArn": ONE}}, {"ArnNotLike": {"aws:PrincipalArn": ONE}}, SAME),
        ({"StringNotLike": {"aws:PrincipalArn": ONE}}, {"ArnNotEquals": {"aws:PrincipalArn": ONE}}, SAME),
        ({"StringNotEqualsIfExists": {"aws:PrincipalArn": ONE}}, {"ArnNotLike": {"aws:PrincipalArn": ONE}}, SAME),
        ({"StringNotEqualsIfExists": {"aws:SourceVpc": "v"}}, {"StringNotEquals": {"aws:SourceVpc": "v"}}, SAME),
        ({"StringEqualsIfExists": {"aws:SourceVpc": "v"}}, {"StringEquals": {"aws:SourceVpc": "v"}}, OTHERWISE),
        ({"StringEqualsIfExists": {"aws:SourceArn": ONE}}, {"ArnLikeIfExists": {"aws:SourceArn": ONE}}, SAME),
        ({"StringLike": {"aws:SourceArn": ONE}}, {"ArnEquals": {"aws:SourceArn": ONE}}, SAME),
        ({"StringNotEquals": {"aws:PrincipalArn": ANY}}, {"ArnNotLike": {"aws:PrincipalArn": ANY}}, OTHERWISE),
        ({"StringEquals": {"aws:SourceVpc": ONE}}, {"ArnEquals": {"aws:SourceVpc": ONE}}, OTHERWISE),
        (
            {"ForAllValues:StringNotEqualsIfExists": {"aws:PrincipalArn": ONE}},
            {"ForAllValues:StringNotEquals": {"aws:PrincipalArn": ONE}},
            OTHERWISE,
        ),
        ({"StringEquals": {"aws:SourceArn": "a:b:c:d:e"}}, {"ArnEquals": {"aws:SourceArn": ONE}}, OTHERWISE),
    ],
)
def test_a_condition_of_a_deny_is_compared_by_what_it_spares(got: Body, declared: Body, said: Said) -> None:
    found = compared([allow(), deny(Condition=got)], [allow(), deny(Condition=declared)])
    assert found[0] is said, found


@pytest.mark.parametrize(
    ("got", "said", "how"),
    [
        ([allow(), deny("s3:GetObject")], SAME, ""),
        ([allow(), deny("SNS:Publish")], OTHERWISE, "D is not declared: Deny sns:Publish"),
        ([allow(), deny("sns:P*")], OTHERWISE, "D is not declared: Deny sns:P*"),
        (
            [allow(), {"Sid": "D", "Effect": "Deny", "NotAction": "s3:GetObject", "Resource": "*"}],
            OTHERWISE,
            "D is not declared: Deny not s3:GetObject",
        ),
        ([allow("s3:GetObject", "*"), allow()], WIDER, "S is not declared: Allow s3:GetObject"),
        (
            [allow("sns:Subscribe"), deny("s3:GetObject")],
            WIDER,
            f"S is not declared: Allow sns:Subscribe on {TOPIC}; declared and missing: Allow sns:Publish on {TOPIC}",
        ),
    ],
)
def test_a_deny_of_what_nothing_allows_says_nothing_where_that_is_asked_for(
    got: list[Body], said: Said, how: str
) -> None:
    assert compared(got, [allow()], idle_denies=True) == (said, how)


def test_a_deny_of_what_nothing_allows_is_a_difference_elsewhere() -> None:
    assert compared([allow(), deny("s3:GetObject")], [allow()]) == (OTHERWISE, "D is not declared: Deny s3:GetObject")
    declared = [allow(), deny("s3:GetObject")]
    assert compared([allow()], declared, idle_denies=True)[0] is WIDER


def test_a_policy_may_be_text_have_one_statement_or_be_in_several_parts() -> None:
    declared = document(allow(), allow("sns:Subscribe"))
    parts = [json.dumps(document(allow())), {**document(), "Statement": allow("sns:Subscribe")}]
    assert compare_policies(parts, json.dumps(declared), "eu-west-1") == Comparison(SAME)


def test_a_comparison_is_a_sentence_that_follows_the_name_of_the_policy() -> None:
    assert Comparison(WIDER, "a").sentence == "lets more through than is declared: a"
    assert Comparison(OTHERWISE, "a").sentence == "differs from what is declared: a"
