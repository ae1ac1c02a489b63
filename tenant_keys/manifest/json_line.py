"""A line of JSON in a file that has one object a line."""

from __future__ import annotations

import json
from typing import Any


def parse_json_line(line: str) -> Any:
    """The value; a name given twice would let a reader see another value than the program does.

    Raises:
        ValueError: a name is given twice in one object; its subclass `json.JSONDecodeError`: not JSON.
        RecursionError: nested too deep.
    """
    return json.loads(line, object_pairs_hook=_each_once)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is given twice in one line")
    return found
