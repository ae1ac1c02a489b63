"""The stacks and our own rules' findings: a second reading of the assembly.

The rules judge one tenant of each class: documents that differ in names alone are judged alike.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from tenant_keys.review.assembly import Assembly, Stack
from tenant_keys.review.errors import NothingToReview
from tenant_keys.review.rules import Linter, LintFinding


@dataclass(slots=True)
class Facts:
    """What the second reading found."""

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
        unlike: keys and roles, by stack and logical id or role name, that represent their class.
        alike: those that another one represents; they are counted, not judged.
    """
    facts, linter = Facts(), Linter()
    skipped = set(alike) - set(unlike)
    for stack in assembly.stacks():
        facts.stacks.append((stack.name, stack.account, stack.region, stack.termination_protection))
        facts.resources += len(stack.resources)
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
