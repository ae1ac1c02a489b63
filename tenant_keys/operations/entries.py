"""Where each tenant is in the text of a manifest: positions, so that an edit touches nothing else.

By libyaml's events, which know positions and read 10,000 tenants in a second; a round trip through objects takes half a
minute for that and puts the whole file into its own layout.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml

from tenant_keys.operations.errors import EditRefused


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of the text, in characters from its start."""

    start: int
    end: int


@dataclass(slots=True)
class Entry:
    """One tenant: its key, and what is below it."""

    key: Span
    column: int
    """Of the key: how far it is indented."""
    flow: bool = False
    """Whether its fields are within braces."""
    fields: dict[str, Span] = field(default_factory=dict)
    """Field to the span of its value, for plain and quoted values; to that of its start for others."""
    field_column: int = 0
    """How far its fields are indented, where they stand on lines of their own."""
    end: int = 0
    """End of the last thing that belongs to it, the closing brace included; without comments."""
    last_value: int = 0
    """End of its last field."""


@dataclass(frozen=True, slots=True)
class Tenants:
    """The `tenants` of a manifest."""

    below: int
    """Where the first line below `tenants:` begins."""
    entries: dict[str, Entry]


_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_STARTS = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
_ENDS = (yaml.MappingEndEvent, yaml.SequenceEndEvent)


def find_tenants(text: str) -> Tenants:
    """The tenants of a manifest that the loader accepts.

    Raises:
        EditRefused: they are within braces, so that no line is a tenant's alone.
    """
    next_event: Callable[[], Any] = _Loader(text).get_event
    event = next_event()
    while not (_is(event, yaml.ScalarEvent) and event.value == "tenants" and event.start_mark.column == 0):
        if _is(event, yaml.StreamEndEvent):
            raise EditRefused("tenants.yaml tenants: not found at the start of a line; write it there")
        event = next_event()
    below = end_of_line(text, event.end_mark.index)
    event = next_event()
    if not _is(event, yaml.MappingStartEvent) or event.flow_style:
        raise EditRefused("tenants.yaml tenants: got a mapping within braces; write each tenant on a line of its own")
    entries: dict[str, Entry] = {}
    event = next_event()
    while not _is(event, yaml.MappingEndEvent):
        entry = Entry(Span(event.start_mark.index, event.end_mark.index), event.start_mark.column)
        entries[event.value] = entry
        _read(entry, next_event)
        event = next_event()
    return Tenants(below, entries)


def _read(entry: Entry, next_event: Callable[[], Any]) -> None:
    """The value of one tenant, which is a mapping."""
    event = next_event()
    entry.flow = bool(event.flow_style)
    entry.end = entry.last_value = event.end_mark.index if entry.flow else entry.key.end
    event = next_event()
    if not entry.flow:
        entry.field_column = event.start_mark.column
    while not _is(event, yaml.MappingEndEvent):
        name, event = event.value, next_event()
        entry.fields[name] = Span(event.start_mark.index, event.end_mark.index)
        entry.last_value = _skip(event, next_event)
        event = next_event()
    entry.end = event.end_mark.index if entry.flow else entry.last_value


def _skip(event: Any, next_event: Callable[[], Any]) -> int:
    """Read a value to its end, which is that of its last scalar or closing bracket."""
    end = int(event.end_mark.index)
    flows = [bool(event.flow_style)] if _is(event, _STARTS) else []
    while flows:
        event = next_event()
        if _is(event, _STARTS):
            flows.append(bool(event.flow_style))
        elif _is(event, _ENDS):
            if flows.pop():
                end = event.end_mark.index
        else:
            end = event.end_mark.index
    return end


def end_of_line(text: str, position: int) -> int:
    """The start of the line after this position, or the end of the text."""
    found = text.find("\n", position)
    return len(text) if found < 0 else found + 1


def _is(event: object, kinds: type | tuple[type, ...]) -> bool:
    return isinstance(event, kinds)
