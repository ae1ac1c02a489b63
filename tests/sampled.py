"""Cases and examples of which `make test` runs a share, and `make test-all` all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Protocol

import pytest
from hypothesis import settings

SHARE: Final = 20
"""Percent of a property's examples, where the run leaves out exhaustive cases."""


class Named(Protocol):
    """A case that has a name of its own."""

    @property
    def name(self) -> str: ...


def sampled(cases: Iterable[Named], *, each: int = 5) -> list[Any]:
    """Parameters, of which the first of each group of `each` runs every time."""
    return [
        pytest.param(case, id=case.name, marks=[pytest.mark.exhaustive] if number % each else [])
        for number, case in enumerate(cases)
    ]


def examples(number: int) -> settings:
    """Settings of a property with this many examples, or the share of them that the run tries."""
    return settings(max_examples=share_of(number))


def share_of(number: int) -> int:
    """So many of a hundred as the run tries of each property, at least one."""
    return max(1, number * settings().max_examples // 100)
