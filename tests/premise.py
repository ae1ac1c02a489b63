"""How often a property asserts: one whose premise hardly ever holds proves nothing."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from hypothesis import event

_MET: Final[Counter[str]] = Counter()


def met(premise: str) -> None:
    """Count an example in which the premise holds; `--hypothesis-show-statistics` prints its share."""
    event(premise)
    _MET[premise] += 1


def met_at_least(**floors: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Fail a property in which a premise held in fewer examples than its floor, far below what is usual."""

    def counted(law: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(law)
        def test(*fixtures: Any, **named: Any) -> None:
            _MET.clear()
            law(*fixtures, **named)
            assert {premise: _MET[premise] for premise, floor in floors.items() if _MET[premise] < floor} == {}

        return test

    return counted
