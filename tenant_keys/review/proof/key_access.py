"""The first half of the proof: for every key, the requests that are allowed are exactly those that are declared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from itertools import combinations
from typing import Final

from tenant_keys.aws_facts.operations import WITHIN_ACCOUNT_ONLY
from tenant_keys.review.assembly import is_unborn
from tenant_keys.review.iam import Request
from tenant_keys.review.iam.catalogue import actions_on, is_listed
from tenant_keys.review.iam.catalogue import carries as catalogue_carries
from tenant_keys.review.iam.decision import Decider
from tenant_keys.review.iam.grant import Grant
from tenant_keys.review.iam.principal_element import NOT
from tenant_keys.review.iam.variables import Value
from tenant_keys.review.proof.actor import Actor, role_session
from tenant_keys.review.proof.actors import actors_of, declared_actors
from tenant_keys.review.proof.condition_keys import known
from tenant_keys.review.proof.document import Document
from tenant_keys.review.proof.domain import MOST_MEMBERS, text_classes
from tenant_keys.review.proof.examples import examples
from tenant_keys.review.proof.findings import Finding, Kind, describe_request
from tenant_keys.review.proof.key_ids import check_key_ids
from tenant_keys.review.proof.liveness import Works, works
from tenant_keys.review.proof.outcome import NotProved
from tenant_keys.review.proof.outsiders import shown_tags
from tenant_keys.review.proof.promise import CONTEXT_KEY, OPERATIONS, UNUSED_DAYS, WRAPPING, Promise
from tenant_keys.review.proof.readers import AtLeast
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
            _judge_all(case, actor, chosen, adversary or Adversary(), result)
        if not excess_only:
            result.findings += _unsynchronized(case, world)
            for actor in declared_actors(case, world):
                for group in _action_classes(case, actor, world.controls.documents):
                    _try_declared(case, actor, group, world, result)
    return result


def _asking(case: KeyCase, world: World) -> list[tuple[Actor, list[list[str]]]]:
    """Everybody who could ask for the key, each with the classes of actions; worked out once."""
    known: list[tuple[Actor, list[list[str]]]] | None = case.memory.get("asking")
    if known is None:
        known = []
        groups: dict[tuple[int, ...], list[list[str]]] = {}
        for actor in actors_of(case, world):
            identity = tuple(map(id, actor.identity))
            if identity not in groups:
                check_key_ids(case.record, (case.document, *actor.identity))
                groups[identity] = _action_classes(case, actor)
            known.append((actor, groups[identity]))
        case.memory["asking"] = known
    return known


@cache
def _listed_actions() -> frozenset[str]:
    return frozenset(action.lower() for action in actions_on("kms", "key"))


@cache
def key_actions() -> tuple[str, ...]:
    """Every action on a key that the catalogue knows, and the one that it cannot know."""
    return (*sorted(actions_on("kms", "key")), FUTURE)


def _later_actions(documents: Iterable[Document]) -> tuple[str, ...]:
    """One action that KMS may add for each way in which the documents' patterns tell such actions apart."""
    patterns = frozenset[str]().union(*(document.action_patterns for document in documents))
    return _told_apart(tuple(sorted(one for one in patterns if one.startswith("kms:"))), key_actions())


@cache
def _told_apart(patterns: tuple[str, ...], actions: tuple[str, ...]) -> tuple[str, ...]:
    known = [action.lower() for action in actions]
    found = examples((), arn=False, plain=patterns, exact=known, prefix="kms:", legal=_ACTION_NAME)
    return tuple(action for action in found if action not in known)


_ACTION_NAME: Final = AtLeast("abcdefghijklmnopqrstuvwxyz0123456789".__contains__, 1)


