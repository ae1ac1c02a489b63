"""The resources that a construct synthesizes to."""

from __future__ import annotations

from typing import Any

from tests.constructs.resources import resources_of

POLICIES = {"KeyPolicy", "AssumeRolePolicyDocument", "PolicyDocument", "Policies"}


def made(construct: Any, **arguments: Any) -> dict[str, Any]:
    """What a construct makes, without its policies."""
    resources = resources_of(construct, **arguments)
    return {
        name: {**one, "Properties": {of: value for of, value in one["Properties"].items() if of not in POLICIES}}
        for name, one in resources.items()
    }
