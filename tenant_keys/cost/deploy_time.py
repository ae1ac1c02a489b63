"""What a first deployment takes at least: KMS accepts so many requests a second, however many stacks run at once."""

from __future__ import annotations

from dataclasses import dataclass

from tenant_keys.aws_facts.quotas import CREATE_KEYS_A_REPLICA, REQUESTS_PER_SECOND
from tenant_keys.cost.keys import RegionKeys
from tenant_keys.manifest import Estate


@dataclass(frozen=True, slots=True)
class Step:
    """One of the two parts of a first deployment."""

    what: str
    seconds: float
    """At least; Regions run at the same time."""
    bound_by: str
    """The request and the Region that it takes longest in."""


def deploy_steps(estate: Estate, keys: tuple[RegionKeys, ...]) -> tuple[Step, ...]:
    """Keys, then replicas: these need the ids of the primaries."""
    steps = [_slowest("keys and aliases", [(r.region, _births(estate, r.region, r.keys)) for r in keys])]
    if any(region.replicas for region in keys):
        steps.append(_slowest("replicas", [(r.region, _copies(estate, r)) for r in keys]))
    return tuple(steps)


def _births(estate: Estate, region: str, keys: int) -> dict[str, int]:
    """CreateKey takes policy and tags with it, so PutKeyPolicy and TagResource need not be called."""
    here = [tenant for tenant in estate.tenants.values() if tenant.primary_region == region]
    return {
        "CreateKey": keys,
        "CreateAlias": keys,
        "EnableKeyRotation": sum(tenant.rotation_days is not None for tenant in here),
        "DisableKey": sum(tenant.state != "active" and tenant.origin != "imported" for tenant in here),
    }


def _copies(estate: Estate, region: RegionKeys) -> dict[str, int]:
    others = len(estate.central.regions) - 1
    primaries = sum(t.multi_region and t.primary_region == region.region for t in estate.tenants.values())
    return {
        "ReplicateKey": primaries * others,
        "CreateKey": region.replicas * CREATE_KEYS_A_REPLICA,
        "CreateAlias": region.replicas,
    }


def _slowest(what: str, regions: list[tuple[str, dict[str, int]]]) -> Step:
    seconds, request, region = max(
        (
            (count / REQUESTS_PER_SECOND[request], request, region)
            for region, requests in regions
            for request, count in requests.items()
        ),
        key=lambda found: found[0],
    )
    return Step(what, seconds, f"{request} {REQUESTS_PER_SECOND[request]}/s in {region}")
