"""The stacks of an estate. No stack refers to another: any order of deployment works, but for replicas and pods."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from aws_cdk import Environment, Stack
from constructs import Construct

from tenant_constructs.access_role import CustodianImportRole, SharedAccessRole, TenantAccessRole
from tenant_constructs.audit import AuditAlarms, AuditBus, AuditRules, AuditTopic, RefusalForwarder
from tenant_constructs.deletion_hook import DeletionHook
from tenant_constructs.forwarding import ForwardingStackSet
from tenant_constructs.identity_provider import TokenIssuer
from tenant_constructs.pod_identity import PodIdentity
from tenant_constructs.tenant_key import TenantKey, TenantReplicaKey
from tenant_constructs.trail import OwnTrail
from tenant_constructs.workload_role import WorkloadParameter, WorkloadTrustRole
from tenant_keys.manifest import Estate, Workload
from tenant_keys.manifest import stack_names as names
from tenant_keys.manifest.garbage_collection import collection_paused
from tenant_keys.policy.names import workload_role_arn
from tenant_stacks.cell import Cell
from tenant_stacks.guardrails import HOME, add_guardrails
from tenant_stacks.members import Resident, TenantsOfNone, cell_stacks
from tenant_stacks.synthesizer import EstateSynthesizer

Stamped = frozenset[tuple[str, str]]
"""Stack and construct id of the members that have no construct: the cell's synthesizer writes their resources."""

WITHOUT_METADATA = {"aws:cdk:enable-path-metadata": False, "aws:cdk:disable-logicalId-metadata": True}
"""Context of each stack. Logical ids are readable names, and a path in each resource would take a cell's bytes."""


def add_stacks(scope: Construct, estate: Estate, *, stamped: bool = False) -> Stamped:
    """Add every stack of the estate to the app.

    `stamped`: of tenants that differ by their names alone, make constructs of two in each cell and write the others
    into its template at the synth, which raises `NotOnlyNames` where a construct or an Aspect may make another
    difference.

    Returns:
        The members that have no construct.

    Raises:
        PolicyTooLarge: a document would be refused by AWS for its size.
    """
    with collection_paused():
        return _Stacks(scope, estate, stamped=stamped).add_all()


