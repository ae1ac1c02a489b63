"""Keys that tenants hold in accounts of their own: what of their isolation is ours to prove, and what is the owner's.

A request across accounts needs an Allow on both sides (IAM guide, reference_policies_evaluation-logic-cross-account).
The key's policy is in no template: whatever it allows, the sessions of the templates' roles are held by their own
policies. So each Allow of those policies that reaches a key of another account must stay within what is declared:
registered ARNs, the workload's operations, the tenant's encryption context and, for a role that tenants share, the
tenant's session tag; a further condition only takes from it. Whatever else reaches such a key is a finding, unless a
Deny takes it back. Whether what is declared works, the evaluator decides of those policies as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Final

from tenant_keys.manifest import Estate, Tenant
from tenant_keys.review.iam.catalogue import actions
from tenant_keys.review.iam.variables import Value
from tenant_keys.review.proof.actor import Actor, role_session
from tenant_keys.review.proof.document import Document
from tenant_keys.review.proof.findings import Finding, Kind
from tenant_keys.review.proof.held_key_declared import DESCRIBE, is_as_declared, is_within, not_held_to
from tenant_keys.review.proof.held_key_reach import reached_keys, taken_back
from tenant_keys.review.proof.inventory import Inventory
from tenant_keys.review.proof.key_actions import carries
from tenant_keys.review.proof.key_findings import named_decider
from tenant_keys.review.proof.liveness import works
from tenant_keys.review.proof.promise import CONTEXT_KEY, TAG, Promise, Use
from tenant_keys.review.proof.requests import Target
from tenant_keys.review.proof.role_records import RoleRecord
from tenant_keys.review.proof.stopped import open_policy
from tenant_keys.review.proof.world import World, keep, role_case
from tenant_keys.review.syntax import Statement, parse_document

OURS: Final = (
    "whatever the key's policy allows, no role of the templates may use it but this tenant's, in this tenant's "
    "encryption context"
)
THEIRS: Final = (
    "its policy allows no more than the registered statements; no grant, alias or replica opens it to others; who may "
    "change it; rotation and deletion"
)


@dataclass(frozen=True, slots=True)
class HeldByTenant:
    """A tenant's own key, and how far the proof goes."""

    tenant: str
    arns: tuple[str, ...]
    active: tuple[str, ...]
    """ARNs that workloads are given; none before the first activation."""
    ours: str = OURS
    theirs: str = THEIRS


def held_by_tenants(estate: Estate) -> tuple[HeldByTenant, ...]:
    """Every tenant that holds its key itself."""
    return tuple(
        HeldByTenant(tenant.id, tenant.held.arns, tuple(sorted(tenant.held.active.values())))
        for tenant in estate.tenants.values()
        if tenant.held is not None
    )


@dataclass(frozen=True, slots=True)
class HeldKeyUse:
    """What the templates' policies say of keys of other accounts."""

    excess: tuple[Finding, ...]
    """What they allow and the manifest does not declare."""
    declared: Mapping[str, Sequence[tuple[Tenant, Use]]]
    """By the ARN of the role."""
    _written: Mapping[str, _Written]

    def refused(self, inventory: Inventory, world: World) -> Iterator[Finding]:
        """What the manifest declares and they, or a control policy, do not certainly allow."""
        for role_arn, several in self.declared.items():
            yield from _not_working(role_arn, several, self._written.get(role_arn, _Written()), inventory, world)


def held_key_use(inventory: Inventory, promises: Mapping[str, Promise], estate: Estate) -> HeldKeyUse:
    """Compare what the templates' policies allow on keys of other accounts with what is declared.

    No role of this key account is declared for the key of a tenant of another.
    """
    owners = {
        arn: tenant.id
        for each in (estate, *estate.siblings)
        for tenant in each.tenants.values()
        if tenant.held is not None
        for arn in tenant.held.arns
    }
    uses: dict[str, list[tuple[Tenant, Use]]] = {}
    for tenant in estate.tenants.values():
        for use in promises[tenant.id].uses if tenant.held is not None and tenant.state == "active" else ():
            uses.setdefault(use.role_arn, []).append((tenant, use))
    central, excess = estate.central.account, []
    written = {arn: _read(each, uses.get(arn, ()), owners, central) for arn, each in _policies(inventory).items()}
    for found in written.values():
        for each in found.undeclared:
            taken = taken_back(each.statement, each.reached, found.denies, owners, central)
            if taken is not True:
                excess.append(_undeclared(each, owners, doubtful=taken is None))
    return HeldKeyUse(tuple(excess), uses, written)


