"""`tenant-keys prove --second-opinion`: without the solver, and what the exit code says of both engines."""

from __future__ import annotations

from dataclasses import replace
from importlib import util
from pathlib import Path

import pytest
from rich.console import Console

from tenant_keys.cli.second_opinion import SolverMissing, ask, exit_code, show_opinion
from tenant_keys.review.proof import Proof, prove
from tenant_keys.review.second_opinion import Breach, Opinion
from tenant_keys.review.second_opinion.example import Example, Replay
from tools.random_estates.small_estates import estate_of, templates_of

ESTATE = estate_of("acme: {}")
CALM = Opinion(questions=3, tenants=1)
EXAMPLE = Example({"kind": "anonymous"}, {}, "kms:decrypt", "arn:aws:kms:eu-west-1:111111111111:key/one", {})


def breach(outcome: str) -> Breach:
    return Breach("key", "anonymous", "the key of tenant acme", "acme", ("kms:decrypt",), EXAMPLE, Replay(outcome))


@pytest.fixture(scope="module")
def proof() -> Proof:
    return replace(prove(templates_of(ESTATE), ESTATE), verdict="proved")


def test_without_the_solver_the_command_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = util.find_spec
    monkeypatch.setattr(
        "tenant_keys.cli.second_opinion.find_spec", lambda name: None if name == "cvc5" else found(name)
    )
    with pytest.raises(SolverMissing, match=r"cvc5 is not installed.*pip install cvc5==1\.4\.2"):
        ask(tmp_path, ESTATE)


@pytest.mark.parametrize(
    ("opinion", "expected"),
    [
        (None, 0),
        (CALM, 0),
        (replace(CALM, breaches=[breach("allowed")]), 2),
        (replace(CALM, breaches=[breach("undecided")]), 2),
        (replace(CALM, breaches=[breach("denied")]), 1),
        (replace(CALM, not_understood=["a"]), 2),
        (replace(CALM, unanswered=["a"]), 2),
        (replace(CALM, questions=0), 2),
    ],
)
def test_only_two_engines_that_find_nothing_end_with_zero(proof: Proof, opinion: Opinion | None, expected: int) -> None:
    assert exit_code(proof, opinion) == expected
    assert exit_code(replace(proof, verdict="refuted"), opinion) == (expected or 2)


@pytest.mark.parametrize(
    ("opinion", "reported"),
    [
        (CALM, "SECOND OPINION: NO SUCH REQUEST  3 questions about 1 of 1 tenants; 0 not answered"),
        (replace(CALM, unanswered=["anonymous, key"]), "not answered: anonymous, key"),
        (replace(CALM, breaches=[breach("allowed")]), "The proof missed a request that the evaluator allows"),
        (replace(CALM, breaches=[breach("denied")]), "The evaluator denies a request that the solver found"),
    ],
)
def test_the_opinion_is_shown_with_what_contradicts_it(
    proof: Proof, opinion: Opinion, reported: str, capsys: pytest.CaptureFixture[str]
) -> None:
    show_opinion(opinion, proof, Console(width=200))
    assert reported in capsys.readouterr().out
