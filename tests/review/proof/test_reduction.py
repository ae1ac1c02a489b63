"""The reduction by symmetry against brute force over all ordered pairs, on estates mutated at random.

`make mutants` has thousands of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice

import pytest

from tenant_keys.review.proof.equivalence import _Names
from tests.sampled import share_of
from tools.random_estates.samples import ESTATES, few_actions, judged, part, verdict


@pytest.fixture(autouse=True)
def _few_actions() -> Iterator[None]:
    with few_actions():
        yield


@pytest.mark.parametrize(
    "number", [0, *(pytest.param(number, marks=pytest.mark.exhaustive) for number in range(1, len(ESTATES)))]
)
@pytest.mark.slow
def test_the_reduced_verdict_is_that_of_brute_force_over_all_pairs(number: int) -> None:
    seen: Counter[str] = Counter()
    estates = max(15, share_of(30))
    for seed, result in islice(part(number), estates):
        assert result.differences == [], f"seed {seed}"
        seen[verdict(result)] += 1
    assert seen["refuted"] > estates // 3
    assert seen["proved"] > 0


@pytest.mark.slow
def test_a_reduction_that_forgets_who_is_named_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison can fail: without the side condition some mutant is judged otherwise."""
    monkeypatch.setattr(_Names, "meeting", lambda _self, _documents: {})
    assert any(result.differences for _, result in judged(range(30, 400), ESTATES[1]))