@dataclass(frozen=True, slots=True)
class _Excess:
    """What of an Allow is not declared."""

    where: str
    """The name of its policy."""
    statement: Statement
    """With those of its actions and resources alone."""
    reached: list[str]
    """The keys that it reaches, registered or not."""
    lacking: str
    """The condition that would make it declared, in words."""


@dataclass(slots=True)
class _Written:
    """What the policies of a role say of keys of other accounts."""

    granted: set[tuple[str, str, str]] = field(default_factory=set)
    """Tenant, action in lower case and ARN of each declared use, allowed word for word."""
    denied: set[str] = field(default_factory=set)
    """Registered keys of which a Deny speaks."""
    denies: list[Statement] = field(default_factory=list)
    undeclared: list[_Excess] = field(default_factory=list)


def _read(
    documents: Sequence[tuple[str, Mapping[str, object]]],
    uses: Sequence[tuple[Tenant, Use]],
    owners: Mapping[str, str],
    central: str,
) -> _Written:
    found = _Written()
    for where, raw in documents:
        for statement in parse_document(raw, where).statements:
            reached = reached_keys(statement, owners, central)
            if not statement.allows:
                found.denied.update(reached)
                found.denies.append(statement)
            elif reached and not _note(statement, uses, found):
                found.undeclared += _beyond(where, statement, uses, owners, central, found)
    return found


def _beyond(
    where: str,
    statement: Statement,
    uses: Sequence[tuple[Tenant, Use]],
    owners: Mapping[str, str],
    central: str,
    found: _Written,
) -> Iterator[_Excess]:
    """What of an Allow is not declared: its actions and resources one by one, those of the same keys together.

    What is declared of it is noted down.
    """
    together: dict[tuple[tuple[str, ...], str], _Excess] = {}
    for single in _one_by_one(statement):
        left = [
            name
            for name in reached_keys(single, owners, central)
            if name not in owners or not single.resources or not _note(replace(single, resources=(name,)), uses, found)
        ]
        if left:
            lacking = not_held_to(replace(single, resources=tuple(left)), uses)
            alike = together.get((tuple(left), lacking))
            merged = single if alike is None else _both(alike.statement, single)
            together[tuple(left), lacking] = _Excess(where, merged, left, lacking)
    yield from together.values()


def _one_by_one(statement: Statement) -> Iterator[Statement]:
    for action in statement.actions or (None,):
        for resource in statement.resources or (None,):
            actions_, resources = [() if one is None else (one,) for one in (action, resource)]
            yield replace(statement, actions=actions_, resources=resources)


def _both(one: Statement, other: Statement) -> Statement:
    joined = (dict.fromkeys((*one.actions, *other.actions)), dict.fromkeys((*one.resources, *other.resources)))
    return replace(one, actions=tuple(joined[0]), resources=tuple(joined[1]))


def _policies(inventory: Inventory) -> dict[str, list[tuple[str, Mapping[str, object]]]]:
    """Every identity policy of the templates by the role that has it: what it is called, and the document."""
    found: dict[str, list[tuple[str, Mapping[str, object]]]] = {}
    for role in inventory.roles.values():
        for name, document in role.identity:
            found.setdefault(role.arn, []).append((f"policy {name} of {role.arn}", document))
    for loose in inventory.loose:
        whose = f"the role {loose.role_name} of account {loose.account}"
        found.setdefault(whose, []).append((loose.where, loose.document))
    return found


def _note(statement: Statement, uses: Sequence[tuple[Tenant, Use]], found: _Written) -> bool:
    """Note down what a declared Allow grants; False where it may allow more than is declared.

    An Allow with further conditions grants less, or the same: the evaluator decides whether what is declared works.
    """
    for tenant, use in uses:
        if is_within(statement, tenant, use):
            if is_as_declared(statement, tenant, use):
                asked = {one.lower() for one in statement.actions}
                # DescribeKey has no encryption context: beside operations no such statement allows it.
                certain = asked - {DESCRIBE} or asked
                found.granted |= {(tenant.id, action, arn) for action, arn in product(certain, statement.resources)}
            return True
    return False


