"""Which fields the model has at a place of the document, and which forms a value may take there."""

from __future__ import annotations

from functools import cache
from types import UnionType
from typing import Annotated, Any, TypeGuard, Union, get_args, get_origin

from msgspec import Struct, structs
from msgspec.structs import FieldInfo

from tenant_keys.manifest.errors import Path
from tenant_keys.manifest.model import Manifest


def fields_at(path: Path) -> list[str]:
    """Names of the fields of the mapping at `path`; none where it has no fixed fields."""
    here: Any = Manifest
    for part in path:
        mapping = next((form for form in forms(here) if is_model(form) or get_origin(form) is dict), None)
        if is_model(mapping) and part in mapping.__struct_fields__:
            here = fields_of(mapping)[str(part)].type
        elif get_origin(mapping) is dict:
            here = get_args(mapping)[1]
        else:
            return []
    return next((list(form.__struct_fields__) for form in forms(here) if is_model(form)), [])


def forms(kind: Any) -> list[Any]:
    """What a value of this type may be: the members of a union, without the limits that one value can exceed."""
    if get_origin(kind) is Annotated:
        return forms(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return [form for member in get_args(kind) for form in forms(member)]
    return [kind]


def is_model(form: Any) -> TypeGuard[type[Struct]]:
    """Whether it is a mapping with fixed fields."""
    return isinstance(form, type) and issubclass(form, Struct)


@cache
def fields_of(model: type[Struct]) -> dict[str, FieldInfo]:
    """By name, with their types and limits."""
    return {field.name: field for field in structs.fields(model)}
