"""The tags that the manifest promises, and the tag by which a key is known as a tenant's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from tenant_keys.manifest import Estate
from tenant_keys.review.proof.findings import Finding, Kind
from tenant_keys.review.proof.inventory import Inventory
from tenant_keys.review.proof.promise import Promise, custodian_role, workload_role
from tenant_keys.review.proof.value_differences import described

_TENANT: Final = "tenant-keys:tenant"
"""The tag by which the deletion hook and the commands know whose key it is."""
_PROJECT: Final = {"tenant-keys:project": "tenant-keys"}


def check_tags(inventory: Inventory, promises: Mapping[str, Promise], estate: Estate) -> Iterator[Finding]:
    """Each tag that is missing or has another value, and the tag of a tenant on what is no tenant's."""
    yield from _of_tenants(inventory, promises, estate)
    yield from _of_the_estate(inventory, promises, estate)


def _of_tenants(inventory: Inventory, promises: Mapping[str, Promise], estate: Estate) -> Iterator[Finding]:
    """The key of each tenant and the roles that are its own carry its tags, and may have more."""
    for tenant, promise in promises.items():
        declared = {**estate.tags, **estate.tenants[tenant].tags, **_PROJECT, _TENANT: tenant}
        roles = [inventory.roles.get(use.role_arn) for use in promise.uses if not use.shared]
        roles += [inventory.roles.get(custodian_role(tenant, estate))] if promise.custodian else []
        carrying = [(one.where, one.tags) for one in inventory.keys.get(tenant, ())]
        carrying += [(role.arn, role.tags) for role in roles if role is not None]
        for where, tags in carrying:
            for name, value in declared.items():
                if tags.get(name) != value:
                    message = f"{where}: {described(f'the tag {name} of tenant {tenant}', tags.get(name), value)}"
                    yield Finding(Kind.INVENTORY, message, "synthesize again", tenant)


def _of_the_estate(inventory: Inventory, promises: Mapping[str, Promise], estate: Estate) -> Iterator[Finding]:
    """Whatever else takes tags carries those of the estate."""
    serving = {use.role_arn for promise in promises.values() for use in promise.uses if use.shared}
    serving |= {workload_role(workload, estate) for workload in estate.workloads.values()}
    carrying = [(arn, inventory.roles[arn].tags) for arn in sorted(serving & inventory.roles.keys())]
    carrying += [(key.where, key.tags) for key in inventory.audit_keys]
    for where, tags in (*carrying, *inventory.tags):
        for name, value in estate.tags.items():
            if tags.get(name) != value:
                message = f"{where}: {described(f'the tag {name} of the estate', tags.get(name), value)}"
                yield Finding(Kind.INVENTORY, message, "synthesize again")
        if _TENANT in tags:
            yield Finding(Kind.INVENTORY, f"{where}: the tag {_TENANT} of what is no tenant's", "remove the tag")