def _undeclared(excess: _Excess, owners: Mapping[str, str], *, doubtful: bool) -> Finding:
    registered = [owners[arn] for arn in excess.reached if arn in owners]
    whose = sorted({f"the key of tenant {tenant}" for tenant in registered})
    what = ", ".join([*whose, *(arn for arn in excess.reached if arn not in owners)])
    asked = ", ".join(excess.statement.actions) or "all actions but some"
    tenant = next(iter(registered), None)
    message = f"{excess.where}: {excess.statement.label}: {asked} is allowed on {what}{excess.lacking}"
    fix = "allow exactly the registered keys, the workload's operations and the tenant's encryption context"
    if doubtful:
        doubt = f"{message}; whether a Deny of the same role stops all of it is not worked out"
        return Finding(Kind.NOT_PROVED, doubt, "remove the Allow", tenant)
    return Finding(Kind.MORE_THAN_DECLARED, f"{message}; the manifest declares no such access", fix, tenant)


def _not_working(
    role_arn: str, uses: Sequence[tuple[Tenant, Use]], written: _Written, inventory: Inventory, world: World
) -> Iterator[Finding]:
    """Declared use that the role's own policies, or an SCP, do not certainly let through.

    An SCP limits the principals of its account regardless of who owns the resource; an RCP limits its own account's
    resources alone (Organizations guide, orgs_manage_policies_scps and orgs_manage_policies_rcps). What the customer's
    key is like, in which organization its account is and how it is tagged, no template says.
    """
    role = inventory.roles.get(role_arn)
    compiled: list[tuple[Document, ...]] = []
    for tenant, use in uses:
        for action, arn in product(sorted({*use.actions, DESCRIBE}), tenant.held.arns if tenant.held else ()):
            stopped = any(one.speaking(action, allow=False) for one in world.controls.scps)
            if (tenant.id, action, arn) in written.granted and arn not in written.denied and not stopped:
                continue
            if not compiled:
                compiled.append(role_case(role, None, None, keep).identity if role else ())
            yield from _try(tenant, use, action, arn, _session(tenant, use, role, compiled[0], world), world)


def _session(tenant: Tenant, use: Use, role: RoleRecord | None, identity: tuple[Document, ...], world: World) -> Actor:
    """The session with which a workload uses the key."""
    provider = world.estate.workloads[use.workload].identity_provider
    own = role.tags if role else {}
    return role_session(
        use.role_arn,
        organization=world.estate.organization,
        tags={**own, TAG: tenant.id} if use.shared else own,
        identity=identity,
        issuer=provider.issuer.removeprefix("https://").lower() if provider else "",
    )


def _try(tenant: Tenant, use: Use, action: str, arn: str, actor: Actor, world: World) -> Iterator[Finding]:
    by_arn: Mapping[str, Sequence[Value | None]] = {"kms:requestalias": [None]}
    fixed = {"aws:requestedregion": [arn.split(":")[3]]}
    target = Target(arn, arn.split(":")[4], open_policy(), {}, fixed, controls=world.controls)
    outcome = works(actor, (action,), target, carries, {CONTEXT_KEY: tenant.id}, by_arn, {})
    if outcome.always:
        return
    name = next((one for one in actions("kms") if one.lower() == action), action)
    message = f"tenant {tenant.id} through {use.role_arn}: {name} on {arn} is declared and not allowed"
    statements = tuple(map(named_decider, outcome.decision.deciders if outcome.decision else ()))
    if outcome.sometimes:
        doubt = f"{message} for certain: it depends on {outcome.depends_on}"
        fix = "remove conditions on what the manifest does not say"
        yield Finding(Kind.NOT_PROVED, doubt, fix, tenant.id, statements=statements)
        return
    fix = "restore the Allow, or remove the Deny"
    yield Finding(Kind.REFUSED, message, fix, tenant.id, statements=statements)
