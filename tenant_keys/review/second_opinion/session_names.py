"""What is denied to a session under every name: the caller of AssumeRole chooses it, so one that works is enough.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html (RoleSessionName)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from tenant_keys.review.second_opinion.errors import NotUnderstood
from tenant_keys.review.second_opinion.permission import denied
from tenant_keys.review.second_opinion.principals import SESSION_NAME
from tenant_keys.review.second_opinion.request import Asked, OneAction
from tenant_keys.review.second_opinion.solver import Answer, ask
from tenant_keys.review.second_opinion.statements import Statement
from tenant_keys.review.second_opinion.terms import Formula, all_of, any_of, negate
from tenant_keys.review.second_opinion.values import Value

_MOST_NAMES: Final = 8


def under_every_name(
    asked: Asked, stopped: Mapping[str, Formula], documents: tuple[Statement, ...]
) -> tuple[dict[str, OneAction], dict[str, Formula]]:
    """The requests, and when they are denied whatever name the caller gives the session.

    Names are added as long as there is one that works where all before it do not; then no other matters.

    Raises:
        NotUnderstood: the solver does not say whether there is another.
    """
    tried: list[Formula] = []
    requests = {action: asked.of(action, action) for action in stopped}
    any_stopped = any_of(stopped.values())
    shared = {key: value for key, value in asked.values.items() if key != SESSION_NAME}
    while True:
        answer, model = ask([negate(any_stopped), *tried, asked.limits()])
        if answer is Answer.UNKNOWN or len(tried) > _MOST_NAMES:
            raise NotUnderstood(f"{asked.resource}: conditions on {SESSION_NAME} of which no name is known to work")
        if model is None:
            break
        name = model.text(asked.values[SESSION_NAME].held())
        facts = {**asked.facts, SESSION_NAME: Value("sts:RoleSessionName", True, name)}
        named = replace(asked, facts=facts, values=dict(shared), _known={})
        requests = {action: named.of(action, action) for action in stopped}
        stopped = {action: denied(request, documents) for action, request in requests.items()}
        tried.append(any_of(stopped.values()))
    return requests, {action: all_of([one, *tried]) for action, one in stopped.items()}
