"""Every place of a document that the model does not accept; msgspec itself stops at the first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

import msgspec

from tenant_keys.manifest.errors import Path
from tenant_keys.manifest.fields import fields_of, forms, is_model


@dataclass(frozen=True, slots=True)
class Fault:
    """One place, and what is wrong there: a field that is missing or unknown, a key of a mapping, or a value."""

    path: Path
    what: Literal["missing", "unknown", "key", "value"]
    forms: tuple[Any, ...] = ()
    """What the value may be."""


def faults(value: object, kind: Any, path: Path = ()) -> Iterator[Fault]:
    """In the order of the model's fields, the innermost places alone; none where the type `kind` accepts the value."""
    if _accepted(value, kind):
        return
    wanted = forms(kind)
    nothing_below = True
    for form in wanted:
        for fault in _below(value, form, path):
            nothing_below = False
            yield fault
    if nothing_below:
        yield Fault(path, "value", tuple(wanted))


def _below(value: object, form: Any, path: Path) -> Iterator[Fault]:
    if isinstance(value, dict):
        if is_model(form):
            yield from _of_fields(value, form, path)
        elif get_origin(form) is dict:
            key_type, value_type = get_args(form)
            for key, below in value.items():
                if not _accepted(key, key_type):
                    yield Fault((*path, key), "key")
                yield from faults(below, value_type, (*path, key))
    elif isinstance(value, tuple) and get_origin(form) is tuple:
        for index, below in enumerate(value):
            yield from faults(below, get_args(form)[0], (*path, index))


def _of_fields(value: dict[str, object], model: type[msgspec.Struct], path: Path) -> Iterator[Fault]:
    fields = fields_of(model)
    for name, field in fields.items():
        if name in value:
            yield from faults(value[name], field.type, (*path, name))
        elif field.required:
            yield Fault((*path, name), "missing")
    for name in value:
        if name not in fields:
            yield Fault((*path, name), "unknown")


def _accepted(value: object, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True