def carries(action: str, key: str) -> bool:
    """Whether the action carries the condition key; in doubt it does.

    Of an action yet to come nothing is known, nor of a key that the catalogue lists for no action at all; and keys of
    identity providers outlast the call that they are made for (IAM guide, reference_policies_iam-condition-keys:
    available in subsequent requests).
    """
    if not key.startswith(("aws:", "kms:")) or action.lower() not in _listed_actions():
        return True
    return catalogue_carries(action, key) or not (key.startswith("aws:") or is_listed("kms", key))


@lru_cache(maxsize=65_536)
def _carried(action: str, keys: frozenset[str]) -> frozenset[str]:
    return frozenset(key for key in keys if carries(action, key))


def _action_classes(case: KeyCase, actor: Actor, also: tuple[Document, ...] = ()) -> list[list[str]]:
    """Actions of which the same statements speak, which carry the same keys and of which the same is declared."""
    classes: dict[object, list[str]] = {}
    documents = (case.document, *actor.identity, *also)
    for action in (*key_actions(), *_later_actions(documents)):
        lower = action.lower()
        speech = [document.speech(lower) for document in documents]
        carried = _carried(action, frozenset[str]().union(*(keys for _, keys in speech)))
        declared = tuple(lower in use.actions for use in case.promise.uses), case.promise.administration.get(lower)
        special = lower if lower in _SPECIAL else (action.partition(":")[2] in GRANT_OPERATIONS, _uses(action))
        crosses = lower not in WITHIN_ACCOUNT_ONLY
        form = (tuple(clauses for clauses, _ in speech), carried, declared, special, crosses)
        classes.setdefault(form, []).append(action)
    return list(classes.values())


_SPECIAL: Final = frozenset(
    {
        "kms:decrypt",
        "kms:describekey",
        "kms:getparametersforimport",
        "kms:getpublickey",
        "kms:importkeymaterial",
        "kms:schedulekeydeletion",
    }
)
"""Actions of which a promise says more than who, or that weigh less than others of their kind."""


def _judge_all(case: KeyCase, actor: Actor, groups: list[list[str]], adversary: Adversary, result: KeyAccess) -> None:
    grantee = actor.role_arn or actor.principal.arn
    grants = (Grant(grantee, GRANT_OPERATIONS, name="a grant"),) if adversary.grants and grantee else ()
    granted = bool(grants)
    targets = list(_repointed(case, actor)) if adversary.repoints_aliases else [_target(case, case.aliases)]
    asked = [(target, base_request(actor, FUTURE, target)) for target in targets]
    if not granted and not any(_allowed_by_some(case, base) for _, base in asked):
        return
    for group in groups:
        key = group[0].lower()
        live = [t for t, base in asked if possible(actor, base, t, action_key=key, granted=granted)]
        _judge(case, actor, group, (one for t in live for one in answers(actor, group[0], t, carries, grants)), result)


def _allowed_by_some(case: KeyCase, base: Request) -> bool:
    """Whether some Allow of the key policy speaks of the caller, whatever the action."""
    allowing = (clause.static for clause in case.document.clauses if clause.statement.allow)
    return any(static.naming(base, bounded=False) for static in allowing)


def _judge(case: KeyCase, actor: Actor, group: list[str], found: Iterable[Answer], result: KeyAccess) -> None:
    action = group[0]
    allowed_at_all = reported = False
    for answer in found:
        result.requests += 1
        allowed_at_all |= answer.decision.allowed
        if answer.decision.allowed and not reported and not _declares(case, actor, action, answer.request.keys):
            result.report(_excess(case, actor, group, answer), actor)
            reported = True
    if allowed_at_all:
        for one in group:
            result.who.setdefault(one, set()).add(_who(case, actor))


def _declares(case: KeyCase, actor: Actor, action: str, context: Mapping[str, object]) -> bool:
    return case.promise.declares(actor.role_arn, actor.principal.tags, action.lower(), context)


