"""What the model does not accept, in the words of the manifest."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, Literal, get_args, get_origin

from tenant_keys.manifest.allowed import ALLOWED, KEYS, ROLE
from tenant_keys.manifest.document import Unusable
from tenant_keys.manifest.errors import MOST_SHOWN, Path, Problem, shown_key
from tenant_keys.manifest.faults import Fault, faults
from tenant_keys.manifest.fields import fields_at, is_model
from tenant_keys.manifest.model import LONGEST_PATH, Manifest
from tenant_keys.manifest.partial_validation import problems_between_sound_fields
from tenant_keys.manifest.shown import did_you_mean, show
from tenant_keys.manifest.suggest import suggestion

MOST_DETAILS = 5 * MOST_SHOWN
"""What has more faults is no manifest."""
_NEVER_EMPTY: frozenset[Path] = frozenset({("central",), ("workloads",)})


def explain(document: object, known: list[Problem]) -> tuple[list[Problem], int]:
    """All that is wrong with a document, and how many faults more it has; `known`: what its reader found."""
    found = list(faults(document, Manifest))
    problems = _added(known, _of_fields(found, document))
    more = max(0, len(found) - MOST_DETAILS)
    if not more:
        problems = _added(problems, problems_between_sound_fields(document, problems))
    return problems, more


def _added(known: list[Problem], more: list[Problem]) -> list[Problem]:
    """One problem for each place."""
    reported = {problem.path for problem in known}
    return [*known, *(problem for problem in more if problem.path not in reported)]


def _of_fields(found: Sequence[Fault], document: object) -> list[Problem]:
    """One problem for each place, however many rules it broke."""
    places: dict[Path, Fault] = {}
    for fault in found[:MOST_DETAILS]:
        places.setdefault(fault.path, fault)
    suggest = len(places) <= MOST_SHOWN
    if suggest:
        _drop_misspelt(places)
    return [Problem(path, _message(fault, document, suggest=suggest)) for path, fault in places.items()]


def _drop_misspelt(places: dict[Path, Fault]) -> None:
    """`break_glas` is one mistake, not an unknown field and a missing one."""
    missing = {path for path, fault in places.items() if fault.what == "missing"}
    for path, fault in list(places.items()):
        if fault.what == "unknown":
            near = get_close_matches(str(path[-1])[:100], fields_at(path[:-1]), n=1)
            if near and (*path[:-1], near[0]) in missing:
                del places[(*path[:-1], near[0])]
                missing.discard((*path[:-1], near[0]))


def _message(fault: Fault, document: object, *, suggest: bool) -> str:
    path = fault.path
    field = next((part for part in reversed(path) if isinstance(part, str)), "")
    if fault.what == "missing":
        return f"missing; add it: {allowed(path)}"
    if fault.what == "unknown":
        known = fields_at(path[:-1]) if suggest else []
        return f"unknown field{did_you_mean(field, known)}; remove it or correct its name"
    if fault.what == "key":
        return f"got the key {shown_key(field)}; allowed: {KEYS.get(_container(path), 'text')}; rename it"
    value = _at(document, path)
    got = f"got {show(value)}"
    if _is_mapping(fault.forms) and not isinstance(value, dict):
        empty = " or {}" if _is_nothing(value) and path not in _NEVER_EMPTY else ""
        return f"{got}; allowed: a mapping; write `name: value` lines{empty}"
    if _is_nothing(value):
        return f"{got}; allowed: {allowed(path)}; give a value or leave the field out"
    if isinstance(value, int | Unusable) and not isinstance(value, bool) and str in fault.forms:
        reason = ", YAML drops leading zeros" if field == "account" else ""
        return f"{got}; quote it{reason}" + (f"; allowed: {allowed(path)}" if field != "account" else "")
    if _is_list(fault.forms) and not isinstance(value, tuple | dict):
        return f"{got}; allowed: {allowed(path)}; write a list: [{_inline(value)}]"
    if allowed(path).startswith(ROLE) and len(str(value).rpartition("/")[0].removeprefix("role")) >= LONGEST_PATH:
        return f"{got}; the path of a role has at most {LONGEST_PATH} characters; name another role"
    hint = ""
    if isinstance(value, str) and suggest:
        hint = did_you_mean(value, _words(fault.forms)) or suggestion(path, value)
    return f"{got}; allowed: {allowed(path)}{hint}"


def _is_mapping(forms: Sequence[Any]) -> bool:
    return any(is_model(form) or get_origin(form) is dict for form in forms)


def _is_list(forms: Sequence[Any]) -> bool:
    return any(get_origin(form) is tuple for form in forms)


def _words(forms: Sequence[Any]) -> list[str]:
    """The words that are allowed in place of other values."""
    return [word for form in forms if get_origin(form) is Literal for word in get_args(form)]


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


def _is_nothing(value: object) -> bool:
    return isinstance(value, Unusable) and not value.text


def _inline(value: object) -> str:
    return value.text if isinstance(value, Unusable) else str(value)[:60]


def _at(document: object, path: Path) -> object:
    value: Any = document
    for part in path:
        value = value[part]
    return value


def _container(path: Path) -> str:
    names = [part for part in path[:-1] if isinstance(part, str)]
    return names[-1] if names else ""
