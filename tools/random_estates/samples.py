"""Estates mutated at random by the thousand, each judged with the reduction and without."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from unittest.mock import patch

from tenant_keys.manifest import Estate
from tenant_keys.review.proof import action_classes
from tenant_keys.review.proof.key_actions import FUTURE
from tools.random_estates.brute_force import Both, both
from tools.random_estates.random_mutations import mutated
from tools.random_estates.small_estates import estate_of, templates_of

ACTIONS = (
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:DescribeKey",
    "kms:PutKeyPolicy",
    "kms:CreateGrant",
    "kms:ListGrants",
    "kms:ScheduleKeyDeletion",
    FUTURE,
)
"""Enough to differ in every way; all of them would only take longer."""
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
PART = 50
"""Estates of one part."""


def few_actions() -> AbstractContextManager[object]:
    """Have the proof try these actions alone."""
    return patch.object(action_classes, "key_actions", lambda: ACTIONS)


def judged(seeds: Iterable[int], estate: Estate) -> Iterator[tuple[int, Both]]:
    """Each seed's estate, proved twice."""
    for seed, templates in mutated(seeds, estate, templates_of):
        yield seed, both(templates, estate)


def part(number: int) -> Iterator[tuple[int, Both]]:
    """One of the parts into which the long run is cut; every estate has its turn."""
    start = 1_000 + number * PART
    return judged(range(start, start + PART), ESTATES[number % len(ESTATES)])


def verdict(result: Both) -> str:
    """What the reduction says."""
    broken = result.reduced.broken
    return "not proved" if broken is None else "refuted" if broken else "proved"
