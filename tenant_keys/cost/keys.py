"""What the keys cost a month, Region by Region, before and after rotations."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from tenant_keys.cost.prices import NOTHING, Dollars, Prices
from tenant_keys.manifest import Estate, Tenant


@dataclass(frozen=True, slots=True)
class RegionKeys:
    """The keys of one Region."""

    region: str
    keys: int
    """Keys created here: tenants' only keys, and primaries."""
    replicas: int
    """Replicas of keys created elsewhere, those included that wait for `tenant-keys lock --record`."""
    waiting: int
    """Replicas that wait."""
    keys_rotating: int
    replicas_rotating: int
    """Replicas of keys that rotate: a replica shares its primary's key material."""
    months: tuple[Dollars, Dollars, Dollars]
    """Dollars a month before any rotation, after the first and after the second of every key that rotates."""

    @property
    def total(self) -> int:
        """Keys that count against the Region's quota."""
        return self.keys + self.replicas


def rotates(tenant: Tenant) -> bool:
    """Whether KMS rotates the key by itself: neither imported nor disabled keys (AWS KMS guide, rotate-keys)."""
    return tenant.rotation_days is not None and tenant.origin == "aws-kms" and tenant.state == "active"


def replica_regions(tenant: Tenant, estate: Estate) -> tuple[str, ...]:
    """Regions that hold a replica of the tenant's key, or will."""
    if not tenant.multi_region:
        return ()
    return tuple(region for region in estate.central.regions if region != tenant.primary_region)


def keys_by_region(
    estate: Estate, prices: Prices, copies: Callable[[Tenant], int] = lambda _: 1
) -> tuple[RegionKeys, ...]:
    """Every Region of the key account, in the manifest's order; `copies` is keys a tenant has where it has one."""
    return tuple(_region(estate, region, prices, copies) for region in estate.central.regions)


def _region(estate: Estate, region: str, prices: Prices, copies: Callable[[Tenant], int]) -> RegionKeys:
    here = [
        tenant for tenant in estate.tenants.values() if tenant.primary_region == region and tenant.held is None
    ]  # a key that the tenant holds is on the tenant's bill
    replicated = [tenant for tenant in estate.tenants.values() if region in replica_regions(tenant, estate)]

    def count(tenants: Iterable[Tenant]) -> int:
        return sum(map(copies, tenants))

    return priced(
        RegionKeys(
            region=region,
            keys=count(here),
            replicas=count(replicated),
            waiting=count(tenant for tenant in replicated if tenant.multi_region_key_id is None),
            keys_rotating=count(filter(rotates, here)),
            replicas_rotating=count(filter(rotates, replicated)),
            months=(NOTHING, NOTHING, NOTHING),
        ),
        prices,
    )


def priced(counted: RegionKeys, prices: Prices) -> RegionKeys:
    """The same keys with their price. What a rotation adds to a replica is not documented: nothing, up to as much."""

    def after(rotations: int) -> Dollars:
        charged = min(rotations, prices.rotations_charged)
        low = counted.total * prices.key_month + charged * counted.keys_rotating * prices.rotation_month
        return Dollars(low, low + charged * counted.replicas_rotating * prices.rotation_month)

    return RegionKeys(
        counted.region,
        counted.keys,
        counted.replicas,
        counted.waiting,
        counted.keys_rotating,
        counted.replicas_rotating,
        (after(0), after(1), after(2)),
    )


def total(regions: Iterable[RegionKeys]) -> tuple[Dollars, Dollars, Dollars]:
    """Dollars a month over all Regions, at the three stages."""
    zero = Dollars(Decimal(0), Decimal(0))
    columns = list(zip(*(region.months for region in regions), strict=True)) or [(), (), ()]
    now, first, second = (sum(column, zero) for column in columns)
    return now, first, second
