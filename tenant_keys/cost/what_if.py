"""The estate at another number of tenants: the same mix, placed as the lock would place it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import count, cycle, islice

from tenant_keys.manifest import Estate, Tenant
from tenant_keys.manifest.lock import KEY_CELL, ROLE_CELL


def with_tenants(estate: Estate, tenants: int) -> Estate:
    """An estate of that many tenants, which repeats the present ones in the order of their ids.

    Raises:
        ValueError: there is no tenant to repeat, or the number is below 1.
    """
    if tenants < 1 or not estate.tenants:
        raise ValueError("a what-if needs at least 1 tenant, and at least 1 in the manifest to be like")
    pattern = islice(cycle(estate.tenants.values()), tenants)
    keys: Counter[str] = Counter()
    roles = count()
    made: dict[str, Tenant] = {}
    for number, tenant in enumerate(pattern):
        name = tenant.id if number < len(estate.tenants) else f"what-if-{number}"
        cell = 1 + keys[tenant.primary_region] // KEY_CELL.fill
        keys[tenant.primary_region] += 1
        role_cells = {workload: 1 + next(roles) // ROLE_CELL.fill for workload in tenant.role_cells}
        made[name] = replace(tenant, id=name, manifest_id=name, cell=cell, role_cells=role_cells)
    return replace(estate, tenants=made)
