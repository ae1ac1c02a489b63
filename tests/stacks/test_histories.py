"""Random histories of the manifest, seen in what the stacks would hold: no edit reaches the key of another tenant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace, TracebackType
from typing import Any, Self
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenant_keys.manifest import Estate, Manifest, resolve
from tenant_stacks import add_stacks
from tests.manifest.test_histories import (
    EDITS,
    EDITS_OF_ONE,
    HISTORIES,
    START,
    STEPS,
    Branch,
    edit,
    first_document,
    play,
)
from tests.premise import met, met_at_least

Place = tuple[str, str, str]
"""Region, stack, logical id."""
Held = dict[Place, Mapping[str, Any]]
BIRTH = ("KeySpec", "KeyUsage", "Origin", "MultiRegion", "PrimaryKeyArn", "AliasName", "TargetKeyId")
ROTATION = ("EnableKeyRotation", "RotationPeriodInDays")
STEP = st.tuples(st.sampled_from(EDITS), st.integers(0, 29), st.integers(0, 7))


class Stack:
    """A stack without the CDK: a thousand histories need many."""

    def __init__(self, scope: object, name: str, *, env: SimpleNamespace, **_: object) -> None:
        self.name = name
        self.region: str = env.region

    def add_dependency(self, other: object, reason: str) -> None:
        """No stack is deployed here."""


class Recorder:
    """A batch of resources that makes no constructs of them."""

    held: Held

    def __init__(self, scope: Stack, construct_id: str) -> None:
        self._place = scope.region, scope.name

    def add(self, logical_id: str, resource: Mapping[str, Any]) -> None:
        place = (*self._place, logical_id)
        assert place not in self.held
        self.held[place] = resource

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Nothing is left to do."""


@contextmanager
def without_cdk() -> Iterator[None]:
    with ExitStack() as patches:
        for name, stand_in in (
            ("ResourceBatch", Recorder),
            ("Stack", Stack),
            ("Environment", SimpleNamespace),
            ("DefaultStackSynthesizer", SimpleNamespace),
        ):
            patches.enter_context(mock.patch(f"tenant_stacks.placement.{name}", stand_in))
        yield


def held_by_stacks(estate: Estate) -> Held:
    """Place to key, replica or alias."""
    Recorder.held = {}
    add_stacks(mock.sentinel.app, estate)
    found = {place: body for place, body in Recorder.held.items() if body["Type"].startswith("AWS::KMS::")}
    return {place: body for place, body in found.items() if place[2] != "AuditKey"}  # of no tenant


def owner(place: Place) -> str:
    return place[2].removeprefix("Key").removeprefix("Replica").removeprefix("Alias")


def birth(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: body["Properties"].get(name) for name in BIRTH} | {"Type": body["Type"]}


def is_disabled(body: Mapping[str, Any]) -> bool:
    return body["Properties"].get("Enabled") is False


def check(before: Held, after: Held, estate: Estate) -> None:
    """Whatever stood somewhere stands there still, as it was born. `diff` blocks the loss of a Region with replicas."""
    for place, body in before.items():
        if owner(place) not in estate.tenants or place[0] not in estate.central.regions:
            continue  # offboarded: key and alias left the template, and are retained
        assert place in after, place
        assert birth(after[place]) == birth(body), place
        assert after[place]["DeletionPolicy"] == body["DeletionPolicy"]
        if is_disabled(body) and is_disabled(after[place]):
            for name in ROTATION:
                assert after[place]["Properties"].get(name) == body["Properties"].get(name), place


@dataclass
class Deployed(Branch):
    """A line of commits, each of them deployed."""

    held: Held = field(default_factory=dict)

    def verify(self, manifest: Manifest) -> None:
        super().verify(manifest)
        estate = resolve(manifest, self.lock)
        after = held_by_stacks(estate)
        assert {owner(place) for place in after} == set(estate.tenants)
        for tenant in estate.tenants:
            mine = {(place[2], body["Type"]) for place, body in after.items() if owner(place) == tenant}
            assert {(f"Key{tenant}", "AWS::KMS::Key"), (f"Alias{tenant}", "AWS::KMS::Alias")} <= mine
        check(self.held, after, estate)
        self.held = after


@pytest.mark.slow
@HISTORIES
@settings(max_examples=1_000)
@given(STEPS)
def test_no_history_moves_a_key_or_an_alias_to_another_stack_or_logical_id(
    steps: list[tuple[str, int, int, bool]],
) -> None:
    """Two branches that merge, Regions added and reordered, defaults raised, tenants that leave and come back."""
    with without_cdk(), mock.patch("tenant_constructs.tenant_key.key_policy", return_value={}):
        play(steps, Deployed({}, START))


@met_at_least(edit_of_one=15)
@settings(max_examples=40)
@given(st.lists(STEP, min_size=8, max_size=16))
def test_no_edit_of_one_tenant_changes_the_key_of_another(steps: list[tuple[str, int, int]]) -> None:
    """Not its policy either."""
    branch = Branch({}, START)
    assert branch.propose(first_document())
    with without_cdk():
        before = held_by_stacks(resolve(Manifest.model_validate(branch.document), branch.lock))
        assert before
        for what, one, two in steps:
            touched = sorted(branch.document["tenants"])[one % len(branch.document["tenants"])]
            if not edit(branch, what, one, two):
                continue
            after = held_by_stacks(resolve(Manifest.model_validate(branch.document), branch.lock))
            if what in EDITS_OF_ONE:
                met("edit_of_one")
                others = [place for place in before if owner(place) != touched]
                assert {place: after[place] for place in others} == {place: before[place] for place in others}
            before = after
