"""Operations that AWS may have added since the catalogue was made, and days without use beyond those declared."""

from __future__ import annotations

import pytest

from tenant_keys.review.proof import Kind
from tenant_keys.review.proof.action_classes import _later_actions
from tenant_keys.review.proof.document import Document
from tests.review.proof.test_kinds import ROOT, Edit, adding, policy, proved, without

STRANGER = {"AWS": "arn:aws:iam::222222222222:root"}
UNUSED = "kms:TrailingDaysWithoutKeyUsage"


@pytest.mark.parametrize("action", ["kms:NewAction", "KMS:Generate", "kms:Decrypt2", "kms:NewActio?"])
@pytest.mark.parametrize("principal", [STRANGER, "*"])
def test_an_action_that_the_catalogue_does_not_know_is_tried(action: str, principal: object) -> None:
    found = proved(without(), adding(Action=action, Principal=principal)).findings
    assert {Kind.OUTSIDER, Kind.OTHER_TENANT} & {one.kind for one in found}


def test_an_action_that_exists_and_is_on_no_key_opens_nothing() -> None:
    assert proved(without(), adding(Action="kms:ListKeys", Principal=ROOT)).findings == ()


def denying_deletion(operator: str, days: int) -> Edit:
    deny = {
        "Sid": "D",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "kms:ScheduleKeyDeletion",
        "Resource": "*",
        "Condition": {operator: {UNUSED: str(days)}},
    }
    return lambda templates: policy(templates, "acme").append(deny)


@pytest.mark.parametrize(
    ("operator", "days"),
    [
        ("NumericGreaterThan", 30),
        ("NumericGreaterThan", 40),
        ("NumericEquals", 35),
        ("NumericNotEquals", 30),
        ("StringNotEquals", 30),
        ("NumericGreaterThanEquals", 365),
    ],
)
def test_a_key_may_be_deleted_on_each_day_after_the_declared_ones(operator: str, days: int) -> None:
    found = proved(denying_deletion(operator, days)).findings
    may = "role/KeyBreakGlass is declared to have ScheduleKeyDeletion with the key of tenant acme in eu-west-1"
    assert [one.kind for one in found if may in one.what] == [Kind.NOT_PROVED]


@pytest.mark.parametrize(("operator", "days"), [("NumericLessThan", 30), ("NumericEquals", 29), ("NumericLessThan", 7)])
def test_a_deny_of_earlier_deletions_takes_nothing_away(operator: str, days: int) -> None:
    assert proved(denying_deletion(operator, days)).findings == ()


@pytest.mark.parametrize(
    ("actions", "later"),
    [
        (["kms:Decrypt", "kms:Encrypt"], []),
        (["kms:NewAction"], ["kms:newaction"]),
        (["kms:*", "s3:Anew*"], ["kms:q"]),
        (["kms:Decrypt*"], ["kms:q", "kms:decryptq"]),
        (["kms:NewActio?"], ["kms:q", "kms:newactioq"]),
    ],
)
def test_an_action_that_kms_may_add_is_of_each_class_that_patterns_distinguish(
    actions: list[str], later: list[str]
) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": actions, "Resource": "*"}
    named = Document.parse({"Version": "2012-10-17", "Statement": [statement]}, name="p", kind="resource")
    assert [one for one in _later_actions([named]) if one != "kms:other"] == later
