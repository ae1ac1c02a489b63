"""The reduction by symmetry against brute force over all ordered pairs, on estates mutated at random."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import pytest

from tenant_keys.manifest import Estate
from tenant_keys.review.proof import key_access
from tenant_keys.review.proof.key_access import FUTURE
from tenant_keys.review.proof.shapes import _Names
from tests.review.proof.brute import both
from tests.review.proof.chance import mutated
from tests.review.proof.small import estate_of, templates_of

ACTIONS = (
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:DescribeKey",
    "kms:PutKeyPolicy",
    "kms:CreateGrant",
    "kms:ScheduleKeyDeletion",
    FUTURE,
)
"""Enough to be told apart in every way; all of them would only take longer."""
ALIKE = "{workloads: [orders, billing]}"
ESTATES = (
    estate_of(*(f"{name}: {ALIKE}" for name in ("acme", "alpha", "bolt", "bolts", "zed")), "key: {decrypt_by: key}"),
    estate_of(*(f"t{number}: {ALIKE}" for number in range(6))),
    estate_of(
        *(f"a{number}: {{}}" for number in range(3)),
        *(f"b{number}: {ALIKE}" for number in range(3)),
        "late: {state: suspended}",
        "own: {key: {origin: imported, import_role: role/own-import}}",
    ),
    estate_of(*(f"wide{number}: {{key: {{multi_region: true}}}}" for number in range(6)), recorded=True),
    estate_of(*(f"{name}: {{workloads: [orders, portal]}}" for name in "abcdefghijkl")),
)


@pytest.fixture(autouse=True)
def _few_actions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_access, "key_actions", lambda: ACTIONS)


def _verdicts(seeds: Iterable[int], estate: Estate) -> Iterator[str]:
    for seed, templates in mutated(seeds, estate, templates_of):
        result = both(templates, estate)
        assert result.differences == [], f"seed {seed}"
        broken = result.reduced.broken
        yield "not proved" if broken is None else "refuted" if broken else "proved"


@pytest.mark.parametrize("part", range(10))
def test_the_reduced_verdict_is_that_of_brute_force_over_all_pairs(part: int) -> None:
    seen = Counter(_verdicts(range(part * 50, part * 50 + 50), ESTATES[0]))
    assert seen["refuted"] > 10
    assert seen["proved"] > 5


@pytest.mark.slow
@pytest.mark.parametrize("part", range(50))
def test_the_reduced_verdict_is_that_of_brute_force_on_two_thousand_more(part: int) -> None:
    estate = ESTATES[part % len(ESTATES)]
    assert sum(1 for _ in _verdicts(range(1_000 + part * 50, 1_050 + part * 50), estate)) == 50


def test_a_reduction_that_forgets_who_is_named_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison can fail: without the side condition some mutant is judged otherwise."""
    monkeypatch.setattr(_Names, "meeting", lambda _self, _documents: {})
    estate = ESTATES[1]
    found = (both(templates, estate).differences for _, templates in mutated(range(400), estate, templates_of))
    assert any(found)
