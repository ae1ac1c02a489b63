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


def selecting(**selector: Any) -> Edit:
    return trail(EventSelectors=[selector])


def bucket(name: str, edit: Callable[[Any], object]) -> Edit:
    def run(resources: dict[str, Resource]) -> None:
        edit(resources["TrailBucket"].properties[name])

    return run


def _set(resource: Resource, properties: dict[str, Any]) -> None:
    found: Any = resource.properties
    found |= properties


def together(*edits: Edit) -> Edit:
    def run(resources: dict[str, Resource]) -> None:
        for edit in edits:
            edit(resources)

    return run


def policy(sid: str, edit: Callable[[Any], object]) -> Edit:
    """An edit of a statement of the bucket policy."""

    def run(resources: dict[str, Resource]) -> None:
        statements = resources["TrailBucketPolicy"].properties["PolicyDocument"]["Statement"]
        edit(next(one for one in statements if one["Sid"] == sid))

    return run


def by_text(sid: str) -> Edit:
    return policy(sid, lambda one: one.update(Condition={"StringNotEquals": one["Condition"]["ArnNotEquals"]}))


def adding(**statement: Any) -> Edit:
    added = {"Sid": "Added", "Effect": "Allow", "Principal": "*", **statement}
    return lambda resources: resources["TrailBucketPolicy"].properties["PolicyDocument"]["Statement"].append(added)


