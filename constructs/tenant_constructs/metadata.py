"""`Metadata` of a resource, which scanners read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import CfnResource


def add_metadata(resource: CfnResource, metadata: Mapping[str, Any]) -> None:
    """Add each entry beside those that the CDK writes, such as the construct's path."""
    for name, value in metadata.items():
        resource.add_metadata(name, value)