def _try_declared(case: KeyCase, actor: Actor, group: list[str], world: World, result: KeyAccess) -> None:
    """Find one request that works for each way in which the actor is to name the key."""
    promise, action = case.promise, group[0]
    administers = promise.administers(actor.role_arn, action.lower())
    for named in (promise.alias, None) if promise.by_key or administers else (promise.alias,):
        chosen: dict[str, Value] = {
            CONTEXT_KEY: promise.tenant,
            "kms:expirationmodel": promise.expiration_model,
            "kms:wrappingalgorithm": WRAPPING[0],
            "kms:wrappingkeyspec": WRAPPING[1],
            "kms:schedulekeydeletionpendingwindowindays": str(promise.deletion_window_days),
            **of_unused_key(promise, action),
            **({"kms:requestalias": named} if named else {}),
        }
        if not _declares(case, actor, action, chosen):
            continue
        target = _declared_target(case, world)
        limits: dict[str, Sequence[Value | None]] = {} if named else {"kms:requestalias": [None]}
        outcome = works(actor, (action,), target, carries, chosen, limits)
        result.requests += 1
        if not outcome.always:
            result.report(_not_working(case, actor, group, named, outcome), actor)


def of_unused_key(promise: Promise, action: str) -> dict[str, str]:
    """Context of a request to delete a key that has not been used for as long as is declared; of other actions none.

    DisableKey carries the key too, and is declared whenever the key was last used.
    """
    if action.lower() != "kms:schedulekeydeletion" or promise.unused_days is None:
        return {}
    return {UNUSED_DAYS: str(promise.unused_days)}


def _unsynchronized(case: KeyCase, world: World) -> Iterator[Finding]:
    """A Deny that hits KMS itself: a service-linked role keeps keys of several Regions alike.

    AWS KMS guide, multi-region-auth-slr. What KMS sends along is not documented, but for what every plain call has.
    """
    if case.record.properties.get("kms:multiregion") != "true":
        return
    account = case.record.account
    role = f"arn:{case.record.partition}:iam::{account}:role/aws-service-role/mrk.kms.amazonaws.com/{_SYNCHRONIZING}"
    actor = role_session(role, organization=world.organizations.get(account))
    base = base_request(actor, "kms:SynchronizeMultiRegionKey", _target(case, case.aliases))
    for clause in case.document.speaking(base.action_key, allow=False):
        named = clause.static.naming(base, bounded=False) is not NOT
        if named and not (clause.free and all(known(key).usual for key in clause.free)):
            yield Finding(
                Kind.NOT_PROVED,
                f"key policy of {case.promise.tenant} in {case.record.region}: {clause.tree.label} denies "
                f"kms:SynchronizeMultiRegionKey, by which KMS keeps the key alike in its Regions",
                "take kms:SynchronizeMultiRegionKey out of the Deny",
                case.promise.tenant,
                others=case.stands_for - 1,
            )


_SYNCHRONIZING: Final = "AWSServiceRoleForKeyManagementServiceMultiRegionKeys"


def _declared_target(case: KeyCase, world: World) -> Target:
    """The key as those reach it who are to use it: nothing about it is left open."""
    target: Target | None = case.memory.get("declared target")
    if target is None:
        fixed = case.record.choices(case.aliases) | case.record.unchosen | world.of_account(case.record.account)
        target = replace(_target(case, case.aliases), choices=fixed, controls=world.controls)
        case.memory["declared target"] = target
    return target


def _target(case: KeyCase, named: tuple[str, ...], pointing: tuple[str, ...] | None = None) -> Target:
    """The key; `named`: aliases by which a request can name it; `pointing`: those that point at it, if not the same."""
    known: Target | None = case.memory.get(("target", named, pointing))
    if known is None:
        aliases = named if pointing is None else pointing
        known = case.memory["target", named, pointing] = _new_target(case, named, aliases)
    return known


