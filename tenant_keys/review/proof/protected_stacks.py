"""Stacks with termination protection, and what may be nowhere else: keys, the trail, the Hook, the control policies.

Anyone who may delete a stack deletes what it does not retain, and leaves without a stack what it does (CloudFormation
guide, using-cfn-protect-stacks). The Hook knows the stacks of keys by their names.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tenant_keys.manifest import Estate, Tenant
from tenant_keys.manifest import stack_names as names
from tenant_keys.review.proof.findings import Finding, Kind
from tenant_keys.review.proof.reviewed import ReviewedEstate

_PROTECTED_TYPES: Final = frozenset(
    {"AWS::CloudFormation::LambdaHook", "AWS::CloudTrail::Trail", "AWS::Organizations::Policy", "AWS::S3::Bucket"}
)
_FIX: Final = "synthesize again; never move a key or what guards it to another stack"


def is_protected(stack: str, estate: Estate) -> bool:
    """Whether a stack of this name keeps keys, the Hook, the trail or the control policies."""
    if stack in (names.trail(estate.naming), names.guardrails(estate.naming)):
        return True
    return names.is_hook_stack(stack) or keeps_keys(stack)


def keeps_keys(stack: str) -> bool:
    """Whether a stack of this name keeps keys or replicas."""
    return names.holds_primaries(stack) or names.holds_replicas(stack)


def check_stacks(reviewed: ReviewedEstate) -> Iterator[Finding]:
    """Compare the stack of each key and alias with the lock, and find a trail, Hook or control policy in any other.

    Stacks that come from no assembly have no names of ours: of them nothing is said.
    """
    if not reviewed.artifacts:
        return
    estate, inventory = reviewed.estate, reviewed.inventory
    for name, records in inventory.keys.items():
        if name is None:
            continue
        for record in records:
            expected = _stack_of(estate.tenants[name], record.region, estate)
            aliases = inventory.aliases.get((record.region, record.key_id), ())
            found = [("key", record.stack), *(("alias", alias.stack) for alias in aliases)]
            for what, stack in found:
                if stack != expected:
                    message = f"the {what} of tenant {name} in {record.region} is in stack {stack}"
                    yield Finding(Kind.INVENTORY, f"{message}; by tenants.lock it is in {expected}", _FIX, name)
    for resource in reviewed.resources.values():
        if resource.type in _PROTECTED_TYPES and not is_protected(resource.stack, estate):
            message = f"{resource.where}: {resource.type} in a stack without termination protection"
            yield Finding(Kind.INVENTORY, message, _FIX)


def _stack_of(tenant: Tenant, region: str, estate: Estate) -> str:
    if region == tenant.primary_region:
        return names.key_stack(region, tenant.cell, estate.naming)
    return names.replica_stack(region, tenant.primary_region, tenant.cell, estate.naming)
