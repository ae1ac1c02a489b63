"""Cases of which `make test` runs a fixed share, and `make test-all` all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import pytest


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
