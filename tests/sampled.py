"""Cases and examples of which `make test` runs a share, and `make test-all` all."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeVar

import pytest
from hypothesis import settings

SHARE: Final = 20
"""Percent of examples and probes, where the run leaves out exhaustive cases."""
Case = TypeVar("Case")


def sampled(cases: Iterable[object], *, each: int = 40) -> list[Any]:
    """Parameters, of which the first of each group of `each` runs every time.

    Args:
        cases: each one value, with a name if it has one, or a tuple of several.
        each: how many a group has.
    """
    return [
        pytest.param(
            *(case if type(case) is tuple else (case,)),
            id=getattr(case, "name", None),
            marks=[pytest.mark.exhaustive] if number % each else [],
        )
        for number, case in enumerate(cases)
    ]


def of_run(cases: Sequence[Case]) -> list[Case]:
    """The cases that the run tries within one test: all, or a fixed sample of them."""
    number = share_of(len(cases))
    return list(cases) if number == len(cases) else random.Random(0).sample(cases, number)  # noqa: S311


def examples(number: int) -> settings:
    """Settings of a property with this many examples, or the share of them that the run tries."""
    return settings(max_examples=share_of(number))


def share_of(number: int) -> int:
    """How many of so many the run tries, at least one."""
    return max(1, number * settings().max_examples // 100)


def one_in(number: int) -> int:
    """Of steps that follow each other, the run tries one in so many: 1 where it leaves nothing out."""
    return 1 if share_of(100) == 100 else number
