"""Which attributes of an item are encrypted or signed. A misspelt name is an error, never an attribute in the clear."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

SIGNATURE = "tenant_keys_signature"
"""The attribute with an item's signature."""

_PATH = (".", "[")
"""What separates the steps of a document path (DynamoDB developer guide, specifying item attributes)."""


class Attributes:
    """The four lists of a caller, checked once.

    Raises:
        ValueError: a string instead of a list; a name in two lists that exclude each other; a path.
    """

    __slots__ = ("encrypted", "key", "optional", "signed")

    def __init__(
        self,
        *,
        key: Collection[str],
        attributes: Collection[str],
        optional: Collection[str] = (),
        signed: Collection[str] = (),
    ) -> None:
        given = {"key": key, "attributes": attributes, "optional": optional, "signed": signed}
        # Copied before they are looked at: a generator can be read once.
        lists = {what: names if isinstance(names, str) else tuple(names) for what, names in given.items()}
        for what, names in lists.items():
            if isinstance(names, str) or not all(isinstance(name, str) and name for name in names):
                raise ValueError(f"{what}: got {names!r}; expected a collection of names")
        self.key, named, may_lack, self.signed = (tuple(names) for names in lists.values())
        if not self.key:
            raise ValueError("key: got none; expected the names of the table's key")
        self.optional = frozenset(may_lack)
        self.encrypted = tuple(dict.fromkeys([*named, *(name for name in may_lack if name not in self.signed)]))
        if both := (set(self.key) & {*self.encrypted, *self.signed}) | (set(self.encrypted) & set(self.signed)):
            raise ValueError(f"{_list(both)}: key, attributes and signed must have no name in common")
        if SIGNATURE in {*self.key, *self.encrypted, *self.signed}:
            raise ValueError(f"{SIGNATURE}: is reserved for the client")
        if not self.encrypted and not self.signed:
            raise ValueError("attributes: got none; expected the names of what is to be encrypted or signed")
        if paths := {name for name in {*self.encrypted, *self.signed} - self.optional if _head(name) != name}:
            raise ValueError(
                f"{_list(paths)}: a path into an attribute cannot be encrypted or signed; name the whole attribute "
                "(and declare as optional one whose own name has a dot or a bracket)"
            )

    def paths(self, item: Mapping[str, Any]) -> str | None:
        """Names that lead into an attribute of the item, which they would leave in the clear; None if there are none.

        Optional or not.
        """
        lacking = [name for name in (*self.encrypted, *self.signed) if name not in item]
        found = [name for name in lacking if _head(name) != name and _head(name) in item]
        return f"{_list(found)} leads into an attribute of the item; name the whole attribute" if found else None

    def missing(self, item: Mapping[str, Any]) -> str | None:
        """What the item lacks of what it must have; None if nothing."""
        required = [name for name in (*self.encrypted, *self.signed) if name not in item and name not in self.optional]
        return self.paths(item) or (f"lacks {_list(required)}" if required else None)


def _head(name: str) -> str:
    """The attribute that a path begins with."""
    return name[: min((at for step in _PATH if (at := name.find(step)) > 0), default=len(name))]


def _list(names: Collection[str]) -> str:
    return ", ".join(sorted(names))
