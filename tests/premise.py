"""How often a property asserts: one whose premise hardly ever holds proves nothing."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from hypothesis import event, settings

from tests.sampled import share_of

_MET: Final[Counter[str]] = Counter()


def met(premise: str) -> None:
    """Count an example in which the premise holds; `--hypothesis-show-statistics` prints its share."""
    event(premise)
    _MET[premise] += 1


def met_at_least(**floors: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Fail a property in which a premise held in fewer examples than its floor, far below what is usual.

    The floor is of all examples. Where the run tries a share of them, half that share of the floor is asked for: the
    fewer examples, the more their number varies. Of examples that are drawn at random it is a matter of luck, and
    nothing is asked for: both `make test` and CI's run of all examples draw the same ones each time.
    """

    def counted(law: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(law)
        def test(*fixtures: Any, **named: Any) -> None:
            _MET.clear()
            law(*fixtures, **named)
            if not settings().derandomize:
                return
            least = {name: floor if share_of(100) == 100 else share_of(floor // 2) for name, floor in floors.items()}
            assert {premise: _MET[premise] for premise in floors if _MET[premise] < least[premise]} == {}

        return test

    return counted
