"""The work of tenants that do not exist yet, like those that do, placed as the lock would place them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from tenant_keys.cost import with_tenants
from tenant_keys.manifest import Estate, Tenant
from tenant_keys.manifest.stack_names import key_stack, replica_stack, role_stack
from tenant_keys.operations.rollout.work import StackWork, stack_work

_Place = tuple[str, str]
"""Stack and Region, in the key account."""
_POLICY = {"PolicyName": "use"}
"""Of an access role; what it says makes no call more."""


def work_of_new_tenants(estate: Estate, number: int) -> list[StackWork]:
    """The stacks that so many new tenants change.

    A template of the app is not needed: what counts of a resource is its type and the properties that make calls.

    Raises:
        ValueError: there is no tenant to be like, or the number is below 1.
    """
    if number < 1:
        raise ValueError(f"got {number}; allowed is 1 or more")
    grown = with_tenants(estate, len(estate.tenants) + number)
    there = [tenant for name, tenant in grown.tenants.items() if name in estate.tenants]
    new = [tenant for name, tenant in grown.tenants.items() if name not in estate.tenants]
    return work_of_tenants(grown, new, there)


def work_of_tenants(estate: Estate, tenants: Sequence[Tenant], there: Sequence[Tenant] = ()) -> list[StackWork]:
    """The stacks that create what these tenants have in the key account, beside the tenants that are there already."""
    account = estate.central.account
    old = _templates(estate, there)
    return [
        stack_work(name, account, region, {} if (name, region) in old else None, resources)
        for (name, region), resources in sorted(_templates(estate, tenants).items())
    ]


def _templates(estate: Estate, tenants: Sequence[Tenant]) -> dict[_Place, dict[str, dict[str, Any]]]:
    stacks: defaultdict[_Place, dict[str, dict[str, Any]]] = defaultdict(dict)
    home = estate.central.home_region
    for tenant in tenants:
        if tenant.held is None:
            place = key_stack(tenant.primary_region, tenant.cell, estate.naming), tenant.primary_region
            stacks[place] |= _key(tenant)
            for region in estate.central.regions:
                if tenant.multi_region and region != tenant.primary_region:
                    name = replica_stack(region, tenant.primary_region, tenant.cell, estate.naming)
                    stacks[name, region] |= _replica(tenant, estate.central.account)
        for workload in tenant.workloads:
            if workload.access == "tenant-role" and tenant.state != "offboarding":
                place = role_stack(tenant.role_cells[workload.name], estate.naming), home
                stacks[place][f"Role{tenant.id}.{workload.name}"] = _role()
    return dict(stacks)


def _key(tenant: Tenant) -> dict[str, dict[str, Any]]:
    imported = tenant.origin == "imported"
    properties = {
        "EnableKeyRotation": tenant.rotation_days is not None and not imported,
        "Enabled": tenant.state == "active" or imported,
    }
    made = {f"Key{tenant.id}": {"Type": "AWS::KMS::Key", "Properties": properties}, **_alias(tenant, "Key")}
    return {**made, f"ImportRole{tenant.id}": _role()} if tenant.custodian is not None else made


def _replica(tenant: Tenant, account: str) -> dict[str, dict[str, Any]]:
    properties = {
        "PrimaryKeyArn": f"arn:aws:kms:{tenant.primary_region}:{account}:key/mrk-{tenant.id}",
        "Enabled": tenant.state == "active",
    }
    made = {"Type": "AWS::KMS::ReplicaKey", "Properties": properties}
    return {f"Replica{tenant.id}": made, **_alias(tenant, "Replica")}


def _alias(tenant: Tenant, kind: str) -> dict[str, dict[str, Any]]:
    target = {"TargetKeyId": {"Ref": f"{kind}{tenant.id}"}}
    return {f"Alias{tenant.id}": {"Type": "AWS::KMS::Alias", "Properties": target}}


def _role() -> dict[str, Any]:
    return {"Type": "AWS::IAM::Role", "Properties": {"Policies": [_POLICY]}}
