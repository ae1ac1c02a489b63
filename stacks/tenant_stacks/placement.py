"""The stacks of an estate. No stack refers to another: any order of deployment works, but for replicas and pods."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from aws_cdk import DefaultStackSynthesizer, Environment, Stack
from constructs import Construct

from tenant_constructs.access_role import CustodianImportRole, SharedAccessRole, TenantAccessRole
from tenant_constructs.identity_provider import TokenIssuer
from tenant_constructs.pod_identity import PodIdentity
from tenant_constructs.resource_batch import ResourceBatch
from tenant_constructs.tenant_key import TenantKey, TenantReplicaKey
from tenant_constructs.workload_role import WorkloadParameter, WorkloadTrustRole
from tenant_keys.manifest import Estate, Tenant, Workload
from tenant_keys.manifest import stack_names as names
from tenant_keys.manifest.garbage_collection import collection_paused


def add_stacks(scope: Construct, estate: Estate) -> None:
    """Add every stack of the estate to the app.

    Raises:
        PolicyTooLarge: a document or a template would be refused by AWS for its size.
    """
    with collection_paused():
        _Stacks(scope, estate).add_all()


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


class _Stacks:
    def __init__(self, scope: Construct, estate: Estate) -> None:
        self._scope = scope
        self._estate = estate
        self._account = estate.central.account
        self._home = estate.central.home_region
        self._naming = estate.naming

    def add_all(self) -> None:
        self._add_keys()
        self._add_replicas()
        self._add_tenant_roles()
        self._add_shared_access()
        self._add_workload_accounts()

    def _stack(self, name: str, account: str, region: str, description: str, *, keeps_keys: bool = False) -> Stack:
        return Stack(
            self._scope,
            name,
            stack_name=name,
            env=Environment(account=account, region=region),
            description=description,
            termination_protection=keeps_keys,
            suppress_template_indentation=True,  # policies are long: 100 tenants must fit 1 MB
            synthesizer=self._synthesizer(account),
        )

    def _synthesizer(self, account: str) -> DefaultStackSynthesizer:
        """Deploys with a role that the key policies trust: of this qualifier, or the one that the manifest names."""
        central = self._estate.central
        named = central.deployers[0] if account == central.account and len(central.deployers) == 1 else None
        return DefaultStackSynthesizer(qualifier=central.bootstrap_qualifier, cloud_formation_execution_role=named)

    def _add_keys(self) -> None:
        for region, number, tenants in key_cells(self._estate):
            cell = names.key_cell(region, number)
            name, description = names.key_stack(region, number, self._naming), f"Tenants' keys, cell {cell}"
            stack = self._stack(name, self._account, region, description, keeps_keys=True)
            with ResourceBatch(stack, "Keys") as batch:
                for tenant in tenants:
                    TenantKey(batch, tenant=tenant, estate=self._estate, cell=cell)
                    if who := tenant.custodian:
                        CustodianImportRole(batch, tenant=tenant, custodian=who, estate=self._estate, cell=cell)

    def _add_replicas(self) -> None:
        """Replicas are in stacks of their own, once the lock has the ids of their primaries."""
        for primary, number, tenants in key_cells(self._estate):
            replicated = [tenant for tenant in tenants if tenant.multi_region and tenant.multi_region_key_id]
            if not replicated:
                continue
            cell = names.key_cell(primary, number)
            for region in self._estate.central.regions:
                if region == primary:
                    continue
                name = names.replica_stack(region, primary, number, self._naming)
                description = f"Replicas in {region} of cell {cell}"
                stack = self._stack(name, self._account, region, description, keeps_keys=True)
                with ResourceBatch(stack, "Replicas") as batch:
                    for tenant in replicated:
                        TenantReplicaKey(batch, tenant=tenant, estate=self._estate, cell=cell)

    def _add_tenant_roles(self) -> None:
        for number, roles in role_cells(self._estate):
            cell, description = names.role_cell(number), f"Access roles of single tenants, cell {number:03d}"
            stack = self._stack(names.role_stack(number, self._naming), self._account, self._home, description)
            with ResourceBatch(stack, "Roles") as batch:
                for tenant, workload in roles:
                    TenantAccessRole(batch, tenant=tenant, workload=workload, estate=self._estate, cell=cell)

    def _add_shared_access(self) -> None:
        estate = self._estate
        shared = [workload for workload in estate.workloads.values() if workload.access != "tenant-role"]
        if not shared:
            return
        stack = self._stack(
            names.shared_access(self._naming), self._account, self._home, "Access roles that tenants share"
        )
        with ResourceBatch(stack, "Access") as batch:
            issuers = {
                issuer: TokenIssuer(batch, issuer=issuer, workloads=list(workloads), estate=estate)
                for issuer, workloads in groupby(sorted(shared, key=_issuer), key=_issuer)
                if issuer
            }
            for workload in shared:
                issuer = issuers.get(_issuer(workload))
                SharedAccessRole(batch, workload=workload, estate=estate, provider=issuer.arn if issuer else None)

    def _add_workload_accounts(self) -> None:
        """One stack per workload account and Region. IAM is global: a role is in one of them."""
        for account in sorted({workload.account for workload in self._estate.workloads.values()}):
            workloads = [workload for workload in self._estate.workloads.values() if workload.account == account]
            stacks: dict[str, Stack] = {}
            for region in sorted({region for w in workloads for region in (role_region(w, self._estate), *w.regions)}):
                here = [w for w in workloads if region in w.regions]
                roles = [w for w in workloads if _has_role(w) and role_region(w, self._estate) == region]
                if here or roles:
                    stacks[region] = self._add_workload_account(account, region, roles, here)
            for region, stack in stacks.items():
                if region != self._home and any(w.pod_identity and region in w.regions for w in workloads):
                    stack.add_dependency(stacks[self._home], "EKS takes only a role that exists")

    def _add_workload_account(self, account: str, region: str, roles: list[Workload], here: list[Workload]) -> Stack:
        description = f"Workload roles and parameters in account {account}"
        stack = self._stack(names.workload_stack(account, region, self._naming), account, region, description)
        with ResourceBatch(stack, "Workloads") as batch:
            for workload in roles:
                WorkloadTrustRole(batch, workload=workload, estate=self._estate)
            for workload in here:
                WorkloadParameter(batch, workload=workload, estate=self._estate, region=region)
                if workload.pod_identity:
                    PodIdentity(batch, workload=workload, estate=self._estate, with_role=workload in roles)
        return stack


def role_region(workload: Workload, estate: Estate) -> str:
    """Region of the stack that holds the workload's role.

    A trust anchor stands where its certificate authority does, and the role names it (AWS Prescriptive Guidance,
    iam-roles-anywhere-private-ca, limitations).
    """
    if workload.roles_anywhere:
        return workload.roles_anywhere.certificate_authority.split(":")[3]
    return estate.central.home_region


def _has_role(workload: Workload) -> bool:
    return workload.access != "web-identity"


def _issuer(workload: Workload) -> str:
    return workload.identity_provider.issuer if workload.identity_provider else ""
