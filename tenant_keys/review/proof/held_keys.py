"""Keys that tenants hold in accounts of their own: what of their isolation is ours to prove, and what is the owner's.

A request across accounts needs an Allow on both sides (IAM guide, reference_policies_evaluation-logic-cross-account).
The key's policy is in no template: whatever it allows, the sessions of the templates' roles are held by their own
policies. So each Allow of those policies that reaches a key of another account must stay within what is declared:
registered ARNs, the workload's operations, the tenant's encryption context and, for a role that tenants share, the
tenant's session tag; a further condition only takes from it. Whatever else reaches such a key is a finding, unless a
Deny takes it back. Whether what is declared works, the evaluator decides of those policies as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product
from typing import Final

from tenant_keys.manifest import Estate, HeldKey, Tenant
from tenant_keys.review.iam.catalogue import actions, actions_on
from tenant_keys.review.iam.elements import action_tests
from tenant_keys.review.iam.variables import Value
from tenant_keys.review.iam.wildcards import glob
from tenant_keys.review.proof.actor import Actor, role_session
from tenant_keys.review.proof.document import Document
from tenant_keys.review.proof.findings import Finding, Kind
from tenant_keys.review.proof.inventory import Inventory
from tenant_keys.review.proof.key_actions import carries
from tenant_keys.review.proof.key_findings import named_decider
from tenant_keys.review.proof.liveness import works
from tenant_keys.review.proof.promise import CONTEXT_KEY, TAG, Promise, Use
from tenant_keys.review.proof.requests import Target
from tenant_keys.review.proof.role_records import RoleRecord
from tenant_keys.review.proof.stopped import open_policy
from tenant_keys.review.proof.world import World, keep, role_case
from tenant_keys.review.syntax import Condition, Statement, parse_document

OURS: Final = (
    "whatever the key's policy allows, no role of the templates may use it but this tenant's, in this tenant's "
    "encryption context"
)
THEIRS: Final = (
    "its policy allows no more than the registered statements; no grant, alias or replica opens it to others; who may "
    "change it; rotation and deletion"
)
_VARIABLE: Final = re.compile(r"\$\{[^}]*\}")
_WILDCARD: Final = re.compile(r"[*?]")
_NOT_LITERAL: Final = re.compile(r"[*?$]")
_EXACT: Final = frozenset({"StringEquals", "StringLike"})
_ACCOUNT: Final = re.compile(r"\d{12}")
_PARTS: Final = 6
"""Of the ARN of a key, which holds no other colon (AWS KMS guide, concepts, key ARN)."""
_DIGITS: Final = 12
"""Of the id of an account."""
_BEGINS_AS_A_KEY: Final = re.compile(r"a?|ar|arn(:[^:]*)?|arn:[^:]*:(k|km)?|arn:[^:]*:kms(:.*)?")
_DESCRIBE: Final = "kms:describekey"
_ALL_BUT_SOME: Final = "all resources but some"
_PLAIN_DENY: Final = frozenset({"Sid", "Effect", "Action", "Resource"})
"""Elements of a Deny that holds for every request of its actions on its resources."""
_ALIAS: Final = re.compile(r"arn:[^*?]*:alias/.*")


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
        for where, statement, reached in found.undeclared:
            taken = _taken_back(statement, reached, found.denies, owners, central)
            if taken is not True:
                excess.append(_undeclared(where, statement, reached, owners, doubtful=taken is None))
    return HeldKeyUse(tuple(excess), uses, written)


@dataclass(slots=True)
class _Written:
    """What the policies of a role say of keys of other accounts."""

    granted: set[tuple[str, str, str]] = field(default_factory=set)
    """Tenant, action in lower case and ARN of each declared use, allowed word for word."""
    denied: set[str] = field(default_factory=set)
    """Registered keys of which a Deny speaks."""
    denies: list[Statement] = field(default_factory=list)
    undeclared: list[tuple[str, Statement, list[str]]] = field(default_factory=list)
    """Every other Allow, with the name of its policy and the keys that it reaches."""


def _read(
    documents: Sequence[tuple[str, Mapping[str, object]]],
    uses: Sequence[tuple[Tenant, Use]],
    owners: Mapping[str, str],
    central: str,
) -> _Written:
    found = _Written()
    for where, raw in documents:
        for statement in parse_document(raw, where).statements:
            reached = _reached(statement, owners, central)
            if not statement.allows:
                found.denied.update(reached)
                found.denies.append(statement)
            elif reached and not _note(statement, uses, found):
                found.undeclared.append((where, statement, reached))
    return found


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
        if tenant.held is not None and _is_within(statement, tenant, tenant.held, use):
            if set(map(_plain, statement.conditions)) == _declared_conditions(statement, tenant, use):
                asked = {one.lower() for one in statement.actions}
                # DescribeKey has no encryption context: beside operations no such statement allows it.
                certain = asked - {_DESCRIBE} or asked
                found.granted |= {(tenant.id, action, arn) for action, arn in product(certain, statement.resources)}
            return True
    return False


def _taken_back(
    allow: Statement, reached: list[str], denies: list[Statement], owners: Mapping[str, str], central: str
) -> bool | None:
    """Whether Denies of the same role stop all that an Allow allows; None where they may, and it is not worked out.

    An explicit deny in any policy overrides the allow (IAM guide, reference_policies_evaluation-logic).
    """
    asked = [one for one in allow.actions or ("*",) if _could_be_of_kms(one)]
    certain = [one for one in denies if one.elements <= _PLAIN_DENY]
    if all(
        any(_stops(one, action, resource) for one in certain)
        for action, resource in product(asked, allow.resources or ("*",))
    ):
        return True
    speaking = [one for one in denies if _stopped(one, asked)]
    spoken = {name for one in speaking for name in _reached(replace(one, allows=True), owners, central)}
    doubtful = {action for one in speaking for action in _stopped(one, asked)}.issuperset(asked)
    return None if doubtful and (spoken & {"*", _ALL_BUT_SOME} or spoken.issuperset(reached)) else False


def _stopped(deny: Statement, asked: list[str]) -> list[str]:
    """Those of the actions that a Deny may stop altogether."""
    patterns = deny.actions or ("*",)
    return [action for action in asked if any(_matches_all(one, action.lower()) for one in patterns)]


def _stops(deny: Statement, action: str, resource: str) -> bool:
    """Whether a Deny without conditions stops all that two patterns of an Allow match."""
    spells_out = resource in deny.resources and not (_WILDCARD.search(resource) or "$" in resource)
    return ("*" in deny.resources or spells_out) and any(_matches_all(one, action.lower()) for one in deny.actions)


def _matches_all(pattern: str, action: str) -> bool:
    """Whether a pattern of actions matches whatever another does."""
    if _WILDCARD.search(action):
        wanted = pattern.lower()
        return wanted in ("*", action) or (wanted.endswith(":*") and action.startswith(wanted[:-1]))
    return action_tests((pattern,), "Action")[0](action)


def _reached(statement: Statement, owners: Mapping[str, str], central: str) -> list[str]:
    """The keys of other accounts that a statement on KMS could be about, registered or not."""
    if not _is_of_kms(statement):
        return []
    if statement.not_resources or not statement.resources:
        others = [_ALL_BUT_SOME] if owners and _opens_keys(statement) else []
        return [*sorted(owners), *others]
    found: set[str] = set()
    for pattern in statement.resources:
        if _ALIAS.fullmatch(pattern) and not _changes_aliases(statement):
            continue
        widest = _VARIABLE.sub("*", pattern)
        found |= set(filter(glob(((widest, False),)), owners))
        # A Deny takes nothing of what is declared from keys that are not registered. Where no tenant holds a key, a
        # pattern of all accounts is about those of the key account, whose policies decide.
        meant = bool(owners) or names_account(widest)
        if _opens_keys(statement) and pattern not in owners and meant and is_foreign(widest, central):
            found.add(pattern)
    return sorted(found)


def _changes_aliases(statement: Statement) -> bool:
    """Whether an action could be on an alias.

    Any other action on a key is authorized by the ARN of the key alone: an alias in Resource is no key there (AWS KMS
    guide, alias-authorization; service authorization reference, AWS KMS).
    """
    tests = action_tests(statement.actions, "Action")
    on_aliases = {action.lower() for action in actions_on("kms", "alias")}
    return bool(statement.not_actions) or any(test(action) for test in tests for action in on_aliases)


def _opens_keys(statement: Statement) -> bool:
    """Whether a statement on KMS allows any action but those, such as kms:CreateKey, that no existing key receives."""
    return statement.allows and (
        bool(statement.not_actions)
        or any(one.lower() not in _without_key() for one in statement.actions if _could_be_of_kms(one))
    )


@cache
def _without_key() -> frozenset[str]:
    """Actions in lower case."""
    on_keys = {*actions_on("kms", "key"), *actions_on("kms", "alias")}
    return frozenset(action.lower() for action in actions("kms") if action not in on_keys)


def names_account(pattern: str) -> bool:
    """Whether a pattern of resources distinguishes some accounts from others, or may."""
    parts = pattern.split(":")
    if len(parts) < _PARTS:
        begins, _, rest = pattern.partition("*")
        return rest != "" or "?" in begins or parts[4:] not in ([], ["*"])
    account = parts[4]
    digits = account.count("?")
    every = digits == _DIGITS or ("*" in account and digits < _DIGITS)
    return account.strip("*?") != "" or not every


def is_foreign(pattern: str, central: str) -> bool:
    """Whether a pattern of resources could match a key of another account than the key account.

    Of fewer parts than an ARN has, a wildcard represents some; the proof knows no such pattern but `*`.
    """
    parts = pattern.split(":")
    if len(parts) != _PARTS:
        begins, *rest = _WILDCARD.split(pattern, maxsplit=1)
        return len(parts) < _PARTS and rest != [] and _BEGINS_AS_A_KEY.fullmatch(begins) is not None
    account = parts[4]
    if not glob(((parts[2], False),))("kms"):
        return False
    if not _WILDCARD.search(account):
        return account != central and _ACCOUNT.fullmatch(account) is not None
    length = len(account.replace("*", ""))
    return length < _DIGITS or (length == _DIGITS and account.replace("*", "") != central)


def _is_of_kms(statement: Statement) -> bool:
    if statement.not_actions:
        return True
    return any(map(_could_be_of_kms, statement.actions))


def _could_be_of_kms(pattern: str) -> bool:
    if pattern.lower().partition(":")[0] == "kms":
        return True
    return any(test(action.lower()) for test in action_tests((pattern,), "Action") for action in actions("kms"))


def _is_within(statement: Statement, tenant: Tenant, held: HeldKey, use: Use) -> bool:
    """Whether an Allow allows nothing but declared requests.

    All conditions of a statement must hold (IAM guide,
    reference_policies_condition-logic-multiple-context-keys-or-values),
    so none beside the declared ones widens it.
    """
    if not statement.allows or statement.elements - {"Sid", "Effect", "Action", "Resource", "Condition"}:
        return False
    if not set(statement.resources) <= set(held.arns):
        return False
    asked = {action.lower() for action in statement.actions}
    pinned = {key for _, key, _ in _declared_conditions(statement, tenant, use)}
    return asked <= {*use.actions, _DESCRIBE} and all(_leaves(statement, key, tenant.id) for key in pinned)


def _declared_conditions(statement: Statement, tenant: Tenant, use: Use) -> set[tuple[str, str, tuple[str, ...]]]:
    describes = {action.lower() for action in statement.actions} == {_DESCRIBE}
    keys = [*([] if describes else [CONTEXT_KEY]), *([f"aws:principaltag/{TAG}"] if use.shared else [])]
    return {("StringEquals", key, (tenant.id,)) for key in keys}


def _leaves(statement: Statement, key: str, value: str) -> bool:
    """Whether a statement holds for no other value of a key: StringLike without wildcards is StringEquals."""
    exact = [
        set(one.values)
        for one in statement.conditions
        if one.key == key and one.spelled in _EXACT and not any(map(_NOT_LITERAL.search, one.values))
    ]
    return exact != [] and set.intersection(*exact) <= {value}


def _plain(condition: Condition) -> tuple[str, str, tuple[str, ...]]:
    return condition.spelled, condition.key, condition.values


def _undeclared(
    where: str, statement: Statement, reached: list[str], owners: Mapping[str, str], *, doubtful: bool
) -> Finding:
    whose = sorted({f"the key of tenant {owners[arn]}" for arn in reached if arn in owners})
    what = ", ".join([*whose, *(arn for arn in reached if arn not in owners)])
    asked = ", ".join(statement.actions) or "all actions but some"
    tenant = next((owners[arn] for arn in reached if arn in owners), None)
    message = f"{where}: {statement.label}: {asked} is allowed on {what}"
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
        for action, arn in product(sorted({*use.actions, _DESCRIBE}), tenant.held.arns if tenant.held else ()):
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
