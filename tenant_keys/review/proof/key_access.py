"""The first half of the proof: for every key, the requests that are allowed are exactly those that are declared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations
from typing import Final

from tenant_keys.aws_facts.operations import WITHIN_ACCOUNT_ONLY
from tenant_keys.review.assembly import is_unborn
from tenant_keys.review.iam import Request
from tenant_keys.review.iam.catalogue import actions_on, is_listed
from tenant_keys.review.iam.catalogue import carries as catalogue_carries
from tenant_keys.review.iam.decision import Decider
from tenant_keys.review.iam.grant import Grant
from tenant_keys.review.iam.variables import Value
from tenant_keys.review.proof.actor import Actor
from tenant_keys.review.proof.actors import actors_of
from tenant_keys.review.proof.domain import MOST_MEMBERS, text_classes
from tenant_keys.review.proof.findings import Finding, Kind, describe_request
from tenant_keys.review.proof.key_ids import check_key_ids
from tenant_keys.review.proof.outcome import NotProved
from tenant_keys.review.proof.outsiders import shown_tags
from tenant_keys.review.proof.promise import CONTEXT_KEY, OPERATIONS, WRAPPING
from tenant_keys.review.proof.requests import Answer, Target, answers, base_request, possible
from tenant_keys.review.proof.world import KeyCase, World

FUTURE: Final = "kms:AnOperationYetToCome"
"""Stands for every action that KMS may add: patterns of a policy reach it, the catalogue does not."""
USE: Final = frozenset(action for actions in OPERATIONS.values() for action in actions)


GRANT_OPERATIONS: Final = (
    "CreateGrant",
    "Decrypt",
    "DeriveSharedSecret",
    "DescribeKey",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "GenerateDataKeyWithoutPlaintext",
    "GenerateMac",
    "GetPublicKey",
    "ReEncryptFrom",
    "ReEncryptTo",
    "RetireGrant",
    "Sign",
    "Verify",
    "VerifyMac",
)
"""All that a grant can allow (AWS KMS API, GrantListEntry, Operations)."""


@dataclass(frozen=True, slots=True)
class Adversary:
    """What somebody may have changed before the request is made."""

    repoints_aliases: bool = False
    """Any alias may point at any key."""
    grants: bool = False
    """A grant on the key allows every operation to whoever asks."""


@dataclass(slots=True)
class KeyAccess:
    """What the first half found."""

    findings: list[Finding] = field(default_factory=list)
    requests: int = 0
    classes: int = 0
    who: dict[str, set[str]] = field(default_factory=dict)
    """Action to the principals that may do it on some key; a tenant's own role appears by its workload."""
    reported: set[tuple[object, ...]] = field(default_factory=set)
    """Callers whose excess on a key is told already: the same role with other tags says nothing new."""

    def report(self, finding: Finding, actor: Actor) -> None:
        """Keep a finding, once for each role."""
        action = (finding.request or {}).get("action")
        told = (finding.kind, finding.tenant, actor.role_arn or actor.label, action)
        if told not in self.reported:
            self.reported.add(told)
            self.findings.append(finding)


def prove_key_access(
    world: World,
    adversary: Adversary | None = None,
    *,
    excess_only: bool = False,
    only: Callable[[str], bool] = lambda _action: True,
) -> KeyAccess:
    """Decide every class of requests on every representative key.

    Args:
        world: what is tried.
        adversary: what somebody may have changed before.
        excess_only: leave out what is declared and refused.
        only: leave out actions of which this does not hold.
    """
    result = KeyAccess()
    for case in world.keys:
        result.classes += 1
        for actor, groups in _asking(case, world):
            chosen = [group for group in groups if any(map(only, group))]
            _judge_all(case, actor, chosen, adversary or Adversary(), result, excess_only=excess_only)
    return result


def _asking(case: KeyCase, world: World) -> list[tuple[Actor, list[list[str]]]]:
    """Everybody who could ask for the key, each with the classes of actions; worked out once."""
    known: list[tuple[Actor, list[list[str]]]] | None = world.memory.get(id(case))
    if known is None:
        known = world.memory[id(case)] = []
        groups: dict[tuple[int, ...], list[list[str]]] = {}
        for actor in actors_of(case, world):
            identity = tuple(map(id, actor.identity))
            if identity not in groups:
                check_key_ids(case.record, (case.document, *actor.identity))
                groups[identity] = _action_classes(case, actor)
            known.append((actor, groups[identity]))
    return known


@cache
def key_actions() -> tuple[str, ...]:
    """Every action on a key that the catalogue knows, and the one that it cannot know."""
    return (*sorted(actions_on("kms", "key")), FUTURE)


