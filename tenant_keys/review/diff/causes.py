"""What was edited: the fields of the manifest that differ, each with its line, for the head of a comparison."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from tenant_keys.manifest import Problem
from tenant_keys.manifest.document import Unusable
from tenant_keys.manifest.errors import Path as Field
from tenant_keys.manifest.errors import dotted, shortened
from tenant_keys.manifest.written import read_written

_Edit = tuple[Field, str, Field]
"""Field, what was done to it, and the place in the new manifest that shows it."""


def manifest_edits(old: Path, new: Path) -> tuple[str, ...]:
    """Every field that differs between two manifests, such as `administrators: + role/X, tenants.yaml:9`.

    Both have been loaded before, so their form is right.

    Raises:
        ManifestError: one of them cannot be read.
    """
    written = read_written(new)
    edits = list(_edits((), read_written(old).document, written.document))
    places = written.locate(Problem(place, "") for _, _, place in edits)
    return tuple(
        f"{_field(field)}: {message}, {place.file}:{place.line}"
        for (field, message, _), place in zip(edits, places, strict=True)
    )


def _edits(field: Field, old: object, new: object) -> Iterator[_Edit]:
    if _same(old, new):
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in [*new, *(one for one in old if one not in new)]:
            if name not in old:
                yield field, f"+ {_shown(name)}{_value(new[name])}", (*field, name)
            elif name not in new:
                yield field, f"- {_shown(name)}", field
            else:
                yield from _edits((*field, name), old[name], new[name])
    elif isinstance(old, tuple) and isinstance(new, tuple):
        before, after = [_shown(one) for one in old], [_shown(one) for one in new]
        added = [f"+ {one}" for one in after if one not in before]
        removed = [f"- {one}" for one in before if one not in after]
        yield field, " ".join([*added, *removed]) or "another order", field
    else:
        yield field, f"{_shown(old)} becomes {_shown(new)}", field


def _same(old: object, new: object) -> bool:
    if isinstance(old, Unusable) and isinstance(new, Unusable):
        return old.text == new.text
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return old.keys() == new.keys() and all(_same(old[name], new[name]) for name in old)
    if isinstance(old, tuple) and isinstance(new, tuple):
        return len(old) == len(new) and all(map(_same, old, new))
    return type(old) is type(new) and old == new


def _field(field: Field) -> str:
    """The name that the reader knows the field by: those of the key account are in one section."""
    return dotted(field[1:] if field[:1] == ("central",) and len(field) > 1 else field) or "manifest"


def _value(value: object) -> str:
    """A new field's value, where it is a plain one."""
    return "" if isinstance(value, Mapping | tuple | Unusable) else f": {_shown(value)}"


def _shown(value: object) -> str:
    if isinstance(value, Unusable):
        return shortened(value.text) or "nothing"
    if isinstance(value, Mapping):
        return shortened(", ".join(f"{name}: {_shown(one)}" for name, one in value.items()))
    if isinstance(value, tuple):
        return shortened(", ".join(map(_shown, value)))
    return shortened(str(value).lower() if isinstance(value, bool) else str(value))
