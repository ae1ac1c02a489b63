"""The reduction by symmetry against brute force over all ordered pairs, on estates mutated at random."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from tenant_keys.review.proof.shapes import _Names
from tests.review.proof.many import ESTATES, PART, few_actions, judged, part, verdict


@pytest.fixture(autouse=True)
def _few_actions() -> Iterator[None]:
    with few_actions():
        yield


@pytest.mark.parametrize("number", range(10))
def test_the_reduced_verdict_is_that_of_brute_force_over_all_pairs(number: int) -> None:
    seen: Counter[str] = Counter()
    for seed, result in judged(range(number * PART, number * PART + PART), ESTATES[0]):
        assert result.differences == [], f"seed {seed}"
        seen[verdict(result)] += 1
    assert seen["refuted"] > 10
    assert seen["proved"] > 5


@pytest.mark.slow
@pytest.mark.parametrize("number", range(50))
def test_the_reduced_verdict_is_that_of_brute_force_on_two_thousand_more(number: int) -> None:
    results = list(part(number))
    assert len(results) == PART
    assert [(seed, result.differences) for seed, result in results if result.differences] == []


def test_a_reduction_that_forgets_who_is_named_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison can fail: without the side condition some mutant is judged otherwise."""
    monkeypatch.setattr(_Names, "meeting", lambda _self, _documents: {})
    assert any(result.differences for _, result in judged(range(400), ESTATES[1]))
