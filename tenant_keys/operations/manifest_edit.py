"""Edits of a manifest's text: one tenant changes, every other character stays as it was."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Mapping

from tenant_keys.manifest.model import State
from tenant_keys.operations.entries import Entry, Tenants, end_of_line, find_tenants
from tenant_keys.operations.errors import OperationError, UnknownTenant

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_TAKEN_FOR_SOMETHING_ELSE = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def with_state(text: str, tenant: str, state: State) -> str:
    """The text with this tenant in another state.

    Raises:
        UnknownTenant: there is no such tenant.
        EditRefused: the tenants stand within braces.
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
        EditRefused: the tenants stand within braces.
    """
    found = find_tenants(text)
    if tenant in found.entries:
        raise OperationError(f"tenants.yaml tenants.{tenant}: is there already; see it with: tenant-keys tenant show")
    column = min(entry.column for entry in found.entries.values())
    return _with_line(text, _place(text, found, tenant), column, f"{scalar(tenant)}: {_flow(fields)}")


def _place(text: str, found: Tenants, tenant: str) -> int:
    ids = list(found.entries)
    number = bisect_left(ids, tenant) if ids == sorted(ids) else len(ids)
    return end_of_line(text, found.entries[ids[number - 1]].end - 1) if number else found.below


def _with_line(text: str, position: int, column: int, line: str) -> str:
    """A line more at the start of a line, with the line ends that the text has."""
    ending = "\r\n" if "\r\n" in text else "\n"
    missing = "" if text[:position].endswith("\n") else ending
    return text[:position] + missing + " " * column + line + ending + text[position:]


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
