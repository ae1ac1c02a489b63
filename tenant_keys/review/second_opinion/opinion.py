"""The second opinion: every question asked, every answer replayed, what was not answered listed by name."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from tenant_keys.manifest import Estate
from tenant_keys.review.assembly import Stacks
from tenant_keys.review.key_accounts import Part
from tenant_keys.review.second_opinion.declared_calls import declared_call_questions
from tenant_keys.review.second_opinion.errors import NotUnderstood
from tenant_keys.review.second_opinion.example import Example, Replay, example_of, replay
from tenant_keys.review.second_opinion.guardrails import guardrail_questions
from tenant_keys.review.second_opinion.inventory import take_inventory
from tenant_keys.review.second_opinion.keys import key_questions
from tenant_keys.review.second_opinion.question import Question
from tenant_keys.review.second_opinion.scope import focused, representatives
from tenant_keys.review.second_opinion.sessions import session_questions
from tenant_keys.review.second_opinion.solver import BUDGET, Answer, ask


@dataclass(frozen=True, slots=True)
class Breach:
    """A request that IAM allows and the manifest does not declare, or that a control policy decides otherwise."""

    kind: str
    """What it is about: `key`, `session` or `control`."""
    who: str
    what: str
    tenant: str | None
    actions: tuple[str, ...]
    example: Example
    replay: Replay
    expects: str = "allowed"
    """What the evaluator says, if it agrees: of a control policy that stops what is declared, `denied`."""

    @property
    def confirmed(self) -> bool:
        """Whether the evaluator agrees."""
        return self.replay.outcome == self.expects


Answered: TypeAlias = dict[tuple[object, ...], Breach | None]
"""What was found, by all that the answer rests on but the manifest."""


@dataclass(slots=True)
class Opinion:
    """What the second engine says."""

    breaches: list[Breach] = field(default_factory=list)
    not_understood: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    """Questions at which the solver gave up."""
    questions: int = 0
    tenants: int = 0
    """Tenants about whose keys it was asked."""
    seconds: float = 0.0

    @property
    def verdict(self) -> str:
        """What follows: `refuted`, `not given` or `no such request`."""
        if any(one.confirmed for one in self.breaches):
            return "refuted"
        if self.not_understood or self.unanswered or self.breaches or not self.questions:
            return "not given"
        return "no such request"

    @property
    def disagreements(self) -> list[Breach]:
        """Requests that the evaluator decides otherwise."""
        return [one for one in self.breaches if not (one.confirmed or one.replay.outcome == "undecided")]

    def as_document(self) -> dict[str, object]:
        """As JSON types."""
        return {
            "verdict": self.verdict,
            "questions": self.questions,
            "tenants": self.tenants,
            "breaches": [
                {
                    "who": one.who,
                    "what": one.what,
                    "tenant": one.tenant,
                    "actions": list(one.actions),
                    "request": one.example.as_document(),
                    "evaluator": one.replay.outcome,
                    "reason": one.replay.reason,
                }
                for one in self.breaches
            ],
            "not_understood": self.not_understood,
            "unanswered": self.unanswered,
        }


def second_opinion(assembly: Stacks, estate: Estate, budget: int = BUDGET, answered: Answered | None = None) -> Opinion:
    """Ask for every key and every role whether anything is allowed that the manifest does not declare.

    Args:
        assembly: the stacks.
        estate: what the manifest declares.
        budget: units of the solver's work for one question.
        answered: answers to questions about the same manifest; those of this call are added.
    """
    start = time.perf_counter()
    opinion = Opinion()
    remembered = {} if answered is None else answered
    inventory = take_inventory(Part(assembly, estate))
    opinion.not_understood += inventory.not_understood
    chosen = representatives(estate)
    opinion.tenants = len(chosen)
    if len(chosen) < len(estate.tenants):
        inventory = focused(inventory, estate, chosen)
    for asking in (key_questions, session_questions, guardrail_questions, declared_call_questions):
        try:
            for pending in asking(inventory, estate):
                opinion.questions += 1
                if pending.rests_on not in remembered:
                    answer, breach = _answer(pending.put(), budget)
                    if answer is Answer.UNKNOWN:
                        opinion.unanswered.append(pending.about)
                        continue
                    remembered[pending.rests_on] = breach
                breach = remembered[pending.rests_on]
                opinion.breaches += [breach] if breach else []
        except NotUnderstood as problem:
            opinion.not_understood.append(str(problem))
    opinion.seconds = time.perf_counter() - start
    return opinion


def _answer(question: Question, budget: int) -> tuple[Answer, Breach | None]:
    """Put a question to the solver, and what it finds to the evaluator."""
    goal = question.breach
    if goal is False:
        return Answer.NO, None
    answer, model = ask([goal, question.asked.limits()], budget)
    if model is None:
        return answer, None
    case = next(one for one in question.cases if model.holds(one.breach))
    requests = [case.request]
    if case.tagging is not None and model.holds(case.tagging[1]):
        requests.append(case.tagging[0])
    examples = [example_of(model, one) for one in requests]
    replays = [replay(one, question.asked, question.policy, controls=question.controls) for one in examples]
    worst = next((one for one in replays if one.outcome != question.expects), replays[0])
    about = question.kind, question.who, question.what, question.tenant, case.actions
    return answer, Breach(*about, examples[0], worst, question.expects)


def sentences(opinion: Opinion) -> Iterator[str]:
    """The opinion in sentences."""
    for one in opinion.breaches:
        yield f"{one.who}: {', '.join(one.actions)} on {one.what}; the evaluator: {one.replay.outcome}"
    yield from (f"not understood: {one}" for one in opinion.not_understood)
    yield from (f"not answered: {one}" for one in opinion.unanswered)
