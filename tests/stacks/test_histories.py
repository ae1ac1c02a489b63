"""Random histories of the manifest, seen in what the stacks would hold: no edit reaches the key of another tenant."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from unittest import mock

import aws_cdk as cdk
from constructs import Construct
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stacks import add_stacks
from tenant_keys.manifest import Estate, Manifest, settle
from tenant_keys.manifest.lock import Capacity, Lock
from tests.manifest.test_histories import EDITS, EDITS_OF_ONE, Branch, edit, first_document

Place = tuple[str, str]
Held = dict[Place, Mapping[str, Any]]
BIRTH = ("KeySpec", "KeyUsage", "Origin", "MultiRegion", "PrimaryKeyArn", "AliasName", "TargetKeyId")
STEP = st.tuples(st.sampled_from(EDITS), st.integers(0, 29), st.integers(0, 7))


class Recorder:
    """A batch of resources that makes no constructs of them."""

    held: Held

    def __init__(self, scope: Construct, construct_id: str) -> None:
        self._stack = scope.node.id

    def add(self, logical_id: str, resource: Mapping[str, Any]) -> None:
        assert (self._stack, logical_id) not in self.held
        self.held[self._stack, logical_id] = resource

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Nothing is left to do."""


def held_by_stacks(estate: Estate) -> Held:
    """Stack and logical id to key, replica or alias."""
    Recorder.held = {}
    with mock.patch("stacks.estate.ResourceBatch", Recorder):
        add_stacks(cdk.App(), estate)
    return {place: body for place, body in Recorder.held.items() if body["Type"].startswith("AWS::KMS::")}


def owner(place: Place) -> str:
    return place[1].removeprefix("Key").removeprefix("Replica").removeprefix("Alias")


def birth(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: body["Properties"].get(name) for name in BIRTH} | {"Type": body["Type"]}


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(STEP, min_size=8, max_size=16))
def test_no_edit_moves_or_changes_the_key_of_another_tenant(steps: list[tuple[str, int, int]]) -> None:
    branch = Branch({}, Lock("111111111111", "eu-west-1", {}, Capacity(3, 5), Capacity(4, 6)))
    assert branch.propose(first_document())
    estate = settle(Manifest.model_validate(branch.document), branch.lock)
    before = held_by_stacks(estate)
    assert before
    for what, one, two in steps:
        touched = sorted(branch.document["tenants"])[one % len(branch.document["tenants"])]
        if not edit(branch, what, one, two):
            continue
        estate = settle(Manifest.model_validate(branch.document), branch.lock)
        after = held_by_stacks(estate)
        for place, body in before.items():
            if owner(place) not in estate.tenants:
                continue  # offboarded: key and alias left the template, and are retained
            assert place in after, (what, place)
            assert birth(after[place]) == birth(body), (what, place)
            assert after[place]["DeletionPolicy"] == body["DeletionPolicy"]
            if what in EDITS_OF_ONE and owner(place) != touched:
                assert after[place] == body, (what, place)
        before = after
