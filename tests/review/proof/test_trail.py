"""The key account's own trail in the proof: what CloudFormation reads alike passes, and what records less is named."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tenant_keys.manifest import Estate
from tenant_keys.review.assembly import Assembly, Resource, Stack
from tenant_keys.review.proof import Kind
from tenant_keys.review.proof.audit import check_audit
from tenant_keys.review.proof.inventory import take_inventory
from tenant_keys.review.proof.promise import promises
from tests.policy.estates import estate_of_text, manifest
from tests.stacks.synth import synthesized

Edit = Callable[[dict[str, Resource]], None]
STACK = "tenant-keys-trail"


@pytest.fixture(scope="module")
def estate() -> Estate:
    return estate_of_text("audit: {trail: own}\n" + manifest(regions="eu-west-1"))


@pytest.fixture(scope="module")
def stacks(estate: Estate, tmp_path_factory: pytest.TempPathFactory) -> list[Stack]:
    folder: Path = tmp_path_factory.mktemp("trail") / "cdk.out"
    synthesized(estate, folder)
    return list(Assembly.open(folder).stacks())


class Edited:
    """An assembly whose trail's stack was edited."""

    def __init__(self, stacks: list[Stack], edit: Edit) -> None:
        self._stacks, self._edit = stacks, edit

    def stacks(self) -> Iterator[Stack]:
        for stack in self._stacks:
            resources = copy.deepcopy(dict(stack.resources))
            if stack.name == STACK:
                self._edit(resources)
            yield replace(stack, resources=resources)


def found(stacks: list[Stack], estate: Estate, edit: Edit) -> list[tuple[Kind, str]]:
    inventory = take_inventory(Edited(stacks, edit), promises(estate))
    return [(one.kind, one.what) for one in check_audit(inventory, estate)]


def trail(**properties: Any) -> Edit:
    return lambda resources: _set(resources["Trail"], properties)


def after(logical_id: str, *others: str) -> Edit:
    def run(resources: dict[str, Resource]) -> None:
        resources[logical_id] = replace(resources[logical_id], depends_on=frozenset(others))

    return run


def selecting(**selector: Any) -> Edit:
    return trail(EventSelectors=[selector])


def bucket(name: str, edit: Callable[[Any], object]) -> Edit:
    def run(resources: dict[str, Resource]) -> None:
        edit(resources["TrailBucket"].properties[name])

    return run


def _set(resource: Resource, properties: dict[str, Any]) -> None:
    found: Any = resource.properties
    found |= properties


def encrypting(**rule: Any) -> Edit:
    return bucket("BucketEncryption", lambda one: one["ServerSideEncryptionConfiguration"][0].update(rule))


def expiring(days: object) -> Edit:
    return bucket("LifecycleConfiguration", lambda one: one["Rules"][0].update(ExpirationInDays=days))


ALIKE: dict[str, Edit] = {
    "as it is": lambda _: None,
    "truths as text": trail(IsLogging="true", IsMultiRegionTrail="true", EnableLogFileValidation="true"),
    "a number as text": expiring("400"),
    "no excluded source": selecting(
        IncludeManagementEvents=True, ReadWriteType="All", ExcludeManagementEventSources=[], DataResources=[]
    ),
    "the default kind of calls": selecting(IncludeManagementEvents="true"),
    "the default of management events": selecting(ReadWriteType="All"),
    "no bucket key": encrypting(BucketKeyEnabled=False),
    "no bucket key, as text": encrypting(BucketKeyEnabled="false"),
}
LESS: dict[str, tuple[Edit, Kind, str]] = {
    "no logging, as text": (trail(IsLogging="false"), Kind.INVENTORY, "IsLogging is 'false'"),
    "no validation": (trail(EnableLogFileValidation=False), Kind.INVENTORY, "EnableLogFileValidation is False"),
    "calls of KMS excluded": (
        selecting(IncludeManagementEvents=True, ExcludeManagementEventSources=["kms.amazonaws.com"]),
        Kind.NOT_PROVED,
        "EventSelectors is",
    ),
    "writing calls alone": (selecting(ReadWriteType="WriteOnly"), Kind.NOT_PROVED, "EventSelectors is"),
    "no management events": (selecting(IncludeManagementEvents="false"), Kind.NOT_PROVED, "EventSelectors is"),
    "no selector": (trail(EventSelectors=[]), Kind.NOT_PROVED, "EventSelectors is []"),
    "an earlier end": (expiring("40"), Kind.NOT_PROVED, "LifecycleConfiguration is"),
    "another algorithm": (
        encrypting(ServerSideEncryptionByDefault={"SSEAlgorithm": "aws:kms"}),
        Kind.NOT_PROVED,
        "BucketEncryption is",
    ),
    "a trail before the policy of its bucket": (
        after("Trail"),
        Kind.NOT_PROVED,
        "Trail: does not depend on the AWS::S3::BucketPolicy of its stack",
    ),
    "a trail after the bucket alone": (
        after("Trail", "TrailBucket"),
        Kind.NOT_PROVED,
        "Trail: does not depend on the AWS::S3::BucketPolicy of its stack",
    ),
}


@pytest.mark.parametrize("name", ALIKE)
def test_another_spelling_of_the_declared_trail_is_no_finding(stacks: list[Stack], estate: Estate, name: str) -> None:
    assert found(stacks, estate, ALIKE[name]) == []


@pytest.mark.parametrize("name", LESS)
def test_a_trail_that_records_less_is_named(stacks: list[Stack], estate: Estate, name: str) -> None:
    edit, expected, words = LESS[name]
    [(kind, what)] = found(stacks, estate, edit)
    assert kind is expected
    assert words in what
