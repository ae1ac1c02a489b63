"""The representatives of an estate: few enough to try every request, enough to represent all."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tenant_keys.manifest import Estate
from tenant_keys.review.iam.variables import Value
from tenant_keys.review.proof.controls import RCP, SCP, Controls, control_policy
from tenant_keys.review.proof.document import Document
from tenant_keys.review.proof.equivalence import TenantClass, Tenants
from tenant_keys.review.proof.inventory import Inventory
from tenant_keys.review.proof.key_records import KeyRecord
from tenant_keys.review.proof.marks import unmarked
from tenant_keys.review.proof.promise import Promise, Use, declared_roles
from tenant_keys.review.proof.role_records import RoleRecord

_Case = TypeVar("_Case")
Edit = Callable[[str, Mapping[str, object]], Mapping[str, object]]
"""Changes a document of a kind ("key", "identity", "trust") before it is judged: how a safeguard is taken away."""


@dataclass(frozen=True, slots=True)
class KeyCase:
    """A key that represents all keys of its class."""

    promise: Promise
    record: KeyRecord
    document: Document
    aliases: tuple[str, ...]
    alike: TenantClass
    represents: int
    """Tenants of the same class."""
    memory: dict[object, Any] = field(default_factory=dict, compare=False)
    """What was computed from it before."""


@dataclass(frozen=True, slots=True)
class RoleCase:
    """A role with its documents."""

    arn: str
    trust: Document
    identity: tuple[Document, ...]
    tags: Mapping[str, str]
    unknown_policies: tuple[str, ...]
    """Managed policies that are not in the templates."""
    tenant: str | None
    use: Use | None


@dataclass(slots=True)
class World:
    """What is tried."""

    estate: Estate
    promises: Mapping[str, Promise]
    keys: list[KeyCase]
    """Two of each class: enough for every pair of different tenants."""
    tenant_roles: list[list[RoleCase]]
    """One or two of each class."""
    own_roles: dict[str, list[RoleCase]]
    """By tenant, for each tenant that a key represents."""
    other_roles: list[RoleCase]
    """Shared roles, workload roles and whatever else the templates hold."""
    anchors: Mapping[str, str]
    """Certificate authorities of IAM Roles Anywhere, by the ARN of the trust anchor."""
    existing: Mapping[str, tuple[Document, ...]]
    """What the templates attach to roles that exist already, by the ARN of the role."""
    controls: Controls
    """Control policies of the key account, where the manifest asks for any."""
    organizations: Mapping[str, str | None] = field(init=False)
    """The organization of each account of the manifest; None where it names none."""
    declared: frozenset[str] = field(init=False)
    """ARNs of all roles of which the manifest declares anything, in whichever account."""

    def __post_init__(self) -> None:
        accounts = (self.estate.central.account, *(one.account for one in self.estate.workloads.values()))
        self.organizations = dict.fromkeys(accounts, self.estate.organization)
        self.declared = declared_roles(self.estate, self.promises)

    def of_account(self, account: str) -> dict[str, Sequence[Value | None]]:
        """What is known of every resource of an account: its organization, if the manifest names it."""
        organization = self.organizations.get(account)
        return {} if organization is None else {"aws:resourceorgid": [organization]}


def keep(_kind: str, document: Mapping[str, object]) -> Mapping[str, object]:
    """Leave a document as it is."""
    return document


def build_world(
    estate: Estate,
    inventory: Inventory,
    promises: Mapping[str, Promise],
    found: Mapping[TenantClass, Tenants],
    edit: Edit = keep,
) -> World:
    """Compile the documents of the representatives."""
    keys: dict[Hashable, list[KeyCase]] = {}
    roles: dict[Hashable, list[RoleCase]] = {}
    own: dict[str, list[RoleCase]] = {}
    for alike, tenants in found.items():
        for tenant in tenants.first:
            promise = promises[tenant]
            own[tenant] = [
                role_case(inventory.roles[use.role_arn], promise, use, edit)
                for use in promise.uses
                if not use.shared and use.role_arn in inventory.roles
            ]
            for case in own[tenant]:
                text = dict(alike.roles)[case.use.workload if case.use else ""]
                _keep_two(roles, (case.use.workload if case.use else "", text, alike.named_by), case)
            for record in inventory.keys.get(tenant, ()):
                # By the whole class: a tenant whose key is like others' may have roles that are not.
                form = (record.region, record.replica, alike)
                _keep_two(keys, form, _key_case(record, promise, inventory, alike, tenants.count, edit))
    tenant_role_arns = {use.role_arn for promise in promises.values() for use in promise.uses if not use.shared}
    others = [role_case(role, None, None, edit) for arn, role in inventory.roles.items() if arn not in tenant_role_arns]
    representatives = [case for kept in keys.values() for case in kept]
    existing = {
        w.existing_role: _attached(w.existing_role, inventory) for w in estate.workloads.values() if w.existing_role
    }
    controls = _controls(estate, inventory, edit)
    tenant_roles = list(roles.values())
    return World(estate, promises, representatives, tenant_roles, own, others, inventory.anchors, existing, controls)


def _controls(estate: Estate, inventory: Inventory, edit: Edit) -> Controls:
    if estate.guardrails is None:
        return Controls()
    found = []
    for kind in (SCP, RCP):
        records = [one for one in inventory.controls if one.kind == kind]
        # A second one is a finding of its own.
        found.append(tuple(control_policy(one, edit(kind, one.document)) for one in records[:1]))
    return Controls(estate.central.account, *found)


def _attached(role_arn: str, inventory: Inventory) -> tuple[Document, ...]:
    whose = (role_arn.split(":")[4], role_arn.rpartition("/")[2])
    loose = [policy for policy in inventory.loose if (policy.account, policy.role_name) == whose]
    return tuple(Document.parse(policy.document, name=policy.where, kind="identity") for policy in loose)


def role_case(role: RoleRecord, promise: Promise | None, use: Use | None, edit: Edit) -> RoleCase:
    """Compile a role's documents."""
    name = role.arn.rpartition("/")[2]
    trust = Document.parse(edit("trust", role.trust), name=f"trust policy of {name}", kind="resource")
    identity = tuple(
        Document.parse(edit("identity", document), name=f"policy {policy} of {name}", kind="identity")
        for policy, document in role.identity
    )
    return RoleCase(role.arn, trust, identity, role.tags, role.managed, promise.tenant if promise else None, use)


def _key_case(
    record: KeyRecord, promise: Promise, inventory: Inventory, alike: TenantClass, count: int, edit: Edit
) -> KeyCase:
    name = f"key policy of {promise.tenant} in {record.region}"
    document = Document.parse(edit("key", unmarked(record.policy, promise)), name=name, kind="resource")
    return KeyCase(promise, record, document, inventory.aliases_of(record), alike, count)


def _keep_two(cases: dict[Hashable, list[_Case]], form: Hashable, case: _Case) -> None:
    kept = cases.setdefault(form, [])
    if len(kept) < 2:
        kept.append(case)
