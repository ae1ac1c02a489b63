"""The resource types of ministack's CloudFormation, and how they are created, changed and imported."""
# ruff: noqa: SLF001  # ministack has no other way in

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Handlers = dict[str, Any]
"""How CloudFormation makes, changes and removes one type: ministack's own form."""


def resource_handlers() -> dict[str, Handlers]:
    """CloudFormation's types, by name; changing it changes what CloudFormation can do."""
    from ministack.services.cloudformation import provisioners  # type: ignore[import-untyped]

    found: dict[str, Handlers] = provisioners._RESOURCE_HANDLERS
    return found


def look_up_imports(found: Mapping[str, tuple[str, Callable[[str], str | None]]]) -> None:
    """Have IMPORT change sets look for our types, by the identifier's key and what says why a resource is missing."""
    from ministack.services.cloudformation import changesets

    changesets._IMPORT_LOOKUPS.update({name: ((key,), missing) for name, (key, missing) in found.items()})


def replace_by(properties: Mapping[str, tuple[str, ...]]) -> None:
    """Have change sets say which properties of our types replace a resource, and that no other does."""
    from ministack.services.cloudformation import provisioners

    provisioners._REPLACING_PROPERTIES.update(properties)


def tag_type(resource_type: str) -> None:
    """Have CloudFormation put the stack's tags on a type of ours."""
    from ministack.services.cloudformation import provisioners

    provisioners._STACK_TAG_PROPERTY[resource_type] = ("Tags", "list")


def physical_name(stack: str, logical_id: str) -> str:
    """A name as CloudFormation makes one."""
    from ministack.services.cloudformation import provisioners

    return str(provisioners._physical_name(stack, logical_id, max_len=64))
