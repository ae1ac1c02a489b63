"""A statement in a sentence: what a reviewer reads in place of the JSON must not say less than it."""

from __future__ import annotations

from typing import Any

import pytest

from tenant_keys.review.report.sentences import sentence

ROOT = {"AWS": "arn:aws:iam::111111111111:root"}
ROLE = "arn:aws:iam::111111111111:role/KeyBreakGlass"
CASES: list[tuple[str, dict[str, Any], str]] = [
    (
        "key",
        {
            "Effect": "Allow",
            "Principal": ROOT,
            "Action": "kms:ScheduleKeyDeletion",
            "Condition": {"ArnEquals": {"aws:PrincipalArn": ROLE}},
        },
        (
            "Sessions of role KeyBreakGlass of account 111111111111 may ScheduleKeyDeletion; "
            "a policy of the role must allow it too."
        ),
    ),
    (
        "key",
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "kms:ScheduleKeyDeletion",
            "Condition": {"ArnNotEquals": {"aws:PrincipalArn": [ROLE]}},
        },
        "Nobody but sessions of role KeyBreakGlass of account 111111111111 may ScheduleKeyDeletion.",
    ),
    (
        "key",
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["kms:Decrypt", "kms:Encrypt"],
            "Condition": {"StringNotEquals": {"kms:RequestAlias": "alias/tenant-acme"}},
        },
        "Nobody may Decrypt or Encrypt unless the request names the key by alias/tenant-acme.",
    ),
    (
        "key",
        {"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt"},
        "Anybody may Decrypt.",
    ),
    (
        "key",
        {"Effect": "Allow", "NotPrincipal": {"AWS": ROLE}, "NotAction": "kms:Encrypt"},
        "Everybody but role KeyBreakGlass of account 111111111111 may do everything but kms:Encrypt.",
    ),
    (
        "identity",
        {
            "Effect": "Allow",
            "Action": "kms:Decrypt",
            "Resource": "*",
            "Condition": {"StringLikeIfExists": {"kms:RequestAlias": "alias/*"}},
        },
        "The role may Decrypt on * if the request names the key by something like alias/*, or nothing is said of it.",
    ),
    (
        "identity",
        {
            "Effect": "Allow",
            "Action": "kms:Decrypt",
            "Resource": "*",
            "Condition": {"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}},
        },
        "The role may Decrypt on * if aws:CurrentTime is, by DateLessThan, 2027-01-01T00:00:00Z.",
    ),
    (
        "trust",
        {
            "Effect": "Allow",
            "Principal": {"AWS": "222222222222"},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
            "Condition": {
                "StringLike": {"aws:RequestTag/tenant_id": "?*"},
                "ForAllValues:StringEquals": {"aws:TagKeys": "tenant_id"},
            },
        },
        (
            "Account 222222222222 may AssumeRole or TagSession if a session tag tenant_id that is not empty is passed "
            "and no session tag but tenant_id is passed."
        ),
    ),
]


@pytest.mark.parametrize(("kind", "statement", "said"), CASES)
def test_a_statement_is_said_in_a_sentence(kind: Any, statement: dict[str, Any], said: str) -> None:
    assert sentence(statement, kind, "111111111111") == said
