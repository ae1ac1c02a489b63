"""Cost, quotas and time of an estate in one value: the table, the JSON and the review's chart all read it."""

from __future__ import annotations

from dataclasses import dataclass

from tenant_keys.cost.alternatives import Arrangement, arrangements
from tenant_keys.cost.audit import AuditCost, audit_cost
from tenant_keys.cost.deploy_time import Step, deploy_steps
from tenant_keys.cost.keys import RegionKeys, keys_by_region, total
from tenant_keys.cost.prices import Dollars, Prices, load_prices
from tenant_keys.cost.requests import Load, Requests, with_cache, without_cache
from tenant_keys.cost.usage import QuotaUse, quota_uses
from tenant_keys.manifest import Estate


@dataclass(frozen=True, slots=True)
class CostReport:
    """Everything that `tenant-keys cost` says."""

    tenants: int
    active: int
    regions: tuple[RegionKeys, ...]
    months: tuple[Dollars, Dollars, Dollars]
    """Dollars a month of all keys: before any rotation, after the first, after the second."""
    load: Load
    uncached: Requests
    cached: Requests
    audit: AuditCost | None
    """What detection costs; None where the manifest has it off."""
    arrangements: tuple[Arrangement, ...]
    quotas: tuple[QuotaUse, ...]
    deployment: tuple[Step, ...]
    prices: Prices
    assumptions: tuple[str, ...]

    @property
    def exceeded(self) -> tuple[QuotaUse, ...]:
        """Quotas that this estate does not fit; without the client's cache it may still fit with it."""
        return tuple(use for use in self.quotas if use.left < 0)


def cost_report(estate: Estate, load: Load | None = None, prices: Prices | None = None) -> CostReport:
    """Pure arithmetic over the estate; asks AWS nothing. The load is one message a second of each active tenant."""
    prices = prices or load_prices()
    regions = keys_by_region(estate, prices)
    active = sum(tenant.state == "active" for tenant in estate.tenants.values())
    load = load or Load(float(active))
    uncached, cached = without_cache(load, prices), with_cache(load, active, prices)
    return CostReport(
        tenants=len(estate.tenants),
        active=active,
        regions=regions,
        months=total(regions),
        load=load,
        uncached=uncached,
        cached=cached,
        audit=audit_cost(estate, prices, cached, uncached),
        arrangements=arrangements(estate, prices),
        quotas=tuple(quota_uses(estate, regions, uncached, cached, load.processes)),
        deployment=deploy_steps(estate, regions),
        prices=prices,
        assumptions=_assumptions(estate, prices),
    )


def _assumptions(estate: Estate, prices: Prices) -> tuple[str, ...]:
    said = [
        "no key has been rotated yet; suspended, offboarding and imported keys do not rotate by themselves",
        "a message is one GenerateDataKey and one Decrypt; a process reads a message before its data key expires",
        "roles of the account that the manifest does not name, and keys already retired, are not counted",
    ]
    if any(tenant.multi_region for tenant in estate.tenants.values()):
        said.append(f"not documented: {prices.not_known[0]}")
    if estate.central.deletion_hook:
        cells = {(tenant.primary_region, tenant.cell) for tenant in estate.tenants.values()}
        price = f"{prices.hook_operation} dollars each after {prices.free_hook_operations_month:,} a month"
        said.append(
            "the CloudFormation Hook is not in the sum: it judges a change set and an update of each changed stack, "
            f"{2 * len(cells):,} operations where every key cell does, at {price}"
        )
    most = prices.key_month + prices.rotations_charged * prices.rotation_month
    said.append(
        f"a rotation on demand, of imported keys too, adds as much as any other: at most {most:.0f} dollars a key"
    )
    return tuple(said)
