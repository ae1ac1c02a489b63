"""Where a value first differs from the declared one: the path and both values, as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import zip_longest
from typing import Final

from tenant_keys.review.errors import as_json

Alike = Callable[[object, object], bool]
_MISSING: Final = object()


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
            return _members(path, got, declared, alike)
        in_order = enumerate(zip_longest(got, declared, fillvalue=_MISSING))
        pairs = [(f"{path}[{at}]", one, other) for at, (one, other) in in_order]
    else:
        return described(path, got, declared)
    for below, one, other in pairs:
        if _MISSING in (one, other):
            return described(below, one, other)
        if found := first_difference(below, one, other, alike, ordered=ordered):
            return found
    return described(path, got, declared)


def described(path: str, got: object, declared: object) -> str:
    """What is there, and what is declared; None and what is left out are missing."""
    absent = (None, _MISSING)
    found = "is missing" if got in absent else f"is {as_json(got)}"
    return f"{path} {found}, {'and is not declared' if declared in absent else f'declared is {as_json(declared)}'}"


def _members(path: str, got: list[object], declared: list[object], alike: Alike) -> str:
    """Of lists whose order means nothing: what only one of them has."""
    more = [at for at, one in enumerate(got) if not any(alike(one, other) for other in declared)]
    less = [one for one in declared if not any(alike(one, other) for other in got)]
    if len(more) == len(less) == 1 and isinstance(got[more[0]], Mapping):
        at = more[0]
        below = first_difference(f"{path}[{at}]", got[at], less[0], alike, ordered=False)
        return below or described(path, got, declared)
    parts = [f"has {', '.join(as_json(got[at]) for at in more)} more than is declared"] if more else []
    parts += [f"lacks {', '.join(map(as_json, less))}"] if less else []
    return f"{path} {' and '.join(parts)}" if parts else described(path, got, declared)
