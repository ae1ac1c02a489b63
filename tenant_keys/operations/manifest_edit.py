"""Edits of a manifest's text: one tenant changes, every other character stays as it was."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Mapping

from tenant_keys.manifest.model import State
from tenant_keys.operations.entries import Entry, end_of_line, find_tenants
from tenant_keys.operations.errors import OperationError, UnknownTenant

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_TAKEN_FOR_SOMETHING_ELSE = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def with_state(text: str, tenant: str, state: State) -> str:
    """The text with this tenant in another state.

    Raises:
        UnknownTenant: there is no such tenant.
        EditRefused: the tenants are within braces.
    """
    entry = find_tenants(text).entries.get(tenant)
    if entry is None:
        raise UnknownTenant(f"tenants.yaml tenants: no tenant {tenant}")
    if "state" in entry.fields:
        value = entry.fields["state"]
        return text[: value.start] + state + text[value.end :]
    return _with_field(text, entry, f"state: {state}")


def _with_field(text: str, entry: Entry, field: str) -> str:
    if entry.flow:
        before = ", " if entry.fields else ""
        return text[: entry.last_value] + before + field + text[entry.last_value :]
    return _with_line(text, end_of_line(text, entry.last_value - 1), entry.field_column, field)


def with_tenant(text: str, tenant: str, fields: Mapping[str, object]) -> str:
    """The text with one more tenant: in its place where the ids are in order, else below the last.

    Raises:
        OperationError: the id is there already.
        EditRefused: the tenants are within braces.
    """
    return with_tenants(text, {tenant: fields})


def with_tenants(text: str, new: Mapping[str, Mapping[str, object]]) -> str:
    """The text with more tenants, each in its place where the ids are in order, else below the last as they are given.

    Raises:
        OperationError: an id is there already.
        EditRefused: the tenants are within braces.
    """
    found = find_tenants(text)
    for tenant in new:
        if tenant in found.entries:
            raise OperationError(
                f"tenants.yaml tenants.{tenant}: is there already; see it with: tenant-keys tenant show"
            )
    column = min((entry.column for entry in found.entries.values()), default=2)
    ids = list(found.entries)
    in_order = ids == sorted(ids)
    below: dict[int, list[str]] = {}
    for tenant in sorted(new) if in_order else new:
        line = f"{scalar(tenant)}: {_flow(new[tenant])}"
        number = bisect_left(ids, tenant) if in_order else len(ids)
        position = end_of_line(text, found.entries[ids[number - 1]].end - 1) if number else found.below
        below.setdefault(position, []).append(line)
    pieces, start = [], 0
    for position in sorted(below):
        pieces += [text[start:position], _lines(text, position, column, below[position])]
        start = position
    return "".join([*pieces, text[start:]])


def _lines(text: str, position: int, column: int, lines: list[str]) -> str:
    """Lines more at the start of a line, with the line ends that the text has."""
    ending = "\r\n" if "\r\n" in text else "\n"
    missing = "" if position == 0 or text[position - 1] == "\n" else ending
    return missing + "".join(" " * column + line + ending for line in lines)


def _with_line(text: str, position: int, column: int, line: str) -> str:
    return text[:position] + _lines(text, position, column, [line]) + text[position:]


def _flow(value: object) -> str:
    """A value within braces, on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(str(key))}: {_flow(below)}" for key, below in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return scalar(value) if isinstance(value, str) else json.dumps(value)


def scalar(text: str) -> str:
    plain = _PLAIN.fullmatch(text) and text.casefold() not in _TAKEN_FOR_SOMETHING_ELSE
    return text if plain else json.dumps(text)
