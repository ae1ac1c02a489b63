"""What the templates say of each key beside its policy, and our own rules' findings: a second reading of the assembly.

The rules judge one tenant of each class: documents that differ in names alone are judged alike.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from tenant_keys.review.assembly import Assembly, Resource, Stack
from tenant_keys.review.errors import NothingToReview
from tenant_keys.review.rules import Linter, LintFinding

OWN_TAGS = "tenant-keys:"


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What a key's template says of its life."""

    stack: str
    logical_id: str
    region: str
    replica: bool
    enabled: bool
    origin: str
    multi_region: bool
    rotation_days: int | None
    """None: KMS does not rotate it by itself. Of a replica too: its primary rotates."""
    deletion_window_days: int
    retained: bool
    tags: tuple[tuple[str, str], ...]
    """Those of the manifest."""


@dataclass(slots=True)
class Facts:
    """What the second reading found."""

    keys: dict[tuple[str, str], KeyFacts] = field(default_factory=dict)
    """By stack and logical id."""
    stacks: list[tuple[str, str, str, bool]] = field(default_factory=list)
    """Name, account, Region, and whether it is protected against deletion."""
    findings: list[LintFinding] = field(default_factory=list)
    policies: int = 0
    """Documents that the rules judged."""
    resources: int = 0


def read_facts(assembly: Assembly, unlike: Collection[tuple[str, str]], alike: Collection[tuple[str, str]]) -> Facts:
    """Read every stack once more.

    Args:
        assembly: the cloud assembly.
        unlike: keys and roles, by stack and logical id or role name, that stand for their class.
        alike: those that another one stands for; they are counted, not judged.
    """
    facts, linter = Facts(), Linter()
    skipped = set(alike) - set(unlike)
    for stack in assembly.stacks():
        facts.stacks.append((stack.name, stack.account, stack.region, stack.termination_protection))
        facts.resources += len(stack.resources)
        for resource in stack.resources.values():
            if resource.type in ("AWS::KMS::Key", "AWS::KMS::ReplicaKey"):
                facts.keys[stack.name, resource.logical_id] = _key(resource)
        facts.findings += linter.add(_reduced(stack, skipped))
    try:
        facts.findings += linter.finish()
    except NothingToReview:
        facts.findings += ()
    facts.policies = linter.policies
    return facts


def _reduced(stack: Stack, skipped: Collection[tuple[str, str]]) -> Stack:
    kept = {
        logical_id: resource
        for logical_id, resource in stack.resources.items()
        if (stack.name, logical_id) not in skipped
        and (stack.name, str(resource.properties.get("RoleName"))) not in skipped
    }
    return replace(stack, resources=kept)


def _key(resource: Resource) -> KeyFacts:
    properties = resource.properties
    rotates = properties.get("EnableKeyRotation", False) in (True, "true")
    tags: list[Mapping[str, str]] = list(properties.get("Tags", ()))
    return KeyFacts(
        stack=resource.stack,
        logical_id=resource.logical_id,
        region=resource.region,
        replica=resource.type == "AWS::KMS::ReplicaKey",
        enabled=properties.get("Enabled", True) in (True, "true"),
        origin=str(properties.get("Origin", "AWS_KMS")),
        multi_region=properties.get("MultiRegion", False) in (True, "true"),
        rotation_days=int(properties.get("RotationPeriodInDays", 365)) if rotates else None,
        deletion_window_days=int(properties.get("PendingWindowInDays", 30)),
        retained=resource.deletion_policy == "Retain" and resource.update_replace_policy == "Retain",
        tags=tuple((tag["Key"], tag["Value"]) for tag in tags if not tag["Key"].startswith(OWN_TAGS)),
    )
