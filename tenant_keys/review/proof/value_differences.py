"""Where a value first differs from the declared one: the path and both values, as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from itertools import zip_longest
from typing import Final

Alike = Callable[[object, object], bool]
_LONGEST: Final = 200
"""Characters of a value in a message."""
_MISSING: Final = object()


def as_json(value: object) -> str:
    """The value as a template has it; a long one is cut. None is what a template does not have."""
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def first_difference(path: str, got: object, declared: object, alike: Alike, *, ordered: bool = True) -> str | None:
    """A sentence about the first difference, or None. `ordered`: whether the order of a list means something."""
    if alike(got, declared):
        return None
    if isinstance(got, Mapping) and isinstance(declared, Mapping):
        pairs = [
            (f"{path}.{name}", got.get(name, _MISSING), declared.get(name, _MISSING))
            for name in sorted({*got, *declared}, key=str)
        ]
    elif isinstance(got, list) and isinstance(declared, list):
        if not ordered:
            got, declared = _without_common(got, declared, alike), _without_common(declared, got, alike)
        in_order = enumerate(zip_longest(got, declared, fillvalue=_MISSING))
        pairs = [(f"{path}[{at}]" if ordered else path, one, other) for at, (one, other) in in_order]
    else:
        return told(path, got, declared)
    for below, one, other in pairs:
        if _MISSING in (one, other):
            return told(below, one, other)
        if found := first_difference(below, one, other, alike, ordered=ordered):
            return found
    return told(path, got, declared)


def told(path: str, got: object, declared: object) -> str:
    """What is there, and what is declared; None and what is left out are missing."""
    absent = (None, _MISSING)
    found = "is missing" if got in absent else f"is {as_json(got)}"
    return f"{path} {found}, {'and is not declared' if declared in absent else f'declared is {as_json(declared)}'}"


def _without_common(values: list[object], others: list[object], alike: Alike) -> list[object]:
    return [one for one in values if not any(alike(one, other) for other in others)]
