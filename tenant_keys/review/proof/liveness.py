"""Whether what is declared works: for each declared role and action, one request that is certainly allowed.

Isolation asks of every request; this asks for one. What the caller chooses (an encryption context, TLS) is chosen so
that it works; what circumstances decide and the manifest does not say (a network, the time) must not matter. Open rules
of IAM are read so that less is allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Final

from tenant_keys.review.iam import Policies, PrincipalKind, Request, authorize
from tenant_keys.review.iam.decision import Decision
from tenant_keys.review.iam.variables import Value
from tenant_keys.review.proof.actor import Actor
from tenant_keys.review.proof.condition_keys import Source, known
from tenant_keys.review.proof.outcome import NotProved
from tenant_keys.review.proof.requests import MOST_CONTEXTS, Carries, Target, base_request, can_be, domains

_Values = Sequence[Value | None]


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
    action: str,
    target: Target,
    carries: Carries,
    chosen: Mapping[str, Value],
    limits: Mapping[str, _Values],
) -> Works:
    """Try one declared request in all circumstances.

    Args:
        actor: who makes it.
        action: such as kms:Decrypt.
        target: the key.
        carries: whether an action carries a condition key.
        chosen: context of which the manifest says what it is.
        limits: values by key, where a plain request has no others.
    """
    documents = (target.document, *actor.identity)
    chosen = {key: value for key, value in chosen.items() if carries(action, key)}
    found = domains(base_request(actor, action, target), documents, target, carries)
    directly = actor.principal.kind is not PrincipalKind.SERVICE
    by_caller, by_circumstances = _sorted_out(found, chosen, limits, target.choices, directly=directly)
    if prod(map(len, found.values())) > MOST_CONTEXTS:
        raise NotProved(f"{action} by {actor.label}: too many combinations of context values")
    rows = [
        [{**target.fixed, **given, **free, **chosen} for free in _rows(by_caller)] for given in _rows(by_circumstances)
    ]
    contexts = [[row for row in several if can_be(row, {*found, *chosen})] for several in rows]

    def decided(context: Mapping[str, Value], policies: Policies) -> Decision:
        carried = {key: value for key, value in context.items() if carries(action, key)}
        return authorize(Request(actor.principal, action, target.arn, target.account, carried), policies)

    certainly = Policies(identity=tuple(one.strict for one in actor.identity), resource=target.document.strict)
    refused = [_refusal(several, certainly, decided) for several in contexts]
    against = next((one for one in refused if one is not None), None)
    if against is None:
        return Works(always=True, sometimes=True, depends_on="", decision=None)
    if None in refused:
        return Works(always=False, sometimes=True, depends_on=", ".join(by_circumstances), decision=against)
    possibly = Policies(identity=tuple(one.policy for one in actor.identity), resource=target.document.policy)
    open_rule = any(_refusal(several, possibly, decided) is None for several in contexts)
    return Works(
        always=False, sometimes=open_rule, depends_on="a rule that AWS's documents leave open", decision=against
    )


def _refusal(
    contexts: Sequence[Mapping[str, Value]],
    policies: Policies,
    decided: Callable[[Mapping[str, Value], Policies], Decision],
) -> Decision | None:
    """The decision on the last of the contexts, if none of them is allowed."""
    last: Decision | None = None
    for context in contexts:
        last = decided(context, policies)
        if last.allowed:
            return None
    if last is None:
        raise NotProved("a declared request has no context that can be")
    return last


_TLS: Final = "aws:securetransport"


def _sorted_out(
    found: Mapping[str, _Values],
    chosen: Mapping[str, Value],
    limits: Mapping[str, _Values],
    decided: Collection[str],
    *,
    directly: bool,
) -> tuple[dict[str, _Values], dict[str, _Values]]:
    """The keys whose values the caller picks or the resource decides, and those that circumstances decide.

    Of what a service sends, such as the name of a session, the manifest decides nothing.
    """
    by_caller: dict[str, _Values] = {}
    by_circumstances: dict[str, _Values] = {}
    for key, values in found.items():
        if key in chosen:
            continue
        entry = known(key)
        if list(values) == [None]:
            by_caller[key] = values
        elif key in limits:
            by_caller[key] = limits[key]
        elif entry.usual and directly:
            by_caller[key] = entry.usual
        elif key == _TLS and not directly:
            by_caller[key] = ("true",)
        elif key in decided or (entry.source is Source.CALLER and directly):
            by_caller[key] = values
        else:
            by_circumstances[key] = values
    return by_caller, by_circumstances


def _rows(values: Mapping[str, _Values]) -> Iterator[dict[str, Value]]:
    for row in product(*values.values()):
        yield {key: value for key, value in zip(values, row, strict=True) if value is not None}
