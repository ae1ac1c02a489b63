"""Each mutant of `guardrails.py` is judged as was written down by hand.

What a control policy lets through is decided by its document alone, so most are judged without the keys' proof, which
takes ten times as long; `make mutants` judges all of them in full.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tenant_keys.review.assembly import Resource, Stack
from tenant_keys.review.proof import Finding, Kind, NotProved
from tenant_keys.review.proof.guardrails import check_guardrails
from tenant_keys.review.proof.inventory import take_inventory
from tenant_keys.review.proof.reviewed import review_estate
from tenant_keys.review.proof.world import World, build_world
from tests.sampled import sampled
from tools.mutants.guardrail_edits import RCP
from tools.mutants.guardrails import MUTANTS, misplaced, outside, same, weaker, without_statement
from tools.mutants.mutant import Harmless, Mutant, NotProvedBecause, Outcome, Refuted
from tools.mutants.original import GUARDRAILS, Synthesized, Templates
from tools.mutants.stopping_guardrails import (
    naming_sessions,
    stopping,
    stopping_administration_of_topic_keys,
    stopping_deployment,
    stopping_publishers,
)
from tools.mutants.two_engines import Compared, compared

BY_DOCUMENT = [
    mutant
    for mutant in (*without_statement(), *weaker(), *outside(), *misplaced(), *same())
    if not (isinstance(mutant.expected, Refuted) and mutant.expected.kind is Kind.REFUSED)
] + [*stopping_deployment(), *stopping_administration_of_topic_keys(), *stopping_publishers()]


class Alone:
    """The stack of the guardrails, as a mutant leaves it."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates

    def stacks(self) -> Iterator[Stack]:
        resources = {
            name: Resource(GUARDRAILS, "444444444444", "us-east-1", name, body["Type"], body["Properties"], None, None)
            for name, body in self._templates.resources(GUARDRAILS).items()
            if body["Type"] == "AWS::Organizations::Policy"
        }
        yield Stack(GUARDRAILS, "444444444444", "us-east-1", Path(GUARDRAILS), resources, True, ())


@pytest.fixture(scope="module")
def world(original: Synthesized) -> World:
    reviewed = review_estate(original.folder, original.estate)
    return build_world(original.estate, reviewed.inventory, reviewed.promises, reviewed.classes)


@pytest.fixture(scope="module")
def findings(original: Synthesized, world: World) -> Callable[[Mutant], list[Finding]]:
    def check(mutant: Mutant) -> list[Finding]:
        templates = Templates(original.templates)
        mutant.edit(templates)
        try:
            return list(check_guardrails(take_inventory(Alone(templates), {}), world))
        except NotProved as problem:  # of the whole assembly, as `prove` tells it
            return [Finding(Kind.NOT_PROVED, str(problem), "")]

    return check


@pytest.mark.parametrize("mutant", sampled(BY_DOCUMENT, each=4))
def test_the_control_policy_is_judged_as_expected(mutant: Mutant, findings: Callable[[Mutant], list[Finding]]) -> None:
    found = [(one.kind, one.what) for one in findings(mutant)]
    match mutant.expected:
        case Refuted(kind=kind, words=words):
            assert any(one is kind and all(word in what for word in words) for one, what in found), found
        case NotProvedBecause(words=words):
            assert any(one is Kind.NOT_PROVED and all(word in what for word in words) for one, what in found), found
        case Harmless():
            assert found == []
        case other:
            pytest.fail(f"{other}: no such expectation here")


STOPPING = list({mutant.name.partition(": ")[2]: mutant for mutant in (*stopping(), *naming_sessions())}.values())
"""Of those that both policies have, one: the proof of keys takes most of the time."""


@pytest.mark.parametrize("mutant", sampled(STOPPING))
def test_what_stops_a_declared_call_is_refused(mutant: Mutant, outcome: Callable[[Mutant], Outcome]) -> None:
    judged = outcome(mutant)
    assert judged.as_expected, f"expected {mutant.expected!r}, got {judged.reported}"


TO_BOTH = [mutant for mutant in same() if ": a Deny of " in mutant.name and "bypass" not in mutant.name][:2]
TO_BOTH += [
    several()[0]
    for several in (stopping_deployment, stopping_administration_of_topic_keys, stopping_publishers, naming_sessions)
]
TO_BOTH.append(naming_sessions()[-1])
EVERY_TIME = {stopping_deployment()[0].name}
"""One that stops a call. Of one that stops nothing `tests/policy/test_guardrails.py` asks both engines every time, and
`make mutants` puts every mutant to both."""


@pytest.mark.parametrize(
    "mutant",
    [
        pytest.param(one, id=one.name, marks=[] if one.name in EVERY_TIME else [pytest.mark.exhaustive])
        for one in TO_BOTH
    ],
)
def test_the_second_engine_says_of_a_deny_whether_it_stops_a_declared_call(
    mutant: Mutant, original: Synthesized
) -> None:
    assert compared(mutant, original) == Compared(given=True)


def test_every_statement_of_either_policy_is_taken_away_by_a_mutant(original: Synthesized) -> None:
    resources = original.templates[GUARDRAILS]["Resources"]
    there = {
        f"{name} without {statement['Sid']}"
        for name, body in resources.items()
        if body["Type"] == "AWS::Organizations::Policy"
        for statement in body["Properties"]["Content"]["Statement"]
    }
    # That of custodians' sessions is taken away in `custodians.py`.
    assert there == {mutant.name for mutant in without_statement()} | {f"{RCP} without DenyImportsFromOutside"}
    assert len(there) == 24
    assert len(MUTANTS) >= 90
