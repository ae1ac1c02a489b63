"""What a construct makes, in a stack of its own and without validations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
from aws_cdk.assertions import Template

Resources = dict[str, dict[str, Any]]


def resources_of(construct: Callable[..., Any], **arguments: Any) -> Resources:
    """Logical id to resource, as in the template."""
    stack = cdk.Stack(cdk.App(tree_metadata=False, builtin_cloud_formation_validation=False), "stack")
    construct(stack, "Construct", **arguments)
    resources: Resources = Template.from_stack(stack).to_json().get("Resources", {})
    return resources
