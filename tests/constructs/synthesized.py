"""The resources that a construct synthesizes to."""

from __future__ import annotations

from typing import Any

from tests.constructs.resources import resources_of

POLICIES = {"AssumeRolePolicyDocument", "Content", "KeyPolicy", "PolicyDocument", "Statement"}


def made(construct: Any, **arguments: Any) -> dict[str, Any]:
    """What a construct makes, with `...` in place of each policy."""
    resources: dict[str, Any] = abridged(resources_of(construct, **arguments), POLICIES)
    return resources


def abridged(value: Any, names: set[str]) -> Any:
    """The value with `...` in place of what is under one of the names and not empty."""
    if isinstance(value, list):
        return [abridged(one, names) for one in value]
    if not isinstance(value, dict):
        return value
    return {name: "..." if name in names and one else abridged(one, names) for name, one in value.items()}
