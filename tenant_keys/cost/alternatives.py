"""The same tenants with keys arranged otherwise, at the same prices."""

from __future__ import annotations

from dataclasses import dataclass

from tenant_keys.cost.keys import RegionKeys, keys_by_region, priced, replica_regions, total
from tenant_keys.cost.prices import NOTHING, Dollars, Prices
from tenant_keys.manifest import Estate


@dataclass(frozen=True, slots=True)
class Arrangement:
    """One way to arrange keys."""

    name: str
    keys: int
    """Keys and replicas over all Regions."""
    months: tuple[Dollars, Dollars, Dollars]
    """Dollars a month before any rotation, after the first and after the second."""
    means: str
    """What it means for isolation."""


def arrangements(estate: Estate, prices: Prices) -> tuple[Arrangement, ...]:
    """One key per tenant, one per service and tenant, and one for all."""
    per_tenant = keys_by_region(estate, prices)
    per_service = keys_by_region(estate, prices, lambda tenant: max(1, len(tenant.workloads)))
    shared = _shared(estate, prices)
    return (
        _arrangement("one key per tenant", per_tenant, "this estate: one switch stops one tenant everywhere"),
        _arrangement("per service and tenant", per_service, "as many switches and policies as services"),
        _arrangement("one shared key", shared, "no isolation by key: disabling or deleting it stops everyone"),
    )


def _arrangement(name: str, regions: tuple[RegionKeys, ...], means: str) -> Arrangement:
    return Arrangement(name, sum(region.total for region in regions), total(regions), means)


def _shared(estate: Estate, prices: Prices) -> tuple[RegionKeys, ...]:
    """One key that rotates in the home Region, and a replica in every other Region that holds a key today."""
    home = estate.central.home_region
    used = {tenant.primary_region for tenant in estate.tenants.values()}
    used.update(region for tenant in estate.tenants.values() for region in replica_regions(tenant, estate))
    months = (NOTHING, NOTHING, NOTHING)
    key = RegionKeys(home, keys=1, replicas=0, waiting=0, keys_rotating=1, replicas_rotating=0, months=months)
    others = [
        RegionKeys(region, keys=0, replicas=1, waiting=0, keys_rotating=0, replicas_rotating=1, months=months)
        for region in estate.central.regions
        if region != home and region in used
    ]
    return tuple(priced(region, prices) for region in (key, *others))
