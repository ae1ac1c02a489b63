"""Every request that one principal can make of one resource, up to what no condition distinguishes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import Final

from tenant_keys.review.iam import Policies, Request, authorize
from tenant_keys.review.iam.decision import Decision
from tenant_keys.review.iam.grant import Grant
from tenant_keys.review.iam.principal_element import NOT
from tenant_keys.review.iam.variables import Value
from tenant_keys.review.proof.actor import Actor
from tenant_keys.review.proof.controls import Controls
from tenant_keys.review.proof.document import Clause, Document
from tenant_keys.review.proof.domain import ABSENT, candidates, spellings
from tenant_keys.review.proof.outcome import NotProved

MOST_CONTEXTS: Final = 20_000
"""Combinations of context values for one principal, resource and action; more is not proved."""

Carries = Callable[[str, str], bool]
"""Whether a request of an action carries a condition key."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked for: a key or a role, with the policy that conditions it and what is fixed about it."""

    arn: str
    account: str
    document: Document
    fixed: Mapping[str, Value]
    """Context that the resource alone decides, such as kms:ResourceAliases; keys in lower case."""
    choices: Mapping[str, Sequence[Value | None]]
    """Values of keys that are limited by more than conditions, such as the aliases that point at a key."""
    distinguished: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Values of keys of which something else is promised than of others."""
    controls: Controls = field(default_factory=Controls)
    """Control policies. They only take away: what is declared is decided with them, all else without."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A request and what IAM decides on it."""

    request: Request
    context: Mapping[str, Value]
    decision: Decision


def base_request(actor: Actor, action: str, target: Target) -> Request:
    """The request as far as the caller does not choose it."""
    return Request(actor.principal, action, target.arn, target.account, dict(target.fixed))


def answers(
    actor: Actor, action: str, target: Target, carries: Carries, grants: tuple[Grant, ...] = ()
) -> Iterator[Answer]:
    """Decide one request of each class; none at all where no request of the action could be allowed.

    Raises:
        NotProved: the classes cannot be derived, or are too many.
    """
    base = base_request(actor, action, target)
    if possible(actor, base, target, granted=bool(grants)):
        yield from decided(actor, base, target, carries, grants)


def decided(
    actor: Actor, base: Request, target: Target, carries: Carries, grants: tuple[Grant, ...] = ()
) -> Iterator[Answer]:
    """Decide one request of each class, of an action of which some may be possible. Raises NotProved as `answers`."""
    policies = Policies(
        identity=tuple(document.policy for document in actor.identity), resource=target.document.policy, grants=grants
    )
    for chosen in contexts(base, (target.document, *actor.identity), target, carries):
        # Where nothing is chosen, the request is the one that is there already.
        request = (
            Request(actor.principal, base.action, target.arn, target.account, {**target.fixed, **chosen})
            if chosen
            else base
        )
        yield Answer(request, chosen, authorize(request, policies))


def contexts(
    base: Request, documents: Sequence[Document], target: Target, carries: Carries
) -> Iterator[Mapping[str, Value]]:
    """One context of each class that the documents distinguish, those with the fewest keys first.

    The first request that goes wrong is then the shortest. Raises NotProved as `answers` does.
    """
    found = domains(base, documents, target, carries)
    combinations = prod(map(len, found.values()))
    if combinations > MOST_CONTEXTS:
        raise NotProved(f"{base.action} by {base.principal.arn}: {combinations:,} combinations of context values")
    for values in sorted(product(*found.values()), key=lambda row: sum(value is not ABSENT for value in row)):
        context = {key: value for key, value in zip(found, values, strict=True) if value is not ABSENT}
        if can_be(context, found):
            yield context


def domains(
    base: Request, documents: Sequence[Document], target: Target, carries: Carries, actions: Sequence[str] = ()
) -> dict[str, Sequence[Value | None]]:
    """By key, the values of it that the documents distinguish; of keys that the caller or circumstances decide.

    `actions`: all that the call is authorized for, if more than that of `base`.
    """
    actions = actions or (base.action,)
    clauses = [clause for document in documents for action in actions for clause in _speaking(document, action.lower())]
    keys = sorted({key for clause in clauses for key in clause.free if key not in target.fixed})
    return {key: _domain(key, clauses, actions, base, target, carries) for key in keys}


PAIR: Final = "kms:encryptioncontext:"
PAIRS: Final = "kms:encryptioncontextkeys"


def can_be(context: Mapping[str, Value], keys: Iterable[str]) -> bool:
    """Whether a request can have the context: kms:EncryptionContextKeys lists the names of all pairs."""
    if PAIRS not in keys:
        return True
    listed = {name.lower() for name in context.get(PAIRS, ())}
    return all((key.removeprefix(PAIR) in listed) is (key in context) for key in keys if key.startswith(PAIR))


def possible(actor: Actor, base: Request, target: Target, *, granted: bool) -> bool:
    """Whether any context could let the request through. Judged by what the caller cannot choose alone.

    Args:
        actor: who asks.
        base: the request as far as the caller does not choose it.
        target: what is asked for.
        granted: whether a grant may replace an Allow.
    """
    return Asked(actor, base, target).possible(base.action_key, granted=granted)


@dataclass(slots=True)
class Asked:
    """All requests of one principal for one target, of whatever action of a service: each clause is asked once."""

    actor: Actor
    base: Request
    """Of any action of the service."""
    target: Target
    _applies: dict[int, bool] = field(default_factory=dict)
    """By the identity of a clause, which the documents keep alive."""

    def possible(self, action_key: str, *, granted: bool) -> bool:
        """Whether any context could let a request of the action (in lower case) through, as `possible`."""
        for document in (self.target.document, *self.actor.identity):
            for clause in document.speaking(action_key, allow=False):
                if not clause.free and self._applying(clause):
                    return False
        return granted or any(map(self._applying, self.target.document.speaking(action_key, allow=True)))

    @property
    def allowed_by_some(self) -> bool:
        """Whether some Allow of the target's policy speaks of the caller, whatever the action."""
        return any(self._applying(clause) for clause in self.target.document.clauses if clause.statement.allow)

    def _applying(self, clause: Clause) -> bool:
        """Whether the part of the clause that the caller does not choose applies, the action being among its own."""
        known = self._applies.get(id(clause))
        if known is None:
            known = self._applies[id(clause)] = clause.static.naming(self.base, bounded=False) is not NOT
        return known


def _speaking(document: Document, action_key: str) -> list[Clause]:
    return [*document.speaking(action_key, allow=True), *document.speaking(action_key, allow=False)]


def _domain(
    key: str, clauses: list[Clause], actions: Sequence[str], base: Request, target: Target, carries: Carries
) -> Sequence[Value | None]:
    if not any(carries(action, key) for action in actions):
        return [ABSENT]
    if key in target.choices:
        return target.choices[key]
    conditions = [condition for clause in clauses for condition in clause.conditions]
    distinguished = target.distinguished.get(key, ())
    if key == PAIRS:
        pairs = {free for clause in clauses for free in clause.free if free.startswith(PAIR)}
        on_list = [condition for condition in conditions if condition.key == PAIRS]
        names = sorted({*distinguished, *(pair.removeprefix(PAIR) for pair in pairs)})
        distinguished = tuple(spelt for name in names for spelt in spellings(name, on_list, base.keys))
    return candidates(key, conditions, base.keys, distinguished)
