"""Properties of a resource, each refused by name where its type is not the expected one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from tenant_keys.review.assembly import Resource
from tenant_keys.review.errors import as_json
from tenant_keys.review.proof.outcome import NotProved

_Kind = TypeVar("_Kind")
_IN_WORDS: Final[Mapping[type, str]] = {dict: "an object", list: "a list", str: "a string"}


def tags_of(resource: Resource) -> dict[str, str]:
    """The tags of a resource, by key; tags of one name or beginning with aws: raise NotProved."""
    if resource.type == "AWS::SSM::Parameter":
        by_name = checked(resource, "Tags", resource.properties.get("Tags", {}), dict)
        return {str(name): str(value) for name, value in by_name.items()}
    pairs = [checked(resource, "Tags", one, dict) for one in list_of(resource, "Tags")]
    tags = {str(pair.get("Key")): str(pair.get("Value")) for pair in pairs}
    where = f"{resource.where}.Tags"
    if len(tags) < len(pairs):
        raise NotProved(f"{where}: two of one name")
    if reserved := [name for name in tags if name.lower().startswith("aws:")]:
        raise NotProved(f"{where}: {reserved[0]} begins with aws:, which AWS keeps for itself (AWS KMS API, Tag)")
    return tags


def list_of(resource: Resource, name: str) -> list[Any]:
    """A property that is a list; empty where it is left out."""
    return list(checked(resource, name, resource.properties.get(name, []), list))


def checked(resource: Resource, name: str, value: object, kind: type[_Kind]) -> _Kind:
    """The value, if it is of this type; otherwise NotProved."""
    if not isinstance(value, kind):
        raise NotProved(f"{resource.where}.{name}: got {as_json(value)}; {_IN_WORDS[kind]}")
    return value


def text_of(resource: Resource, name: str) -> str:
    """A property that is a string."""
    return checked(resource, name, resource.properties.get(name), str)


def document_of(resource: Resource, name: str, properties: Mapping[str, Any]) -> Mapping[str, Any]:
    """A property that is a policy document."""
    return checked(resource, name, properties.get(name), dict)
