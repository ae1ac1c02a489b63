"""How long the SSM parameter gets from which a workload learns its roles and aliases."""

from __future__ import annotations

from collections import Counter

from tenant_keys.manifest import Estate, Tenant, Workload

FRAME = 400
"""Characters, at most, of all but the exceptions: version, names, and two ARN patterns."""


def largest_parameter(estate: Estate) -> tuple[int, int]:
    """Characters of the largest one, at most, and those of them that grow with the number of tenants."""
    growing = max(
        (
            _exceptions(estate, workload, region)
            for workload in estate.workloads.values()
            for region in workload.regions
        ),
        default=0,
    )
    return FRAME + growing, growing


def _exceptions(estate: Estate, workload: Workload, region: str) -> int:
    """Named one by one: tenants whose nearest alias is in another Region than that of most, and opaque names."""
    tenants = [tenant for tenant in estate.tenants.values() if workload in tenant.workloads]
    nearest = {tenant.id: _nearest(tenant, region) for tenant in tenants}
    usual = Counter(nearest.values()).most_common(1)
    keys = f"arn:{estate.central.partition}:kms"
    opaque = [tenant for tenant in tenants if tenant.manifest_id != tenant.id and workload.access != "web-identity"]
    return sum(len(f'"{tenant.manifest_id}":"{tenant.id}",') for tenant in opaque) + sum(
        len(f'"{tenant}":"{keys}:{where}:{estate.central.account}:{estate.naming.alias}",') - len("{id}") + len(tenant)
        for tenant, where in nearest.items()
        if where != usual[0][0]
    )


def _nearest(tenant: Tenant, region: str) -> str:
    """The replica here, once its primary is recorded; else where the key was created."""
    return region if tenant.multi_region and tenant.multi_region_key_id else tenant.primary_region
