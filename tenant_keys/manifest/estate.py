"""The estate: manifest and lock resolved into what AWS will hold. Everything downstream reads this alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tenant_keys.aws_facts.regions import partition_of
from tenant_keys.manifest.model import (
    Access,
    Auditor,
    DecryptBy,
    Guardrails,
    IdentityProvider,
    Irsa,
    KeySource,
    Naming,
    Operation,
    PodIdentity,
    Quotas,
    RolesAnywhere,
    RunsOn,
    State,
)


@dataclass(frozen=True, slots=True)
class Central:
    """The key account; role ARNs are complete."""

    account: str
    home_region: str
    regions: tuple[str, ...]
    administrators: tuple[str, ...]
    readers: tuple[str, ...]
    auditors: Mapping[Auditor, str]
    """AWS's own auditors by name: the ARN of each one's service-linked role. Sorted by name."""
    break_glass: str
    deployers: tuple[str, ...]
    """The roles that KMS sees when CloudFormation deploys, of every Region."""
    permissions_boundary: str | None
    """ARN of the managed policy that bounds every access role."""
    bootstrap_qualifier: str
    quotas: Quotas
    deletion_hook: bool
    """Whether a CloudFormation Hook refuses to remove or replace tenants' keys."""

    @property
    def partition(self) -> str:
        """The second part of every ARN of the estate: `aws`, `aws-cn` or `aws-us-gov`."""
        return partition_of(self.home_region)


@dataclass(frozen=True, slots=True)
class Audit:
    """What detects misuse of keys; role ARNs are complete."""

    probe_roles: tuple[str, ...]
    own_trail: bool
    """Whether the key account has a trail of its own, where no other has its calls."""
    import_path: str | None
    """IAM path of every import role that others make; None where sessions of those are not reported."""
    forward_from: tuple[str, ...]
    """Organizational units in which a stack set forwards refused sessions; empty: each workload's stack does."""


@dataclass(frozen=True, slots=True)
class Workload:
    """A service that uses tenants' keys."""

    name: str
    account: str
    runs_on: RunsOn | None
    access: Access
    operations: tuple[Operation, ...]
    """Sorted: decrypt, encrypt, re-encrypt."""
    regions: tuple[str, ...]
    existing_role: str | None
    """ARN, with `runs_on: existing-role`."""
    pod_identity: PodIdentity | None
    irsa: Irsa | None
    roles_anywhere: RolesAnywhere | None
    identity_provider: IdentityProvider | None
    audience: str | None
    permissions_boundary: str | None
    """ARN of the managed policy that bounds the role that the app makes for the workload."""

    @property
    def partition(self) -> str:
        """The second part of every ARN in its account."""
        return partition_of(self.regions[0])


@dataclass(frozen=True, slots=True)
class Custodian:
    """The customer's principal that assumes the import role which the app makes for it."""

    role: str
    """ARN of the role in the customer's account."""
    external_id: str

    @property
    def account(self) -> str:
        """The customer's account."""
        return self.role.split(":")[4]


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key in the tenant's own account: registered in the manifest, verified and activated in the lock."""

    registered: Mapping[str, str]
    """ARNs by Region, as the manifest names them."""
    verified: Mapping[str, str]
    """ARNs by Region of which the tenant has shown control."""
    active: Mapping[str, str]
    """ARNs by Region that workloads are given."""
    nonce: str | None
    """What the tenant's key policy must name, of the registration under way."""
    grace_minutes: int

    @property
    def arns(self) -> tuple[str, ...]:
        """Every key that the tenant's sessions may use: what is registered, and what is still active."""
        return tuple(sorted({*self.registered.values(), *self.active.values()}))

    def nearest(self, region: str) -> str | None:
        """The active key to use from a Region; None before there is one."""
        return self.active.get(region) or next((self.active[one] for one in sorted(self.active)), None)


