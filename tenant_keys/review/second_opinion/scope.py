"""Of which tenants the questions are asked: of all, or in a large estate of two of each kind."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tenant_keys.manifest import Estate, Tenant
from tenant_keys.review.second_opinion.inventory import Inventory
from tenant_keys.review.second_opinion.promise import access_role, alias_of, is_shared

SMALL: Final = 16
"""Tenants of whom all pairs are asked about."""


def representatives(estate: Estate, most: int = SMALL) -> tuple[Tenant, ...]:
    """All tenants of a small estate; else the first two of whom the manifest declares the same but for names.

    That is a sample, and the opinion says so: what is in the documents of the others is the proof's to read.
    """
    if len(estate.tenants) <= most:
        return tuple(estate.tenants.values())
    alike: dict[object, list[Tenant]] = {}
    for tenant in estate.tenants.values():
        alike.setdefault(_declared(tenant), []).append(tenant)
    return tuple(tenant for tenants in alike.values() for tenant in tenants[:2])


def _declared(tenant: Tenant) -> object:
    workloads = tuple(workload.name for workload in tenant.workloads)
    creation = tenant.origin, tenant.multi_region, tenant.primary_region, tenant.material_expires
    return tenant.state, workloads, creation, tenant.decrypt_by, tenant.import_role is None, tenant.custodian is None


def focused(inventory: Inventory, estate: Estate, chosen: tuple[Tenant, ...]) -> Inventory:
    """The inventory without the keys and roles of tenants that were not chosen.

    Their roles remain among those who may ask: as roles of which nothing is known, with any policies.
    """
    others = [tenant for tenant in estate.tenants.values() if tenant not in chosen]
    aliases = {alias_of(tenant, estate) for tenant in others}
    roles = {
        access_role(tenant, workload, estate)
        for tenant in others
        for workload in tenant.workloads
        if not is_shared(workload)
    }
    return replace(
        inventory,
        keys=[key for key in inventory.keys if not aliases.intersection(inventory.aliases.get(key.arn, ()))],
        roles={arn: role for arn, role in inventory.roles.items() if arn not in roles},
    )
