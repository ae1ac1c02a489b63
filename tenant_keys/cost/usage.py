"""How much of each quota the estate uses, and at how many tenants of its mix the quota breaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from math import ceil

from tenant_keys.aws_facts import quotas
from tenant_keys.cost.keys import RegionKeys
from tenant_keys.cost.parameters import largest_parameter
from tenant_keys.cost.requests import SESSION_SECONDS, Requests
from tenant_keys.manifest import Estate
from tenant_keys.manifest.lock import KEY_CELL, ROLE_CELL


@dataclass(frozen=True, slots=True)
class QuotaUse:
    """One quota, in one account and Region."""

    quota: str
    where: str
    used: int
    limit: int
    breaks_at: int | None
    """Number of tenants, mixed as today, that no longer fits; None where tenants do not move it."""
    way_out: str

    @property
    def left(self) -> int:
        """What remains; negative where the quota is exceeded."""
        return self.limit - self.used


def breaking_point(limit: int, fixed: int, per_tenant: Fraction) -> int | None:
    """The first number of tenants at which `fixed + per_tenant * tenants` exceeds the limit."""
    return None if per_tenant <= 0 else max(0, int((limit - fixed) / per_tenant)) + 1


def quota_uses(
    estate: Estate, keys: tuple[RegionKeys, ...], uncached: Requests, cached: Requests, processes: int
) -> list[QuotaUse]:
    """Every quota that tenants move, and those that people ask about though tenants do not.

    `processes` serve each tenant of each workload; every one holds a session of its own.
    """
    return list(
        chain(
            _keys(estate, keys),
            _rates(estate, uncached, "requests a second", "let services use the client, which caches"),
            _rates(estate, cached, "requests a second, cached", "ask AWS to raise it, or keep data keys longer"),
            _sessions(estate, processes),
            _roles(estate),
            _providers(estate),
            _stacks(estate),
            _parameters(estate),
        )
    )


def _keys(estate: Estate, keys: tuple[RegionKeys, ...]) -> Iterator[QuotaUse]:
    tenants = max(1, len(estate.tenants))
    for region in keys:
        breaks = breaking_point(quotas.KMS_KEYS, 0, Fraction(region.total, tenants))
        way_out = "ask AWS to raise it, or a second key account"
        yield QuotaUse("KMS keys", region.region, region.total, quotas.KMS_KEYS, breaks, way_out)
    yield QuotaUse("aliases of a key", "each key", 1, quotas.ALIASES_A_KEY, None, "ask AWS to raise it")


def _rates(estate: Estate, requests: Requests, name: str, way_out: str) -> Iterator[QuotaUse]:
    """Everything is called from sessions of the key account, so its Regions carry the load of all workloads."""
    active = [tenant for tenant in estate.tenants.values() if tenant.state == "active"]
    for region in estate.central.regions:
        here = sum(tenant.primary_region == region for tenant in active)
        if not here:
            continue
        used = Fraction(requests.per_second) * here / len(active)
        limit = quotas.symmetric_requests_per_second(region)
        breaks = breaking_point(limit, 0, used / len(estate.tenants))
        yield QuotaUse(name, region, ceil(used), limit, breaks, way_out)


def _sessions(estate: Estate, processes: int) -> Iterator[QuotaUse]:
    """Every process renews the session of each tenant that it serves; at worst all in one Region."""
    active = [tenant for tenant in estate.tenants.values() if tenant.state == "active"]
    sessions: Counter[str] = Counter()
    for tenant in active:
        sessions.update(w.account for w in tenant.workloads if w.access != "web-identity")
    if not sessions:
        return
    account, held = max(sessions.items(), key=lambda item: (item[1], item[0]))
    rate = Fraction(held * processes, SESSION_SECONDS)
    breaks = breaking_point(quotas.STS_REQUESTS, 0, rate / len(estate.tenants))
    way_out = "serve each tenant by fewer processes, or spread workloads over accounts"
    yield QuotaUse("STS requests a second", account, ceil(rate), quotas.STS_REQUESTS, breaks, way_out)


def _providers(estate: Estate) -> Iterator[QuotaUse]:
    providers = (workload.identity_provider for workload in estate.workloads.values())
    used = len({provider.issuer for provider in providers if provider})
    yield QuotaUse("OIDC providers", "key account", used, quotas.OIDC_PROVIDERS, None, "ask AWS to raise it")


def _roles(estate: Estate) -> Iterator[QuotaUse]:
    own = sum(len(tenant.role_cells) for tenant in estate.tenants.values() if tenant.state != "offboarding")
    shared = sum(workload.access != "tenant-role" for workload in estate.workloads.values())
    fixed = shared + quotas.BOOTSTRAP_ROLES * len(estate.central.regions)
    limit = estate.central.quotas.iam_roles
    breaks = breaking_point(limit, fixed, Fraction(own, max(1, len(estate.tenants))))
    raised = f"raise to {quotas.IAM_ROLES_MOST:,}, or " if limit < quotas.IAM_ROLES_MOST else ""
    yield QuotaUse("IAM roles", "key account", own + fixed, limit, breaks, f"{raised}access: session-tag")


def _stacks(estate: Estate) -> Iterator[QuotaUse]:
    central, tenants = estate.central, list(estate.tenants.values())
    shared = any(workload.access != "tenant-role" for workload in estate.workloads.values())
    role_cells = {cell for tenant in tenants if tenant.state != "offboarding" for cell in tenant.role_cells.values()}
    for region in central.regions:
        here = [tenant for tenant in tenants if tenant.primary_region == region]
        copied = [tenant for tenant in tenants if tenant.primary_region != region and tenant.multi_region]
        fixed = 1  # CDKToolkit, of cdk bootstrap
        used = len({tenant.cell for tenant in here}) + len({(t.primary_region, t.cell) for t in copied})
        sources = {tenant.primary_region for tenant in copied}  # in time, each of their cells has a tenant to copy
        placed = [tenant for tenant in tenants if tenant.primary_region in {region, *sources}]
        per_tenant = Fraction(len(placed), max(1, len(tenants)) * KEY_CELL.fill)
        if region == central.home_region:
            fixed += shared
            used += len(role_cells)
            own = sum(len(tenant.role_cells) for tenant in tenants)
            per_tenant += Fraction(own, max(1, len(tenants)) * ROLE_CELL.fill)
        breaks = breaking_point(quotas.STACKS, fixed, per_tenant)
        yield QuotaUse("stacks", region, used + fixed, quotas.STACKS, breaks, "ask AWS to raise it")
    yield QuotaUse(
        "resources of a stack", "fullest", _fullest(estate), quotas.STACK_RESOURCES, None, "tenants fill further cells"
    )


def _fullest(estate: Estate) -> int:
    """Key and alias of each tenant of a key cell; one role each in a role cell."""
    cells: dict[tuple[str, int], int] = {}
    for tenant in estate.tenants.values():
        key = (tenant.primary_region, tenant.cell)
        cells[key] = cells.get(key, 0) + 2
        for cell in tenant.role_cells.values():
            cells["roles", cell] = cells.get(("roles", cell), 0) + 1
    return max(cells.values(), default=0)


def _parameters(estate: Estate) -> Iterator[QuotaUse]:
    most = max(
        sum(region in w.regions for w in estate.workloads.values() if w.account == account)
        for account in {workload.account for workload in estate.workloads.values()}
        for region in estate.central.regions
    )
    yield QuotaUse("SSM parameters", "fullest account", most, quotas.PARAMETERS, None, "one for each workload, no more")
    characters, growing = largest_parameter(estate)
    breaks = breaking_point(
        quotas.PARAMETER_CHARACTERS, characters - growing, Fraction(growing, max(1, len(estate.tenants)))
    )
    way_out = "fewer tenants with a key.region of their own"
    yield QuotaUse("characters of a parameter", "largest", characters, quotas.PARAMETER_CHARACTERS, breaks, way_out)