@dataclass(frozen=True, slots=True)
class Tenant:
    """One customer and its key."""

    id: str
    """What AWS knows it by, in aliases, roles, tags and the encryption context: its id in the manifest, or the opaque
    name that the lock has of it."""
    manifest_id: str
    state: State
    """active, suspended or offboarding: an offboarded tenant is no part of the estate."""
    workloads: tuple[Workload, ...]
    """Sorted by name."""
    origin: KeySource
    multi_region: bool
    primary_region: str
    multi_region_key_id: str | None
    """`mrk-...`, once the primary is deployed and recorded in the lock; replicas wait for it."""
    rotation_days: int | None
    """None: automatic rotation is off."""
    deletion_window_days: int
    unused_days_before_deletion: int | None
    """Whole days since the last use before the key policy lets break-glass schedule the deletion; None: it waits for
    nothing."""
    decrypt_by: DecryptBy
    import_role: str | None
    """ARN of the role that imports key material, with origin imported: the custodian's, or one made elsewhere."""
    material_expires: bool
    tags: Mapping[str, str]
    cell: int
    """Number of the key cell in the primary Region."""
    role_cells: Mapping[str, int]
    """Workload name to number of the role cell, for workloads with one role per tenant."""
    custodian: Custodian | None = None
    """Who assumes the import role, where the app makes it."""
    held: HeldKey | None = None
    """The key that the tenant holds in an account of its own; then there is none of ours."""


@dataclass(frozen=True, slots=True)
class Estate:
    """Everything that the stacks contain."""

    organization: str | None
    central: Central
    audit: Audit | None
    """None: switched off."""
    naming: Naming
    workloads: Mapping[str, Workload]
    """Sorted by name."""
    tenants: Mapping[str, Tenant]
    """By `Tenant.id`, sorted; without the offboarded."""
    tags: Mapping[str, str]
    guardrails: Guardrails | None
    """None where the manifest asks for no control policies."""
    offboarded: tuple[str, ...] = ()
    """Ids in AWS of the tenants that are offboarded: their keys leave their stacks, and are retained. Sorted."""
    offboarded_opaque: Mapping[str, str] = field(default_factory=dict)
    """Of those with an opaque name: their ids in the manifest, which the lock keeps, and the names. Sorted."""
    key_account: str | None = None
    """Name of the key account, where the manifest lists several; None: it has one, without a name."""
    further: str | None = None
    """The same name where the lock began with another key account: then what could meet in one account holds it."""
    siblings: tuple[Estate, ...] = ()
    """The estates of the manifest's other key accounts, each without siblings of its own: no tenant, no workload and no
    role is in two of them."""

    @property
    def key_accounts(self) -> tuple[Estate, ...]:
        """The estate of each key account of the manifest, this one first, each with its siblings."""
        alone = (replace(self, siblings=()), *self.siblings)
        others = (replace(one, siblings=tuple(two for two in alone if two is not one)) for one in self.siblings)
        return self, *others

    @property
    def permissions_boundaries(self) -> list[str]:
        """ARNs of the managed policies that bound roles which the app makes. Sorted."""
        named = {self.central.permissions_boundary, *(one.permissions_boundary for one in self.workloads.values())}
        return sorted(one for one in named if one is not None)

    @property
    def by_manifest_id(self) -> dict[str, Tenant]:
        """The tenants by the ids that people and the manifest use."""
        return {tenant.manifest_id: tenant for tenant in self.tenants.values()}

    def called(self, name: str) -> Tenant | None:
        """The tenant of this id of the manifest or of AWS: no name is both, of two tenants."""
        return self.tenants.get(name) or self.by_manifest_id.get(name)

    def with_alias(self, alias: str) -> Tenant | None:
        """The tenant whose key has this alias."""
        before, _, after = self.naming.alias.partition("{id}")
        if not (alias.startswith(before) and alias.endswith(after)):
            return None
        return self.called(alias.removeprefix(before).removesuffix(after))

    @property
    def management_account(self) -> str | None:
        """The organization's management account, where the manifest names it."""
        return self.guardrails.management_account if self.guardrails else None

    @property
    def accounts(self) -> tuple[str, ...]:
        """Every account with a stack: the key account first, then the others, sorted."""
        others = {workload.account for workload in self.workloads.values()}
        others |= {self.management_account} if self.management_account else set()
        return self.central.account, *sorted(others - {self.central.account})