def carries(action: str, key: str) -> bool:
    """Whether the action carries the condition key; in doubt it does.

    Of an action yet to come nothing is known, nor of a key that the catalogue lists for no action at all; and keys of
    identity providers outlast the call that they are made for (IAM guide, reference_policies_iam-condition-keys:
    available in subsequent requests).
    """
    if action == FUTURE or not key.startswith(("aws:", "kms:")):
        return True
    return catalogue_carries(action, key) or not (key.startswith("aws:") or is_listed("kms", key))


def _action_classes(case: KeyCase, actor: Actor) -> list[list[str]]:
    """Actions of which the same statements speak, which carry the same keys and of which the same is declared."""
    classes: dict[object, list[str]] = {}
    documents = (case.document, *actor.identity)
    for action in key_actions():
        lower = action.lower()
        clauses = [
            clause
            for document in documents
            for allow in (True, False)
            for clause in document.speaking(lower, allow=allow)
        ]
        keys = {key for clause in clauses for key in clause.free}
        declared = tuple(lower in use.actions for use in case.promise.uses), case.promise.administration.get(lower)
        special = lower if lower in _SPECIAL else (action.partition(":")[2] in GRANT_OPERATIONS, _uses(action))
        crosses = lower not in WITHIN_ACCOUNT_ONLY
        form = (tuple(map(id, clauses)), frozenset(k for k in keys if carries(action, k)), declared, special, crosses)
        classes.setdefault(form, []).append(action)
    return list(classes.values())


_SPECIAL: Final = frozenset(
    {
        "kms:decrypt",
        "kms:describekey",
        "kms:getparametersforimport",
        "kms:getpublickey",
        "kms:importkeymaterial",
    }
)
"""Actions of which a promise says more than who, or that weigh less than others of their kind."""


def _judge_all(
    case: KeyCase,
    actor: Actor,
    groups: list[list[str]],
    adversary: Adversary,
    result: KeyAccess,
    *,
    excess_only: bool,
) -> None:
    grantee = actor.role_arn or actor.principal.arn
    grants = (Grant(grantee, GRANT_OPERATIONS, name="a grant"),) if adversary.grants and grantee else ()
    granted = bool(grants)
    targets = list(_repointed(case, actor)) if adversary.repoints_aliases else [_target(case, case.aliases)]
    concerned = case.promise.concerns(actor.role_arn)
    asked = [(target, base_request(actor, FUTURE, target)) for target in targets]
    if not (concerned or granted) and not any(_allowed_by_some(case, base) for _, base in asked):
        return
    for group in groups:
        key = group[0].lower()
        live = [t for t, base in asked if possible(actor, base, t, action_key=key, granted=granted)]
        if live or (concerned and not excess_only):
            found = (answer for target in live for answer in answers(actor, group[0], target, carries, grants))
            _judge(case, actor, group, found, result, excess_only=excess_only)


def _allowed_by_some(case: KeyCase, base: Request) -> bool:
    """Whether some Allow of the key policy speaks of the caller, whatever the action."""
    allowing = (clause.static for clause in case.document.clauses if clause.statement.allow)
    return any(static.naming(base, bounded=False) for static in allowing)


def _judge(
    case: KeyCase, actor: Actor, group: list[str], found: Iterable[Answer], result: KeyAccess, *, excess_only: bool
) -> None:
    action = group[0]
    allowed_at_all = False
    reported = False
    for answer in found:
        result.requests += 1
        declared = case.promise.declares(actor.role_arn, actor.principal.tags, action.lower(), answer.request.keys)
        allowed_at_all |= answer.decision.allowed
        if answer.decision.allowed and not declared and not reported:
            result.report(_excess(case, actor, group, answer), actor)
            reported = True
        elif declared and not answer.decision.allowed and not excess_only and not reported:
            result.report(_refused(case, actor, action, answer), actor)
            reported = True
    if allowed_at_all:
        for one in group:
            result.who.setdefault(one, set()).add(_who(case, actor))
    elif not excess_only and _declared_at_all(case, actor, action):
        result.report(_refused(case, actor, action, None), actor)


def _target(case: KeyCase, named: Sequence[str], pointing: tuple[str, ...] | None = None) -> Target:
    """The key; `named`: aliases by which a request can name it; `pointing`: those that point at it, if not the same."""
    aliases = tuple(named) if pointing is None else pointing
    promise = case.promise
    return Target(
        case.record.arn,
        case.record.account,
        case.document,
        {"kms:resourcealiases": aliases} if aliases else {},
        {"kms:requestalias": [None, *named]},
        {
            CONTEXT_KEY: (promise.tenant,),
            "kms:expirationmodel": (promise.expiration_model,),
            "kms:wrappingalgorithm": (WRAPPING[0],),
            "kms:wrappingkeyspec": (WRAPPING[1],),
        },
    )


