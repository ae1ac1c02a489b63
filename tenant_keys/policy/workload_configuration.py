"""What a workload is given in each of its Regions: which roles to assume and which aliases to name."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tenant_keys.manifest import Estate, Tenant, Workload
from tenant_keys.policy import names


def workload_configuration(workload: Workload, estate: Estate, region: str) -> dict[str, Any]:
    """What the runtime client reads in one Region. `{tenant_id}` represents the tenant's id.

    The aliases' Region is the one that serves most of its tenants from here; `exceptions` are the whole alias ARNs of
    the others; `held` are the keys of tenants who hold theirs themselves, once they are active. `ids` are the opaque
    names of tenants that have one, by their ids in the manifest.
    """
    served = [tenant for tenant in estate.tenants.values() if workload in tenant.workloads]
    tenants = [tenant for tenant in served if tenant.held is None]
    held = {
        tenant.id: {"key_arn": arn, "grace_seconds": 60 * tenant.held.grace_minutes}
        for tenant in served
        if tenant.held is not None and (arn := tenant.held.nearest(region)) is not None
    }
    nearest = {tenant.id: _nearest(tenant, estate, region) for tenant in tenants}
    usual = Counter(nearest.values()).most_common(1)[0][0] if nearest else estate.central.home_region
    role = names.shared_role_arn(workload, estate)
    if workload.access == "tenant-role":
        role = names.tenant_role_arn("{tenant_id}", workload, estate)
    opaque = {tenant.manifest_id: tenant.id for tenant in served if tenant.manifest_id != tenant.id}
    return {
        "version": 1,
        "workload": workload.name,
        "access": workload.access,
        "role_arn": role,
        "alias_arn": names.alias_arn("{tenant_id}", usual, estate),
        "operations": list(workload.operations),
        "exceptions": {
            tenant: names.alias_arn(tenant, where, estate) for tenant, where in nearest.items() if where != usual
        },
        **({"held": held} if held else {}),
        # A token's tag is what STS goes by: its issuer must know the opaque name.
        **({"ids": opaque} if opaque and workload.access != "web-identity" else {}),
    }


def _nearest(tenant: Tenant, estate: Estate, region: str) -> str:
    """The workload's own Region where the tenant's alias is in it, else the Region of the tenant's key."""
    return region if region in names.alias_regions(tenant, estate) else tenant.primary_region
