"""What each line of a record of verify must be: a file that was cut, edited or mixed is found before it is believed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final


def parsed(raw: bytes) -> dict[str, Any]:
    """One line, whose type is known and whose fields have their types.

    Raises:
        ValueError: what is wrong with it.
    """
    try:
        line = json.loads(raw)
    except (ValueError, RecursionError) as problem:
        raise ValueError(f"not JSON lines: {problem}") from None
    if not isinstance(line, dict):
        raise ValueError("a line is not an object")
    kind = line.get("type")
    fields = _FIELDS.get(kind) if isinstance(kind, str) else None
    if fields is None:
        raise ValueError(f"type: got {kind!r}; allowed is {', '.join(_FIELDS)}")
    for name, is_right in fields.items():
        if not is_right(line.get(name)):
            raise ValueError(f"{name} of a {kind}: missing or damaged")
    return line


def _text(value: object) -> bool:
    return isinstance(value, str)


def _text_or_none(value: object) -> bool:
    return value is None or isinstance(value, str)


def _list_or_none(value: object) -> bool:
    return value is None or isinstance(value, list)


def _flag_or_none(value: object) -> bool:
    return value is None or isinstance(value, bool)


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _by_arn(value: object, is_right: Callable[[object], bool]) -> bool:
    return isinstance(value, Mapping) and all(is_right(one) for one in value.values())


def _moment(value: object) -> bool:
    """ISO 8601 with its offset from UTC."""
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


_FIELDS: Final[Mapping[str, Mapping[str, Callable[[object], bool]]]] = {
    "run": {"version": lambda value: type(value) is int, "of": _text, "at": _moment},
    "page": {
        **dict.fromkeys(("account", "region", "api", "subject"), _text),
        "at": _moment,
        "items": _list_or_none,
        "first": _flag_or_none,
        "absent": _flag_or_none,
        "next": _text_or_none,
        "error": _text_or_none,
    },
    "finding": {"id": _text},
    "baseline": {
        "account": _text,
        "stacks": _texts,
        "roles": lambda value: _by_arn(value, _text),
        "thumbprints": lambda value: _by_arn(value, _texts),
    },
    "end": {},
}