def _repointed(case: KeyCase, actor: Actor) -> Iterator[Target]:
    """The key in each state to which somebody may bring it who moves aliases: any alias may point at it, or none."""
    documents = (case.document, *actor.identity)
    clauses = [clause for document in documents for clause in document.clauses]
    conditions = [condition for clause in clauses for condition in clause.conditions if condition.key in _ALIASES]
    context = actor.principal.implied
    own = (f"alias/tenant-{actor.tenant}",) if actor.tenant else ()
    names = tuple(dict.fromkeys([*case.aliases, *own, *text_classes(conditions, context), "alias/other"]))
    if not any(condition.key == "kms:resourcealiases" for condition in conditions):
        yield _target(case, names)
        return
    if len(names) > MOST_MEMBERS:
        raise NotProved(f"{len(names)} aliases are told apart: write exact values")
    for size in range(len(names) + 1):
        for pointing in combinations(names, size):
            yield _target(case, names, pointing)


_ALIASES: Final = frozenset({"kms:requestalias", "kms:resourcealiases"})


def _declared_at_all(case: KeyCase, actor: Actor, action: str) -> bool:
    """Whether anything is declared for the actor and the action, in the request that suits it best."""
    promise = case.promise
    context = {
        "kms:requestalias": promise.alias,
        CONTEXT_KEY: promise.tenant,
        "kms:expirationmodel": promise.expiration_model,
        "kms:wrappingalgorithm": WRAPPING[0],
        "kms:wrappingkeyspec": WRAPPING[1],
    }
    return promise.declares(actor.role_arn, actor.principal.tags, action.lower(), context)


def _excess(case: KeyCase, actor: Actor, group: list[str], answer: Answer) -> Finding:
    kind = _kind(case, actor, group)
    actions = ", ".join(action.partition(":")[2] for action in group[:6]) + (" ..." if len(group) > 6 else "")
    own = "its own key" if actor.tenant == case.promise.tenant else f"the key of tenant {case.promise.tenant}"
    return Finding(
        kind,
        f"{actor.label} may {actions} with {own} in {case.record.region}",
        _FIXES[kind],
        case.promise.tenant,
        _shown(case, actor, group[0], answer),
        tuple(map(_decider, answer.decision.deciders)),
        case.stands_for - 1,
    )


def _refused(case: KeyCase, actor: Actor, action: str, answer: Answer | None) -> Finding:
    return Finding(
        Kind.REFUSED,
        f"{actor.label} may not {action.partition(':')[2]} with the key of tenant {case.promise.tenant} in "
        f"{case.record.region}, which is declared",
        "restore the Allow, or correct the manifest",
        case.promise.tenant,
        _shown(case, actor, action, answer) if answer else None,
        tuple(map(_decider, answer.decision.deciders)) if answer else (),
        case.stands_for - 1,
    )


def _kind(case: KeyCase, actor: Actor, group: list[str]) -> Kind:
    if actor.tenant is not None and actor.tenant != case.promise.tenant:
        return Kind.OTHER_TENANT
    if actor.tenant == case.promise.tenant:
        return Kind.MORE_THAN_DECLARED
    if any(_uses(action) for action in group):
        return Kind.OUTSIDER
    return Kind.ADMINISTRATION


def _uses(action: str) -> bool:
    """Whether the action yields or takes plaintext, or opens a way to it."""
    return is_cryptographic(action) or action in (FUTURE, "kms:CreateGrant")


@cache
def is_cryptographic(action: str) -> bool:
    """Whether the action works with the key's material: those that carry an alias, but for DescribeKey."""
    return action not in (FUTURE, "kms:DescribeKey") and catalogue_carries(action, "kms:RequestAlias")


_FIXES: Final[Mapping[Kind, str]] = {
    Kind.OTHER_TENANT: "bind the statements above to this tenant: its role by aws:PrincipalArn, its tag by "
    "aws:PrincipalTag/tenant_id, its alias by kms:RequestAlias",
    Kind.OUTSIDER: "name the roles that may use the key by aws:PrincipalArn, and deny use to anyone else",
    Kind.ADMINISTRATION: "take the action out of the statements above, or name the role in the manifest",
    Kind.MORE_THAN_DECLARED: "restore the conditions on kms:RequestAlias and kms:EncryptionContext:tenant_id, or take "
    "the action out of the statements above",
}


def _shown(case: KeyCase, actor: Actor, action: str, answer: Answer) -> dict[str, object]:
    named = answer.request.keys.get("kms:requestalias")
    known = "the key's id or ARN" if is_unborn(case.record.key_id) else case.record.arn
    context: dict[str, Value] = dict(answer.context)
    principal = actor.principal.arn or "anonymous"
    tags = shown_tags(actor.principal.tags)
    return describe_request(principal, tags, action, case.promise.alias, f"KeyId={named or known}", context)


def _decider(decider: Decider) -> str:
    return f"{decider.policy}: {decider.sid or f'statement {decider.index}'}"


def _who(case: KeyCase, actor: Actor) -> str:
    if actor.tenant == case.promise.tenant:
        return "the tenant's own sessions"
    return actor.role_arn or actor.label
