"""What pydantic found wrong, in the words of the manifest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from tenant_keys.manifest.allowed import ALLOWED, KEYS
from tenant_keys.manifest.document import Unusable
from tenant_keys.manifest.errors import MOST_SHOWN, Path, Problem, shortened, shown_key
from tenant_keys.manifest.fields import fields_at
from tenant_keys.manifest.suggest import suggestion

MOST_DETAILS = 5 * MOST_SHOWN
"""Of pydantic's errors: what has more is no manifest."""
_NO_SUCH = object()
_NEVER_EMPTY: frozenset[Path] = frozenset({("central",), ("workloads",)})
_MAPPING_WANTED = {"dict_type", "model_type", "model_attributes_type"}


def explain(error: ValidationError, document: object) -> list[Problem]:
    """One problem for each place, however many rules it broke."""
    places: dict[Path, list[Any]] = {}
    for detail in error.errors(include_url=False, include_input=False, include_context=True)[:MOST_DETAILS]:
        path = _path(detail["loc"], document, missing=detail["type"] == "missing")
        places.setdefault(path, []).append(detail)
    # Only what is wrong in a list counts: without it the list may be too short, or the other form of a union.
    lists = {path[:-1] for path in places if path and isinstance(path[-1], int)}
    # And only what is wrong in a mapping: `off` would have been the other form of `audit`.
    words = {path[:-1] for path in places if {one["type"] for one in places.get(path[:-1], ())} == {"literal_error"}}
    places = {path: details for path, details in places.items() if path not in lists | words}
    suggest = len(places) <= MOST_SHOWN
    if suggest:
        _drop_misspelt(places)
    return [Problem(path, _message(path, details, document, suggest=suggest)) for path, details in places.items()]


def _drop_misspelt(places: dict[Path, list[Any]]) -> None:
    """`break_glas` is one mistake, not an unknown field and a missing one."""
    missing = {path for path, details in places.items() if details[0]["type"] == "missing"}
    for path, details in list(places.items()):
        if details[0]["type"] == "extra_forbidden":
            near = get_close_matches(str(path[-1])[:100], fields_at(path[:-1]), n=1)
            if near and (*path[:-1], near[0]) in missing:
                del places[(*path[:-1], near[0])]
                missing.discard((*path[:-1], near[0]))


def _path(location: tuple[str | int, ...], document: object, *, missing: bool) -> Path:
    """The place in the document: pydantic's location without the names of union members."""
    path: list[str | int] = []
    value = document
    steps = location[:-1] if missing else location
    for step in steps:
        below = _below(value, step)
        if below is not _NO_SUCH:
            value = below
            path.append(step)
    return (*path, *location[len(steps) :])


def _below(value: object, step: str | int) -> object:
    if isinstance(value, dict):
        return value.get(step, _NO_SUCH)
    if isinstance(value, tuple) and isinstance(step, int) and step < len(value):
        return value[step]
    return _NO_SUCH


def _message(path: Path, details: list[Any], document: object, *, suggest: bool) -> str:
    kinds = {detail["type"] for detail in details}
    field = next((part for part in reversed(path) if isinstance(part, str)), "")
    if "missing" in kinds:
        return f"missing; add it: {allowed(path)}"
    if "extra_forbidden" in kinds:
        known = fields_at(path[:-1]) if suggest else []
        return f"unknown field{did_you_mean(field, known)}; remove it or correct its name"
    if any("[key]" in detail["loc"] for detail in details):
        return f"got the key {shown_key(field)}; allowed: {KEYS.get(_container(path), 'text')}; rename it"
    value = _at(document, path)
    got = f"got {show(value)}"
    if kinds == {"value_error"}:
        return f"{got}; {details[0]['ctx']['error']}"
    if kinds & _MAPPING_WANTED:
        empty = " or {}" if _is_nothing(value) and path not in _NEVER_EMPTY else ""
        return f"{got}; allowed: a mapping; write `name: value` lines{empty}"
    if _is_nothing(value):
        return f"{got}; allowed: {allowed(path)}; give a value or leave the field out"
    if isinstance(value, int | Unusable) and not isinstance(value, bool) and "string_type" in kinds:
        reason = ", YAML drops leading zeros" if field == "account" else ""
        return f"{got}; quote it{reason}" + (f"; allowed: {allowed(path)}" if field != "account" else "")
    if "tuple_type" in kinds and not isinstance(value, tuple | dict):
        return f"{got}; allowed: {allowed(path)}; write a list: [{_inline(value)}]"
    hint = ""
    if isinstance(value, str) and suggest:
        hint = did_you_mean(value, _choices(details)) or suggestion(path, value)
    return f"{got}; allowed: {allowed(path)}{hint}"


def allowed(path: Path) -> str:
    """What the field at this path allows."""
    field = next((part for part in reversed(path) if isinstance(part, str)), "")
    if len(path) > 1 and path[-2] == "tags":
        return KEYS["tags"]
    text = ALLOWED.get(field, "something else")
    if path == ("workloads",):
        return f"a mapping of at least one name: {KEYS[field]}"
    if not (path and isinstance(path[-1], int)):
        return text
    for beginning in ("default, or ", "a list of at least one: ", "a list: ", "names of workloads: "):
        text = text.removeprefix(beginning)
    return text


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


def _is_nothing(value: object) -> bool:
    return isinstance(value, Unusable) and not value.text


def _inline(value: object) -> str:
    return value.text if isinstance(value, Unusable) else str(value)[:60]


def _at(document: object, path: Path) -> object:
    value: Any = document
    for part in path:
        value = value[part]
    return value


def _choices(details: list[Any]) -> list[str]:
    """The words that a literal allows."""
    return [
        word
        for detail in details
        if detail["type"] == "literal_error"
        for word in detail["ctx"]["expected"].replace(" or ", ", ").replace("'", "").split(", ")
    ]


def _container(path: Path) -> str:
    names = [part for part in path[:-1] if isinstance(part, str)]
    return names[-1] if names else ""
