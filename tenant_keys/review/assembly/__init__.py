"""Reads a cloud assembly (`cdk.out`) and resolves its values to what AWS will see."""

from tenant_keys.review.assembly.assets import Environment
from tenant_keys.review.assembly.manifest import StackArtifact
from tenant_keys.review.assembly.model import HIDING_TYPES, READ_TYPES, Resource, Stack, Stacks
from tenant_keys.review.assembly.physical import UNRESOLVED, is_unresolved, unresolved_id
from tenant_keys.review.assembly.reader import Assembly

__all__ = [
    "HIDING_TYPES",
    "READ_TYPES",
    "UNRESOLVED",
    "Assembly",
    "Environment",
    "Resource",
    "Stack",
    "StackArtifact",
    "Stacks",
    "is_unresolved",
    "unresolved_id",
]
