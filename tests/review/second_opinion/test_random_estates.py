"""The proof, the second engine and the evaluator agree on estates that a grammar of all of IAM draws at random.

`make mutants` has thousands of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace

import pytest

from tenant_keys.review.second_opinion import Opinion
from tools.random_estates import two_engines
from tools.random_estates.grammar import declared, random_estates
from tools.random_estates.two_engines import Comparison, Known, Score, score

ESTATES, PARTS = 150, 6


@pytest.fixture(scope="module")
def known() -> Known:
    """Most documents of an estate are those that others have too: about them the solver is asked once."""
    return defaultdict(dict)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_both_engines_and_the_evaluator_agree(part: int, known: Known) -> None:
    each = ESTATES // PARTS
    found = score(range(part * each, (part + 1) * each), known)
    assert [(seed, one.about, one.disagreement) for seed, one in found.disagreements] == []
    assert found.estates == each
    assert found.unanswered <= found.questions // 500
    assert found.verdicts["key", "refuted", "refuted"] >= 3
    assert found.verdicts["key", "proved", "nothing found"] >= 3


@pytest.mark.parametrize("seed", [3_104, 3_479, 3_867, 33_629, 34_235, 34_502])
def test_an_estate_on_which_the_engines_once_disagreed_is_judged_alike(seed: int, known: Known) -> None:
    """Among them: a session name that STS refuses; a federated user's own id as its tag; tokens for no client."""
    assert score([seed], known).disagreements == []


def test_the_same_seed_draws_the_same_estate() -> None:
    one, other = (next(iter(random_estates([7], Counter())))[2] for _ in range(2))
    assert one.resources == other.resources


def test_only_what_the_grammar_declares_is_drawn() -> None:
    drawn: Counter[str] = Counter()
    for _ in random_estates(range(200), drawn):
        pass
    assert drawn.keys() - declared() == set()
    assert len(drawn) > 100


@pytest.mark.exhaustive
def test_two_thousand_seeds_draw_everything_that_the_grammar_declares() -> None:
    drawn: Counter[str] = Counter()
    for _ in random_estates(range(2_000), drawn):
        pass
    assert declared() - drawn.keys() == set()
    assert drawn.keys() - declared() == set()
    assert len(declared()) > 150


def test_what_was_never_drawn_is_a_failure() -> None:
    empty = Score()
    assert empty.uncovered == sorted(declared())


def test_a_hole_in_either_engine_is_a_disagreement(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison can fail: with one engine blind there are estates that it judges otherwise."""
    monkeypatch.setattr(two_engines, "second_opinion", lambda *_, **__: Opinion(questions=1))
    assert any(one.disagreement == "a hole in the second engine" for _, one in score(range(8)).disagreements)
    sound = Comparison("key", "proved", (), "nothing found", ())
    assert sound.disagreement is None
    assert replace(sound, opinion="refuted").disagreement == "a hole in the proof"
    assert replace(sound, opinion="not given").disagreement is None
