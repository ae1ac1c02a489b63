"""Whether what is declared works: for each declared role and action, one request that is certainly allowed.

Isolation asks of every request; this asks for one. What the caller chooses (an encryption context, TLS) is chosen so
that it works; what circumstances decide and the manifest does not say (a network, the time) must not matter. Open rules
of IAM are read so that less is allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import prod
from typing import Final

from tenant_keys.review.iam import Policies, PrincipalKind, Request, authorize
from tenant_keys.review.iam.catalogue import carries as catalogue_carries
from tenant_keys.review.iam.decision import Decision
from tenant_keys.review.iam.variables import Value
from tenant_keys.review.proof.actor import Actor
from tenant_keys.review.proof.condition_keys import Source, is_claim, known
from tenant_keys.review.proof.controls import Controls
from tenant_keys.review.proof.document import Document
from tenant_keys.review.proof.outcome import NotProved
from tenant_keys.review.proof.requests import MOST_CONTEXTS, PAIR, PAIRS, Carries, Target, base_request, can_be, domains

_Values = Sequence[Value | None]
_Quantifier = Callable[[Iterable[bool]], bool]


@dataclass(frozen=True, slots=True)
class Works:
    """What becomes of a declared request."""

    always: bool
    sometimes: bool
    """Whether it works in some circumstances that the manifest does not decide, or by one reading of an open rule."""
    depends_on: str
    """What those circumstances are."""
    decision: Decision | None
    """A decision against it."""


def works(
    actor: Actor,
    actions: Sequence[str],
    target: Target,
    carries: Carries,
    chosen: Mapping[str, Value],
    limits: Mapping[str, _Values],
    declared_at: Mapping[str, Callable[[Value | None], bool]],
) -> Works:
    """Try one declared call in all circumstances.

    Args:
        actor: who makes it.
        actions: all that the call is authorized for, such as sts:AssumeRole and sts:TagSession: one context for all.
        target: the key, role or parameter.
        carries: whether an action carries a condition key.
        chosen: context of which the manifest says what it is.
        limits: values by key, where a plain request has no others.
        declared_at: by key that circumstances decide, at which values the call is declared; it has to work at each.
    """
    controls = target.controls.bearing_on(actor, target.account)
    documents = (target.document, *actor.identity, *controls.documents)
    declared = {key.removeprefix(PAIR) for key in chosen if key.startswith(PAIR)}
    chosen = {key: value for key, value in chosen.items() if any(carries(action, key) for action in actions)}
    found = domains(base_request(actor, actions[0], target), documents, target, carries, actions)
    if PAIRS in found:  # anyone who sends a declared pair writes its name as it is declared
        found[PAIRS] = [names for names in found[PAIRS] if all(map(_as_declared(declared), names or ()))]
    by_caller, by_circumstances = _sorted_out(found, chosen, limits, declared_at, target.choices, actor)
    if prod(map(len, found.values())) > MOST_CONTEXTS:
        raise NotProved(f"{actions[0]} by {actor.label}: too many combinations of context values")
    rows = [
        [{**target.fixed, **given, **free, **chosen} for free in _rows(by_caller)] for given in _rows(by_circumstances)
    ]
    contexts = [[row for row in several if can_be(row, {*found, *chosen})] for several in rows]

    def decided(context: Mapping[str, Value], policies: Policies, quantifier: _Quantifier) -> Decision | None:
        """The first decision against the call."""
        for action in actions:
            carried = {key: value for key, value in context.items() if carries(action, key)}
            requests = (
                Request(actor.principal, action, target.arn, target.account, one) for one in _readings(action, carried)
            )
            found = [authorize(request, policies) for request in requests]
            if not quantifier(one.allowed for one in found):
                return next(one for one in found if not one.allowed)
        return None

    certainly = _policies(actor.identity, target.document, controls.scps, controls.rcps, strict=True)
    refused = [_refusal(several, lambda one: decided(one, certainly, all)) for several in contexts]
    against = next((one for one in refused if one is not None), None)
    if against is None:
        return Works(always=True, sometimes=True, depends_on="", decision=None)
    if None in refused:
        return Works(always=False, sometimes=True, depends_on=", ".join(by_circumstances), decision=against)
    possibly = _policies(actor.identity, target.document, controls.scps, controls.rcps, strict=False)
    open_rule = any(_refusal(several, lambda one: decided(one, possibly, any)) is None for several in contexts)
    return Works(
        always=False, sometimes=open_rule, depends_on="a rule that AWS's documents leave open", decision=against
    )


@lru_cache(maxsize=64)
def _policies(
    identity: tuple[Document, ...],
    resource: Document,
    scps: tuple[Document, ...],
    rcps: tuple[Document, ...],
    *,
    strict: bool,
) -> Policies:
    """The policies as the evaluator takes them, which one actor's calls for one target share."""
    service_levels, resource_levels = Controls("", scps, rcps).levels(strict=strict)
    own = tuple(one.strict if strict else one.policy for one in identity)
    key = resource.strict if strict else resource.policy
    return Policies(identity=own, resource=key, scps=service_levels, rcps=resource_levels)


