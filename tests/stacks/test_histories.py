"""Random histories of the manifest, seen in what the stacks would hold: no edit reaches the key of another tenant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from unittest import mock

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_constructs.logical_id import logical_id
from tenant_constructs.tenant_key import key_properties, replica_properties
from tenant_keys.manifest import Estate, Manifest, Tenant, resolve
from tenant_keys.policy.names import alias_name
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
from tests.sampled import examples

Place = tuple[str, str, str]
"""Region, stack, logical id."""
Held = dict[Place, Mapping[str, Any]]
CREATION = ("key_spec", "key_usage", "origin", "multi_region", "primary_key_arn", "alias_name", "target_key_id")
ROTATION = ("enable_key_rotation", "rotation_period_in_days")
STEP = st.tuples(st.sampled_from(EDITS), st.integers(0, 29), st.integers(0, 7))


class Stack:
    """A stack without the CDK: a thousand histories need many."""

    def __init__(self, scope: object, name: str, *, env: SimpleNamespace, **_: object) -> None:
        self.name = name
        self.region: str = env.region
        self.node = SimpleNamespace(set_context=lambda *_: None)

    def add_dependency(self, other: object, reason: str) -> None:
        """No stack is deployed here."""


class Recorder:
    """Stands in for a construct: keeps where its resources would be and what they would be created with."""

    held: Held

    def __init__(self, kind: str, prefix: str, properties: Callable[[Tenant, Estate, str], Mapping[str, Any]]) -> None:
        self._kind, self._prefix, self._properties = kind, prefix, properties

    def __call__(self, scope: Stack, _: str, *, tenant: Tenant, estate: Estate, cell: str) -> None:
        key, alias = logical_id(self._prefix, tenant.id), logical_id("Alias", tenant.id)
        named = {"alias_name": alias_name(tenant.id, estate.naming), "target_key_id": key}
        for name, kind, properties in (
            (key, self._kind, self._properties(tenant, estate, cell)),
            (alias, "AWS::KMS::Alias", named),
        ):
            place = scope.region, scope.name, name
            assert place not in self.held
            self.held[place] = {"Type": kind, "Properties": properties}


def without_keys(*_: object, **__: object) -> SimpleNamespace:
    """Stands in for a construct that holds no key."""
    return SimpleNamespace(provider_arn=None, role_arn="")


OTHERS = (
    "TenantAccessRole",
    "SharedAccessRole",
    "TokenIssuer",
    "WorkloadTrustRole",
    "WorkloadParameter",
    "PodIdentity",
    "AuditTopic",
    "AuditRules",
    "AuditAlarms",
    "AuditBus",
    "RefusalForwarder",
)
STAND_INS = {
    "TenantKey": Recorder("AWS::KMS::Key", "Key", key_properties),
    "TenantReplicaKey": Recorder("AWS::KMS::ReplicaKey", "Replica", replica_properties),
    **dict.fromkeys(OTHERS, without_keys),
}


@contextmanager
def without_cdk() -> Iterator[None]:
    with ExitStack() as patches:
        for name, stand_in in (
            *STAND_INS.items(),
            ("Stack", Stack),
            ("Environment", SimpleNamespace),
            ("EstateSynthesizer", SimpleNamespace),
        ):
            patches.enter_context(mock.patch(f"tenant_stacks.placement.{name}", stand_in))
        patches.enter_context(mock.patch("tenant_constructs.tenant_key.tenant_tags", return_value=[]))
        yield


def held_by_stacks(estate: Estate) -> Held:
    """Place to key, replica or alias."""
    Recorder.held = {}
    add_stacks(mock.sentinel.app, estate)
    return Recorder.held


def owner(place: Place) -> str:
    return place[2].removeprefix("Key").removeprefix("Replica").removeprefix("Alias")


def creation(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: body["Properties"].get(name) for name in CREATION} | {"Type": body["Type"]}


def is_disabled(body: Mapping[str, Any]) -> bool:
    return body["Properties"].get("enabled") is False


def check(before: Held, after: Held, estate: Estate) -> None:
    """Every key stays where it was, as it was created. `diff` blocks the loss of a Region with replicas."""
    for place, body in before.items():
        if owner(place) not in estate.tenants or place[0] not in estate.central.regions:
            continue  # offboarded: key and alias left the template, and are retained
        assert place in after, place
        assert creation(after[place]) == creation(body), place
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


@HISTORIES
@examples(300)
@given(STEPS)
def test_no_history_moves_a_key_or_an_alias_to_another_stack_or_logical_id(
    steps: list[tuple[str, int, int, bool]],
) -> None:
    """Two branches that merge, Regions added and reordered, defaults raised, tenants that leave and come back."""
    with without_cdk(), mock.patch("tenant_constructs.tenant_key.key_policy", return_value={}):
        play(steps, Deployed({}, START))


@pytest.mark.exhaustive
@HISTORIES
@examples(1_000)
@given(STEPS)
def test_none_of_a_thousand_histories_does(steps: list[tuple[str, int, int, bool]]) -> None:
    with without_cdk(), mock.patch("tenant_constructs.tenant_key.key_policy", return_value={}):
        play(steps, Deployed({}, START))


@met_at_least(edit_of_one=15)
@examples(40)
@given(st.lists(STEP, min_size=8, max_size=16))
def test_no_edit_of_one_tenant_changes_the_key_of_another(steps: list[tuple[str, int, int]]) -> None:
    """Not its policy either."""
    branch = Branch({}, START)
    assert branch.propose(first_document())
    with without_cdk():
        before = held_by_stacks(resolve(msgspec.convert(branch.document, Manifest), branch.lock))
        assert before
        for what, one, two in steps:
            touched = sorted(branch.document["tenants"])[one % len(branch.document["tenants"])]
            if not edit(branch, what, one, two):
                continue
            after = held_by_stacks(resolve(msgspec.convert(branch.document, Manifest), branch.lock))
            if what in EDITS_OF_ONE:
                met("edit_of_one")
                others = [place for place in before if owner(place) != touched]
                assert {place: after[place] for place in others} == {place: before[place] for place in others}
            before = after