def _new_target(case: KeyCase, named: tuple[str, ...], aliases: tuple[str, ...]) -> Target:
    promise = case.promise
    return Target(
        case.record.arn,
        case.record.account,
        case.document,
        {},
        case.record.choices(aliases) | case.record.standing | {"kms:requestalias": [None, *named]},
        {
            CONTEXT_KEY: (promise.tenant,),
            "kms:expirationmodel": (promise.expiration_model,),
            "kms:wrappingalgorithm": (WRAPPING[0],),
            "kms:wrappingkeyspec": (WRAPPING[1],),
            **({UNUSED_DAYS: (str(promise.unused_days),)} if promise.unused_days else {}),
        },
    )


def _repointed(case: KeyCase, actor: Actor) -> Iterator[Target]:
    """The key in each state to which somebody may bring it who moves aliases: any alias may point at it, or none."""
    documents = (case.document, *actor.identity)
    clauses = [clause for document in documents for clause in document.clauses]
    conditions = [condition for clause in clauses for condition in clause.conditions if condition.key in _ALIASES]
    context = actor.principal.implied
    own = (case.promise.alias_pattern.replace("{id}", actor.tenant),) if actor.tenant else ()
    names = tuple(dict.fromkeys([*case.aliases, *own, *text_classes(conditions, context), "alias/other"]))
    of_key = [condition for condition in conditions if condition.key == "kms:resourcealiases"]
    if not of_key:
        yield _target(case, names)
        return
    told = tuple(dict.fromkeys([*case.aliases, *own, *text_classes(of_key, context), "alias/other"]))
    if len(told) > MOST_MEMBERS:
        raise NotProved(f"{len(told)} aliases are distinguished: write exact values")
    for size in range(len(told) + 1):
        for pointing in combinations(told, size):
            yield _target(case, names, pointing)


_ALIASES: Final = frozenset({"kms:requestalias", "kms:resourcealiases"})


def _excess(case: KeyCase, actor: Actor, group: list[str], answer: Answer) -> Finding:
    kind = _kind(case, actor, group)
    own = "its own key" if actor.tenant == case.promise.tenant else f"the key of tenant {case.promise.tenant}"
    return Finding(
        kind,
        f"{actor.label} may {_named_actions(group)} with {own} in {case.record.region}",
        _FIXES[kind],
        case.promise.tenant,
        _shown(case, actor, group[0], answer),
        tuple(map(_decider, answer.decision.deciders)),
        case.stands_for - 1,
    )


def _not_working(case: KeyCase, actor: Actor, group: list[str], named: str | None, outcome: Works) -> Finding:
    what = f"{_named_actions(group)} with the key of tenant {case.promise.tenant} in {case.record.region}"
    by = "" if named else ", named by its ARN"
    deciders = tuple(map(_decider, outcome.decision.deciders)) if outcome.decision else ()
    if outcome.sometimes:
        return Finding(
            Kind.NOT_PROVED,
            f"{actor.label} is to have {what}{by}; whether it is allowed depends on {outcome.depends_on}",
            "take out conditions on what the manifest does not say",
            case.promise.tenant,
            statements=deciders,
            others=case.stands_for - 1,
        )
    return Finding(
        Kind.REFUSED,
        f"{actor.label} may not {what}{by}, which is declared",
        "restore the Allow, take out the Deny, or correct the manifest",
        case.promise.tenant,
        {"principal": actor.principal.arn, "action": group[0], "named by": f"KeyId={named or case.record.arn}"},
        deciders,
        case.stands_for - 1,
    )


def _named_actions(group: list[str]) -> str:
    return ", ".join(action.partition(":")[2] for action in group[:6]) + (" ..." if len(group) > 6 else "")


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
    return is_cryptographic(action) or action == "kms:CreateGrant" or action.lower() not in _listed_actions()


@cache
def is_cryptographic(action: str) -> bool:
    """Whether the action works with the key's material: those that carry an alias, but for DescribeKey."""
    if action == "kms:DescribeKey" or action.lower() not in _listed_actions():
        return False
    return catalogue_carries(action, "kms:RequestAlias")


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
    return case.promise.administrator(actor.role_arn) if actor.role_arn else actor.label