def _as_declared(declared: Collection[str]) -> Callable[[str], bool]:
    return lambda name: name in declared or name.lower() not in declared


def _readings(action: str, context: Mapping[str, Value]) -> Iterator[Mapping[str, Value]]:
    """The context, and also without the keys of STS that are listed for other actions of the same call alone."""
    yield context
    unlisted = {key for key in context if key.startswith("sts:") and not catalogue_carries(action, key)}
    if unlisted:
        yield {key: value for key, value in context.items() if key not in unlisted}


def _refusal(
    contexts: Sequence[Mapping[str, Value]], decided: Callable[[Mapping[str, Value]], Decision | None]
) -> Decision | None:
    """The decision against the last of the contexts, if in none of them everything is allowed."""
    last: Decision | None = None
    for context in contexts:
        last = decided(context)
        if last is None:
            return None
    if last is None:
        raise NotProved("a declared request has no context that can be")
    return last


_TLS: Final = "aws:securetransport"


def _sorted_out(
    found: Mapping[str, _Values],
    chosen: Mapping[str, Value],
    limits: Mapping[str, _Values],
    declared_at: Mapping[str, Callable[[Value | None], bool]],
    decided: Collection[str],
    actor: Actor,
) -> tuple[dict[str, _Values], dict[str, _Values]]:
    """The keys whose values the caller picks or the resource decides, and those that circumstances decide.

    Of what a service sends, such as the name of a session, the manifest decides nothing; nor of the claims of a token.
    """
    directly = actor.principal.kind is not PrincipalKind.SERVICE
    by_caller: dict[str, _Values] = {}
    by_circumstances: dict[str, _Values] = {}
    for key, given in found.items():
        if key in chosen:
            continue
        entry = known(key)
        values: _Values = [value for value in given if value is not None or not entry.required]
        if is_claim(key):
            values = _claims(actor, key, values)
            chosen_freely = False
        elif key in declared_at:
            values, chosen_freely = list(filter(declared_at[key], given)), False
            if not values:
                raise NotProved(f"no value of {key} is derived at which the request is declared")
        elif key in limits:
            values, chosen_freely = limits[key], True
        elif entry.usual and directly:
            values, chosen_freely = entry.usual, entry.source is Source.CALLER
        elif key == _TLS and not directly:
            values, chosen_freely = ("true",), True
        else:
            chosen_freely = key in decided or (entry.source is Source.CALLER and directly)
        (by_caller if chosen_freely or list(values) == [None] else by_circumstances)[key] = values
    return by_caller, by_circumstances


def _claims(actor: Actor, key: str, values: _Values) -> _Values:
    """What a claim can be: a token fills the keys of its own issuer alone, and always has a subject.

    In a session that it opened they may be there (IAM guide, reference_policies_iam-condition-keys; OpenID Connect
    Core, ID Token).
    """
    issuer, _, claim = key.rpartition(":")
    if issuer != actor.issuer:
        return [None]
    if claim == "sub" and actor.principal.kind is PrincipalKind.FEDERATED:
        return [value for value in values if value is not None]
    return values


def _rows(values: Mapping[str, _Values]) -> Iterator[dict[str, Value]]:
    for row in product(*values.values()):
        yield {key: value for key, value in zip(values, row, strict=True) if value is not None}
