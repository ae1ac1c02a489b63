"""Which tags of a resource differ, and no others.

Conditions read tags of principals and keys: what they open is compared as access. The deletion Hook and the commands
read `tenant-keys:tenant` of keys, which the proof compares with the manifest. Nothing reads `tenant-keys:project` and
`tenant-keys:cell`: they are for people and bills.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenant_keys.review.errors import as_json


def changed_tags(before: object, after: object) -> dict[str, tuple[str | None, str | None]]:
    """The tags that differ, by key, with both values; None where there is no such tag."""
    old, new = _by_key(before), _by_key(after)
    return {key: (old.get(key), new.get(key)) for key in sorted({*old, *new}) if old.get(key) != new.get(key)}


def in_words(changed: Mapping[str, tuple[str | None, str | None]]) -> str:
    """The tags that differ, in a list."""
    return ", ".join(f"{key} {_said(old)} becomes {_said(new)}" for key, (old, new) in changed.items())


def _said(value: str | None) -> str:
    return "none" if value is None else as_json(value)


def _by_key(tags: Any) -> dict[str, str]:
    """A list of keys and values, or an object, as Systems Manager has them."""
    if isinstance(tags, Mapping):
        return {str(key): str(value) for key, value in tags.items()}
    pairs = [one for one in tags or () if isinstance(one, Mapping)]
    return {str(one.get("Key")): str(one.get("Value")) for one in pairs}