class _Stacks:
    def __init__(self, scope: Construct, estate: Estate, *, stamped: bool) -> None:
        self._scope = scope
        self._stamped = stamped
        self._without_construct: set[tuple[str, str]] = set()
        self._hooks: dict[str, Stack] = {}
        self._estate = estate
        self._of_one = replace(estate, tenants=TenantsOfNone())
        self._account = estate.central.account
        self._home = estate.central.home_region
        self._naming = estate.naming

    def add_all(self) -> Stamped:
        self._add_hooks()
        self._add_cells()
        self._add_shared_access()
        self._add_workload_accounts()
        self._add_audit()
        self._add_guardrails()
        return frozenset(self._without_construct)

    def _add_cells(self) -> None:
        for cell in cell_stacks(self._estate):
            members = Cell([resident.member for resident in cell.residents]) if self._stamped else None
            place = cell.name, self._account, cell.region, cell.description
            stack = self._stack(*place, keeps_keys=cell.keeps_keys, members=members)
            ids = [resident.construct_id for resident in cell.residents]
            real = frozenset(members.real if members else ids)
            self._without_construct.update((cell.name, one) for one in ids if one not in real)
            for resident in cell.residents:
                if resident.construct_id in real:
                    self._make(resident, stack, cell.cell)

    def _make(self, resident: Resident, stack: Stack, cell: str) -> None:
        tenant, name, estate = resident.tenant, resident.construct_id, self._of_one
        if resident.kind == "key":
            TenantKey(stack, name, tenant=tenant, estate=estate, cell=cell)
        elif resident.kind == "replica":
            TenantReplicaKey(stack, name, tenant=tenant, estate=estate, cell=cell)
        elif resident.workload:
            TenantAccessRole(stack, name, tenant=tenant, workload=resident.workload, estate=estate, cell=cell)
        elif tenant.custodian:
            CustodianImportRole(stack, name, tenant=tenant, custodian=tenant.custodian, estate=estate, cell=cell)

    def _stack(
        self,
        name: str,
        account: str,
        region: str,
        description: str,
        *,
        keeps_keys: bool = False,
        members: Cell | None = None,
    ) -> Stack:
        synthesizer = self._synthesizer(account)
        stack = Stack(
            self._scope,
            name,
            stack_name=name,
            env=Environment(account=account, region=region),
            description=description,
            termination_protection=keeps_keys,
            suppress_template_indentation=True,  # policies are long: 100 tenants must fit 1 MB
            synthesizer=synthesizer,
        )
        if members and members.stamped:
            synthesizer.stamp(members)
        for name_in_context, value in WITHOUT_METADATA.items():
            stack.node.set_context(name_in_context, value)
        if keeps_keys and region in self._hooks and account == self._account:
            stack.add_stack_dependency(self._hooks[region], "the Hook knows which tenants were offboarded")
        return stack

    def _synthesizer(self, account: str) -> EstateSynthesizer:
        """Deploys with a role that the key policies trust: of this qualifier, or the one that the manifest names."""
        central = self._estate.central
        named = central.deployers[0] if account == central.account and len(central.deployers) == 1 else None
        return EstateSynthesizer(qualifier=central.bootstrap_qualifier, cloud_formation_execution_role=named)

    def _add_shared_access(self) -> None:
        estate = self._estate
        shared = [workload for workload in estate.workloads.values() if workload.access != "tenant-role"]
        if not shared:
            return
        stack = self._stack(
            names.shared_access(self._naming), self._account, self._home, "Access roles that tenants share"
        )
        issuers = {
            issuer: TokenIssuer(stack, issuer, issuer=issuer, workloads=list(workloads), estate=estate)
            for issuer, workloads in groupby(sorted(shared, key=_issuer), key=_issuer)
            if issuer
        }
        for workload in shared:
            issuer = issuers.get(_issuer(workload))
            provider_arn = issuer.provider_arn if issuer else None
            SharedAccessRole(stack, workload.name, workload=workload, estate=estate, provider_arn=provider_arn)

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
                    stack.add_stack_dependency(stacks[self._home], "EKS takes only a role that exists")

    def _add_audit(self) -> None:
        """AWS KMS writes an event in the Region of the call, and a topic is reached from its own Region alone."""
        if self._estate.audit is None:
            return
        if self._estate.audit.own_trail:
            name, description = names.trail(self._naming), f"Trail of the key account {self._account}"
            stack = self._stack(name, self._account, self._home, description)
            stack.termination_protection = True
            OwnTrail(stack, "Trail", estate=self._estate)
        for region in self._estate.central.regions:
            name = names.audit_stack(region, self._naming)
            stack = self._stack(name, self._account, region, f"Detection of misuse of tenants' keys in {region}")
            reporting = [account for account, where in reporting_places(self._estate) if where == region]
            topic = AuditTopic(stack, "Topic", estate=self._estate)
            AuditRules(stack, "Rules", topic=topic, estate=self._estate)
            AuditAlarms(stack, "Alarms", topic=topic, estate=self._estate, region=region)
            AuditBus(stack, "Bus", accounts=reporting, region=region, estate=self._estate)
            if self._estate.audit.forward_from and region == self._home:
                ForwardingStackSet(stack, "Forwarding", places=reporting_places(self._estate), estate=self._estate)

    def _add_hooks(self) -> None:
        """A Hook works in its own Region alone; stacks that it judges wait for it, since it must know who left."""
        for region in self._estate.central.regions if self._estate.central.deletion_hook else ():
            name = names.hook_stack(region, self._naming)
            description = f"Refuses to remove or replace tenants' keys in {region}"
            stack = self._hooks[region] = self._stack(name, self._account, region, description, keeps_keys=True)
            DeletionHook(stack, "Hook", estate=self._estate, region=region)

    def _add_guardrails(self) -> None:
        if self._estate.guardrails is None:
            return
        name, account = names.guardrails(self._naming), self._estate.guardrails.management_account
        description = f"Control policies of the key account {self._account}"
        add_guardrails(self._stack(name, account, HOME, description, keeps_keys=True), self._estate)

    def _add_workload_account(self, account: str, region: str, roles: list[Workload], here: list[Workload]) -> Stack:
        description = f"Workload roles and parameters in account {account}"
        stack = self._stack(names.workload_stack(account, region, self._naming), account, region, description)
        trusted = {
            workload.name: WorkloadTrustRole(stack, workload.name, workload=workload, estate=self._estate)
            for workload in roles
        }
        for workload in here:
            WorkloadParameter(
                stack, f"{workload.name}.parameter", workload=workload, estate=self._estate, region=region
            )
            if workload.pod_identity:
                role = trusted.get(workload.name)
                role_arn = role.role_arn if role else workload_role_arn(workload, self._estate)
                construct_id = f"{workload.name}.pod-identity"
                PodIdentity(stack, construct_id, workload=workload, role_arn=role_arn, estate=self._estate)
        by_stack_set = self._estate.audit is not None and self._estate.audit.forward_from
        if (account, region) in reporting_places(self._estate) and not by_stack_set:
            RefusalForwarder(stack, "Forwarder", account=account, region=region, estate=self._estate)
        return stack


def reporting_places(estate: Estate) -> list[tuple[str, str]]:
    """Account and Region of each workload stack from which refused sessions are reported, sorted.

    EventBridge sends to a bus of the same Region, or from one of its supported Regions to another; the app takes the
    same Region alone, where the key account has a topic: workloads are in Regions of the key account alone.
    """
    if estate.audit is None:
        return []
    return sorted({(w.account, region) for w in estate.workloads.values() for region in w.regions})


def role_region(workload: Workload, estate: Estate) -> str:
    """Region of the stack that holds the workload's role.

    A trust anchor is where its certificate authority is, and the role names it (AWS Prescriptive Guidance,
    iam-roles-anywhere-private-ca, limitations).
    """
    if workload.roles_anywhere:
        return workload.roles_anywhere.certificate_authority.split(":")[3]
    return estate.central.home_region


def _has_role(workload: Workload) -> bool:
    return workload.access != "web-identity"


def _issuer(workload: Workload) -> str:
    return workload.identity_provider.issuer if workload.identity_provider else ""