def without(sid: str) -> Edit:
    def run(resources: dict[str, Resource]) -> None:
        document = resources["TrailBucketPolicy"].properties["PolicyDocument"]
        document["Statement"] = [one for one in document["Statement"] if one["Sid"] != sid]

    return run


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
    "readers by text": by_text("DenyReadingByAnyoneElse"),
    "readers with IfExists": policy(
        "DenyReadingByAnyoneElse",
        lambda one: one.update(Condition={"ArnNotLikeIfExists": one["Condition"]["ArnNotEquals"]}),
    ),
    "settings by text": by_text("DenySettingsByAnyoneElse"),
    "no bucket key": encrypting(BucketKeyEnabled=False),
    "no bucket key, as text": encrypting(BucketKeyEnabled="false"),
}
LESS: dict[str, tuple[Edit, Kind, str]] = {
    "no logging, as text": (trail(IsLogging="false"), Kind.INVENTORY, 'IsLogging is "false", declared is true'),
    "no validation": (
        trail(EnableLogFileValidation=False),
        Kind.INVENTORY,
        "EnableLogFileValidation is false, declared is true",
    ),
    "calls of KMS excluded": (
        selecting(IncludeManagementEvents=True, ExcludeManagementEventSources=["kms.amazonaws.com"]),
        Kind.NOT_PROVED,
        'EventSelectors[0].ExcludeManagementEventSources is ["kms.amazonaws.com"], and is not declared',
    ),
    "writing calls alone": (
        selecting(ReadWriteType="WriteOnly"),
        Kind.NOT_PROVED,
        'EventSelectors[0].ReadWriteType is "WriteOnly", declared is "All"',
    ),
    "no management events": (
        selecting(IncludeManagementEvents="false"),
        Kind.NOT_PROVED,
        'EventSelectors[0].IncludeManagementEvents is "false", declared is true',
    ),
    "no selector": (trail(EventSelectors=[]), Kind.NOT_PROVED, "EventSelectors[0] is missing, declared is {"),
    "an earlier end": (
        expiring(40),
        Kind.NOT_PROVED,
        "LifecycleConfiguration.Rules[0].ExpirationInDays is 40, declared is 400",
    ),
    "another algorithm": (
        encrypting(ServerSideEncryptionByDefault={"SSEAlgorithm": "aws:kms"}),
        Kind.NOT_PROVED,
        'ServerSideEncryptionConfiguration[0].ServerSideEncryptionByDefault.SSEAlgorithm is "aws:kms", declared is',
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


_LESS = "TrailBucketPolicy: PolicyDocument lets more through than is declared: "
_OTHERWISE = "TrailBucketPolicy: PolicyDocument differs from what is declared: "
_KEYS = "arn:aws:s3:::tenant-keys-trail-111111111111"
POLICIES: dict[str, tuple[Edit, Kind, str]] = {
    "an action less": (
        policy("DenyRemoval", lambda one: one["Action"].remove("s3:DeleteObjectVersion")),
        Kind.INVENTORY,
        f"{_LESS}DenyRemoval: Action lacks s3:DeleteObjectVersion",
    ),
    "a resource less": (
        policy("DenyRemoval", lambda one: one["Resource"].pop(0)),
        Kind.INVENTORY,
        f"{_LESS}DenyRemoval: Resource lacks {_KEYS}",
    ),
    "a reader more": (
        policy("DenyReadingByAnyoneElse", lambda one: one["Condition"]["ArnNotEquals"]["aws:PrincipalArn"].append("x")),
        Kind.INVENTORY,
        f"{_LESS}DenyReadingByAnyoneElse: ArnNotLike aws:PrincipalArn has also x",
    ),
    "a reader more, by text": (
        together(
            by_text("DenyReadingByAnyoneElse"),
            policy(
                "DenyReadingByAnyoneElse",
                lambda one: one["Condition"]["StringNotEquals"]["aws:PrincipalArn"].append(
                    "arn:aws:iam::999999999999:role/x"
                ),
            ),
        ),
        Kind.INVENTORY,
        f"{_LESS}DenyReadingByAnyoneElse: ArnNotLike aws:PrincipalArn has also arn:aws:iam::999999999999:role/x",
    ),
    "a stranger": (
        adding(Action="s3:GetObject", Principal={"AWS": "arn:aws:iam::999999999999:root"}, Resource=f"{_KEYS}/*"),
        Kind.INVENTORY,
        f"{_LESS}Added is not declared: Allow s3:GetObject to AWS arn:aws:iam::999999999999:root on {_KEYS}/*",
    ),
    "a condition that always holds": (
        policy("DenyRemoval", lambda one: one.update(Condition={"DateGreaterThan": {"aws:CurrentTime": "2001-01-01"}})),
        Kind.NOT_PROVED,
        f"{_OTHERWISE}DenyRemoval: Condition has also DateGreaterThan aws:CurrentTime 2001-01-01",
    ),
    "a condition on any principal": (
        policy("DenyRemoval", lambda one: one.update(Condition={"ArnLike": {"aws:PrincipalArn": "*"}})),
        Kind.NOT_PROVED,
        f"{_OTHERWISE}DenyRemoval: Condition has also ArnLike aws:PrincipalArn *",
    ),
    "a condition that spares a role": (
        policy("DenyRemoval", lambda one: one.update(Condition={"ArnNotLike": {"aws:PrincipalArn": f"{_KEYS}"}})),
        Kind.INVENTORY,
        f"{_LESS}DenyRemoval: Condition has also ArnNotLike aws:PrincipalArn {_KEYS}",
    ),
    "a policy that is no policy": (
        lambda resources: _set(resources["TrailBucketPolicy"], {"PolicyDocument": {"Statement": []}}),
        Kind.NOT_PROVED,
        f"{_OTHERWISE}Statement: got []; a statement or a list of them, not empty",
    ),
}


@pytest.mark.parametrize("name", POLICIES)
def test_the_statement_of_the_bucket_policy_that_differs_is_named(
    stacks: list[Stack], estate: Estate, name: str
) -> None:
    edit, kind, words = POLICIES[name]
    assert found(stacks, estate, edit) == [(kind, f"tenant-keys-trail {words}")]


def test_a_deny_that_is_missing_is_named_by_what_it_denied(stacks: list[Stack], estate: Estate) -> None:
    [(kind, what)] = found(stacks, estate, without("DenySettingsByAnyoneElse"))
    assert kind is Kind.INVENTORY
    denied = "s3:DeleteBucketPolicy, s3:PutBucketAcl, s3:PutBucketOwnershipControls, s3:PutBucketPolicy, 5 more"
    assert f"{_LESS}declared and missing: Deny {denied} to everyone on {_KEYS} if ArnNotLike aws:PrincipalArn " in what
