"""Which tenants' resources are in which stack, without the CDK: cells of keys, of replicas and of access roles."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, NoReturn

from tenant_constructs.logical_id import logical_id
from tenant_keys.manifest import Estate, Tenant, Workload
from tenant_keys.manifest import stack_names as names
from tenant_stacks.cell import Member, alike, tags_of

Kind = Literal["key", "importer", "replica", "role"]


@dataclass(frozen=True, slots=True)
class Resident:
    """One tenant's resources in one stack, of one kind."""

    kind: Kind
    tenant: Tenant
    workload: Workload | None = None
    """Of a role: whose it is."""

    @property
    def construct_id(self) -> str:
        match self.kind:
            case "importer":
                return f"import.{self.tenant.id}"
            case "role" if self.workload:
                return f"{self.tenant.id}.{self.workload.name}"
            case _:
                return self.tenant.id

    @property
    def member(self) -> Member:
        """Its names, and what it has in common with others."""
        tenant = self.tenant
        own: tuple[str, ...] = (tenant.id, logical_id("", tenant.id))
        kind: Hashable = alike(tenant)
        logical_ids: tuple[str, ...] = ()
        match self.kind:
            case "key":
                logical_ids = logical_id("Key", tenant.id), logical_id("Alias", tenant.id)
            case "importer":
                logical_ids, kind = (logical_id("ImportRole", tenant.id),), ("import", alike(tenant))
            case "replica":
                own = (*own, tenant.multi_region_key_id or "")
                logical_ids = logical_id("Replica", tenant.id), logical_id("Alias", tenant.id)
            case "role" if self.workload:
                workload = self.workload.name
                logical_ids, kind = (logical_id("Role", tenant.id, workload),), (workload, alike(tenant))
        return Member(self.construct_id, own, logical_ids, kind, tags_of(tenant))


@dataclass(frozen=True, slots=True)
class CellStack:
    """A stack of the key account that holds tenants' resources and nothing else."""

    name: str
    region: str
    description: str
    cell: str
    """Its name in the tags of its resources."""
    keeps_keys: bool
    residents: tuple[Resident, ...]
    """In the order of the template."""


class TenantsOfNone(Mapping[str, Tenant]):
    """The tenants as a cell's constructs see them: what they make for one tenant depends on no other."""

    def __getitem__(self, name: str) -> NoReturn:
        raise _OTHERS

    def __iter__(self) -> NoReturn:
        raise _OTHERS

    def __len__(self) -> NoReturn:
        raise _OTHERS


_OTHERS = LookupError("a construct of one tenant reads other tenants: its cell would change with them")


def cell_stacks(estate: Estate) -> Iterator[CellStack]:
    """Every stack of tenants' resources, in the order in which the app makes them."""
    naming, keys = estate.naming, key_cells(estate)
    for region, number, tenants in keys:
        cell = names.key_cell(region, number)
        residents = [Resident("key", tenant) for tenant in tenants]
        residents += [Resident("importer", tenant) for tenant in tenants if tenant.custodian]
        name = names.key_stack(region, number, naming)
        yield CellStack(name, region, f"Tenants' keys, cell {cell}", cell, True, tuple(residents))
    for primary, number, tenants in keys:
        # Replicas are in stacks of their own, once the lock has the ids of their primaries.
        replicas = tuple(Resident("replica", one) for one in tenants if one.multi_region and one.multi_region_key_id)
        cell = names.key_cell(primary, number)
        for region in estate.central.regions if replicas else ():
            if region != primary:
                name = names.replica_stack(region, primary, number, naming)
                yield CellStack(name, region, f"Replicas in {region} of cell {cell}", cell, True, replicas)
    for number, roles in role_cells(estate):
        description = f"Access roles of single tenants, cell {number:03d}"
        name, home = names.role_stack(number, naming), estate.central.home_region
        residents = [Resident("role", *role) for role in roles]
        yield CellStack(name, home, description, names.role_cell(number), False, tuple(residents))


def key_cells(estate: Estate) -> list[tuple[str, int, list[Tenant]]]:
    """Primary Region, number and tenants of each key cell, in order; those aside who hold their keys themselves."""
    cells: dict[tuple[str, int], list[Tenant]] = {}
    for tenant in estate.tenants.values():
        if tenant.held is None:
            cells.setdefault((tenant.primary_region, tenant.cell), []).append(tenant)
    return [(region, number, tenants) for (region, number), tenants in sorted(cells.items())]


def role_cells(estate: Estate) -> Iterator[tuple[int, list[tuple[Tenant, Workload]]]]:
    """Number and roles of each role cell, in order. A tenant that is being offboarded has none."""
    placed = [
        (tenant.role_cells[workload.name], tenant, workload)
        for tenant in estate.tenants.values()
        if tenant.state != "offboarding"
        for workload in tenant.workloads
        if workload.access == "tenant-role"
    ]
    for number, roles in groupby(sorted(placed, key=lambda role: role[0]), key=lambda role: role[0]):
        yield number, [(tenant, workload) for _, tenant, workload in roles]
