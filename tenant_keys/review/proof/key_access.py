"""The first half of the proof: for every key, the requests that are allowed are exactly those that are declared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tenant_keys.review.iam.grant import Grant
from tenant_keys.review.iam.principal_element import NOT
from tenant_keys.review.iam.variables import Value
from tenant_keys.review.proof.action_classes import GRANT_OPERATIONS, action_classes
from tenant_keys.review.proof.actor import Actor, role_session
from tenant_keys.review.proof.actors import actors_of, declared_actors
from tenant_keys.review.proof.condition_keys import known
from tenant_keys.review.proof.findings import Finding, Kind
from tenant_keys.review.proof.key_actions import FUTURE, carries
from tenant_keys.review.proof.key_findings import caller_name, excess, not_working
from tenant_keys.review.proof.key_ids import check_key_ids
from tenant_keys.review.proof.key_targets import declared_target, repointed, target_of
from tenant_keys.review.proof.liveness import works
from tenant_keys.review.proof.promise import CONTEXT_KEY, UNUSED_DAYS, WRAPPING, Promise
from tenant_keys.review.proof.requests import Answer, Asked, Target, base_request, decided
from tenant_keys.review.proof.world import KeyCase, World


@dataclass(frozen=True, slots=True)
class Adversary:
    """What a principal may have changed before the request is made."""

    repoints_aliases: bool = False
    """Any alias may point at any key."""
    grants: bool = False
    """A grant on the key allows every operation to anyone who asks."""


@dataclass(slots=True)
class KeyAccess:
    """What the first half found."""

    findings: list[Finding] = field(default_factory=list)
    requests: int = 0
    who: dict[str, set[str]] = field(default_factory=dict)
    """Action to the principals that may do it on some key; a tenant's own role appears by its workload."""
    reported: set[tuple[object, ...]] = field(default_factory=set)
    """Callers whose excess on a key is reported already: the same role with other tags says nothing new."""

    def report(self, finding: Finding, actor: Actor) -> None:
        """Keep a finding, once for each role."""
        action = (finding.request or {}).get("action")
        excess_of = (finding.kind, finding.tenant, actor.role_arn or actor.label, action)
        if excess_of not in self.reported:
            self.reported.add(excess_of)
            self.findings.append(finding)


def prove_key_access(
    world: World,
    adversary: Adversary | None = None,
    *,
    excess_only: bool = False,
    only: Callable[[str], bool] | None = None,
) -> KeyAccess:
    """Decide every class of requests on every representative key.

    Args:
        world: what is tried.
        adversary: what a principal may have changed before.
        excess_only: leave out what is declared and refused.
        only: leave out actions of which this does not hold, if given.
    """
    result = KeyAccess()
    for case in world.keys:
        asked_about: dict[int, list[list[str]]] = {}
        for actor, groups in _asking(case, world):
            chosen = asked_about.get(id(groups))
            if chosen is None:  # callers with the same policies share their classes of actions
                chosen = asked_about[id(groups)] = [one for one in groups if only is None or any(map(only, one))]
            _judge_all(case, actor, chosen, adversary or Adversary(), result)
        if not excess_only:
            result.findings += _unsynchronized(case, world)
            for actor in declared_actors(case, world):
                for group in action_classes(case, actor, world.controls.documents):
                    _try_declared(case, actor, group, world, result)
    return result


def _asking(case: KeyCase, world: World) -> list[tuple[Actor, list[list[str]]]]:
    """Every principal that could ask for the key, each with the classes of actions; computed once."""
    known: list[tuple[Actor, list[list[str]]]] | None = case.memory.get("asking")
    if known is None:
        known = []
        groups: dict[tuple[int, ...], list[list[str]]] = {}
        for actor in actors_of(case, world):
            identity = tuple(map(id, actor.identity))
            if identity not in groups:
                check_key_ids(case.record, (case.document, *actor.identity))
                groups[identity] = action_classes(case, actor)
            known.append((actor, groups[identity]))
        case.memory["asking"] = known
    return known


def _judge_all(case: KeyCase, actor: Actor, groups: list[list[str]], adversary: Adversary, result: KeyAccess) -> None:
    grantee = actor.role_arn or actor.principal.arn
    grants = (Grant(grantee, GRANT_OPERATIONS),) if adversary.grants and grantee else ()
    granted = bool(grants)
    targets = list(repointed(case, actor)) if adversary.repoints_aliases else [target_of(case, case.aliases)]
    asked = [Asked(actor, base_request(actor, FUTURE, target), target) for target in targets]
    if not granted and not any(one.allowed_by_some for one in asked):
        return
    for group in groups:
        action = group[0]
        live = [one.target for one in asked if one.possible(action.lower(), granted=granted)]
        if live:
            _judge(case, actor, group, _decided(actor, action, live, grants), result)


def _decided(actor: Actor, action: str, live: list[Target], grants: tuple[Grant, ...]) -> Iterator[Answer]:
    for target in live:
        yield from decided(actor, base_request(actor, action, target), target, carries, grants)


def _judge(case: KeyCase, actor: Actor, group: list[str], found: Iterable[Answer], result: KeyAccess) -> None:
    action = group[0]
    allowed_at_all = False
    for answer in found:
        result.requests += 1
        allowed_at_all |= answer.decision.allowed
        if answer.decision.allowed and not _declares(case, actor, action, answer.request.keys):
            result.report(excess(case, actor, group, answer), actor)
    if allowed_at_all:
        name = caller_name(case, actor)
        for one in group:
            result.who.setdefault(one, set()).add(name)


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
        target = declared_target(case, world)
        limits: dict[str, Sequence[Value | None]] = {} if named else {"kms:requestalias": [None]}
        outcome = works(actor, (action,), target, carries, chosen, limits, {})
        result.requests += 1
        if outcome.always and chosen.pop(UNUSED_DAYS, None) is not None:  # and on each day after the first
            outcome = works(actor, (action,), target, carries, chosen, limits, {UNUSED_DAYS: promise.is_unused})
            result.requests += 1
        if not outcome.always:
            result.report(not_working(case, actor, group, named, outcome), actor)


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
    base = base_request(actor, "kms:SynchronizeMultiRegionKey", target_of(case, case.aliases))
    for clause in case.document.speaking(base.action_key, allow=False):
        named = clause.static.naming(base, bounded=False) is not NOT
        if named and not (clause.free and all(known(key).usual for key in clause.free)):
            yield Finding(
                Kind.NOT_PROVED,
                f"key policy of {case.promise.tenant} in {case.record.region}: {clause.tree.label} denies "
                f"kms:SynchronizeMultiRegionKey, by which KMS keeps the key alike in its Regions",
                "remove kms:SynchronizeMultiRegionKey from the Deny",
                case.promise.tenant,
                others=case.represents - 1,
            )


_SYNCHRONIZING: Final = "AWSServiceRoleForKeyManagementServiceMultiRegionKeys"
