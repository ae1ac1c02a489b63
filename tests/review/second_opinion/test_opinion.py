"""What an opinion says when it is not given, when the solver gives up, and when the evaluator contradicts."""

from __future__ import annotations

from typing import Any

import pytest

from tenant_keys.review.iam import Decision, Outcome
from tenant_keys.review.second_opinion import Answered, Opinion, example, second_opinion, sentences
from tenant_keys.review.second_opinion.solver import BUDGET
from tools.random_estates.small_estates import CENTRAL, Templates, templates_of
from tools.random_estates.vocabulary import ESTATES

ESTATE = ESTATES[3]
KNOWN: Answered = {}


def opinion_on(statement: dict[str, Any] | None = None, budget: int = BUDGET) -> Opinion:
    """On an estate with one statement more in the key policy of its first tenant."""
    templates = templates_of(ESTATE)
    if statement is not None:
        _policy(templates)["Statement"].append(statement)
    return second_opinion(templates, ESTATE, budget, KNOWN if budget == BUDGET else None)


def _policy(templates: Templates) -> Any:
    return templates.properties("keys", "Key222222222222")["KeyPolicy"]


def on_keys(opinion: Opinion) -> list[str]:
    return [one.who for one in opinion.breaches if one.kind == "key"]


OPEN = {
    "Effect": "Allow",
    "Action": "kms:RevokeGrant",
    "Resource": "*",
    "Principal": {"AWS": f"arn:aws:iam::{CENTRAL}:role/audit/ann"},
}


def test_nothing_is_found_on_the_keys_of_an_estate_as_the_app_writes_it() -> None:
    opinion = opinion_on()
    assert on_keys(opinion) == []
    assert (opinion.not_understood, opinion.unanswered) == ([], [])
    assert opinion.questions > 80
    assert opinion.tenants == 2


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ({**OPEN, "Condition": {"StringFits": {"aws:username": "ann"}}}, "StringFits"),
        ({**OPEN, "Condition": {"NumericEquals": {"kms:ViaService": "x"}}}, "x is not a number"),
        ({**OPEN, "Principal": {"CanonicalUser": "79a5"}}, "CanonicalUser"),
        ({**OPEN, "Principal": {"AWS": "AIDAEXAMPLE"}}, "AIDAEXAMPLE"),
        ({**OPEN, "Resource": f"arn:aws:kms:eu-west-1:{CENTRAL}:key/0a*"}, "AWS has yet to choose"),
        ({**OPEN, "NotPrincipal": "*"}, "either Principal or NotPrincipal"),
        ({**OPEN, "Effect": "Maybe"}, "a statement"),
        ({**OPEN, "Action": "Decrypt"}, "not an action"),
    ],
)
def test_what_is_not_understood_is_named_and_no_opinion_is_given(statement: dict[str, Any], named: str) -> None:
    opinion = opinion_on(statement)
    assert any(named in one for one in opinion.not_understood)
    assert opinion.verdict != "no such request"


def test_a_resource_of_a_type_that_is_not_modelled_is_named() -> None:
    templates = templates_of(ESTATE)
    templates.add("keys", "Group", "AWS::IAM::Group", {})
    assert any("AWS::IAM::Group is not modelled" in one for one in second_opinion(templates, ESTATE, 1).not_understood)


def test_a_question_at_which_the_solver_gives_up_is_counted_and_no_pass() -> None:
    opinion = opinion_on(budget=1)
    assert len(opinion.unanswered) > 5
    assert opinion.verdict != "no such request"
    assert any(line.startswith("not answered: some role session") for line in sentences(opinion))


def test_no_question_at_all_is_no_opinion() -> None:
    assert Opinion().verdict == "not given"


def test_a_request_that_the_evaluator_denies_is_a_disagreement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(example, "authorize", lambda *_: Decision(Outcome.IMPLICIT_DENY, (), "denied for the test"))
    opinion = opinion_on({**OPEN, "Sid": "Other"})
    assert [one.who for one in opinion.disagreements if one.kind == "key"] == ["some role session"]
    KNOWN.clear()


def test_a_request_is_reported_in_full() -> None:
    opinion = opinion_on(OPEN)
    (breach,) = [one for one in opinion.breaches if one.kind == "key"]
    principal = breach.example.as_document()["principal"]
    assert principal == {
        "kind": "role session",
        "role_arn": f"arn:aws:iam::{CENTRAL}:role/audit/ann",
        "arn": f"arn:aws:sts::{CENTRAL}:assumed-role/ann/any",
        "account": CENTRAL,
        "organization": "o-a1b2c3d4e5",
    }
    assert breach.actions == ("kms:revokegrant",)
    assert breach.replay.outcome == "allowed"
    assert opinion.verdict == "refuted"
