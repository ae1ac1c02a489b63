"""How an error shows a value of the manifest, and the name that may have been meant."""

from __future__ import annotations

import json
from collections.abc import Mapping
from difflib import get_close_matches

from tenant_keys.manifest.document import Unusable
from tenant_keys.manifest.errors import shortened


def show(value: object) -> str:
    """A value as an error shows it: short, on one line, with its kind where that matters."""
    if isinstance(value, Unusable):
        return value.kind if not value.text else f"{value.text[:60]} ({value.kind})"
    if isinstance(value, bool):
        return f"{str(value).lower()} (true or false)"
    if isinstance(value, int):
        return f"{value} (a number)"
    if isinstance(value, Mapping):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, tuple):
        return "a list" if value else "an empty list"
    return json.dumps(shortened(str(value)))


def did_you_mean(got: str, known: list[str]) -> str:
    """`; did you mean orders?`, or nothing where no name is near."""
    near = get_close_matches(got[:100], known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""
