"""A question to the solver: requests of one principal on one resource, by cases that differ in what bears on them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tenant_keys.review.second_opinion.conditions import conditions
from tenant_keys.review.second_opinion.principals import Principal
from tenant_keys.review.second_opinion.request import Asked, OneAction
from tenant_keys.review.second_opinion.statements import Statement
from tenant_keys.review.second_opinion.terms import Formula, any_of
from tenant_keys.review.second_opinion.values import Value


@dataclass(frozen=True)
class Case:
    """Requests that differ in nothing that a document or the manifest asks for, but the action's name."""

    actions: tuple[str, ...]
    request: OneAction
    breach: Formula
    """Holds of a request that is allowed and not declared."""
    tagging: tuple[OneAction, Formula] | None = None
    """The request for sts:TagSession that goes with it, where the formula holds."""


@dataclass(frozen=True)
class Question:
    """Whether any of the cases can happen."""

    kind: str
    """What is asked about: `key`, `session` or `control`."""
    who: str
    what: str
    tenant: str | None
    asked: Asked
    cases: tuple[Case, ...]
    policy: Any
    """The document of the key or role."""
    controls: tuple[tuple[str, Any], ...] = ()
    """Kind and document of each control policy that the question is about."""
    expects: str = "allowed"
    """What the evaluator says of an example, if it agrees."""

    @property
    def breach(self) -> Formula:
        """Whether the answer is yes."""
        return any_of(case.breach for case in self.cases)


@dataclass(frozen=True)
class Pending:
    """A question yet to be put together, and all that its answer depends on but the manifest."""

    rests_on: tuple[object, ...]
    put: Callable[[], Question]

    @property
    def about(self) -> str:
        """Who asks for what."""
        return f"{self.rests_on[3]}, {self.rests_on[1]}"


def rests_on(about: str, resource: str, principal: Principal, *documents: object) -> tuple[object, ...]:
    """What the answer depends on: names, and documents as text."""
    text = json.dumps([documents, principal.identity, dict(principal.own_tags)], sort_keys=True, default=repr)
    return about, resource, principal.kind, principal.label, text


def ask_about(
    principal: Principal,
    resource: str,
    account: str,
    documents: Iterable[Statement],
    *,
    keys: Iterable[str],
    facts: Mapping[str, Value],
    aliases: tuple[str, ...] | None = (),
) -> Asked:
    """Everything that such a principal may send for such a resource.

    Args:
        principal: who asks.
        resource: its ARN.
        account: of the resource.
        documents: all that bear on the request.
        keys: context keys of which the manifest speaks.
        facts: context keys that the resource or the service decides.
        aliases: by which a request may name the key; None: any, which its owner gives it.
    """
    counted: Counter[str] = Counter()
    asked_for = set(keys)
    for one in documents:
        asked_for.update(one.keys)
        if "Condition" in one.raw:
            counted.update(key for _, key, _ in conditions(one.raw["Condition"], one.where))
    known = {"aws:resourceaccount": Value("aws:ResourceAccount", True, account), **facts}
    choices = {} if aliases is None else {"kms:requestalias": aliases}
    asked = Asked(principal, resource, account, known, choices, counted, frozenset(asked_for))
    if aliases is not None:
        asked.sets["kms:resourcealiases"] = [Value("kms:ResourceAliases", True, name) for name in aliases]
    return asked
