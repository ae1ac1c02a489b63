"""Rates of requests that the local AWS enforces, and the simulation of deployments measured against them."""

from __future__ import annotations

import heapq
import json
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tenant_keys.local import LocalAws
from tenant_keys.operations.rollout.simulate import simulate
from tenant_keys.operations.rollout.work import StackWork, stack_work
from tests.local import handmade

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_kms import KMSClient

ONCE = Config(retries={"total_max_attempts": 1})


@pytest.fixture
def enforcing(aws: LocalAws) -> Iterator[LocalAws]:
    aws.enforce_rates()
    yield aws
    aws.lift_rates()


def refused(kms: KMSClient, request: str, **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        getattr(kms, request)(**parameters)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_the_sixth_key_of_a_second_is_throttled_in_the_words_of_kms(enforcing: LocalAws) -> None:
    kms = enforcing.session().client("kms", config=ONCE)
    for _ in range(5):
        kms.create_key()
    words = "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls."
    assert refused(kms, "create_key") == ("ThrottlingException", words)


def test_another_api_another_region_and_the_next_second_have_requests_of_their_own(enforcing: LocalAws) -> None:
    kms = enforcing.session().client("kms", config=ONCE)
    keys = [kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(5)]
    assert kms.describe_key(KeyId=keys[0])["KeyMetadata"]["Enabled"]
    assert enforcing.session(region=handmade.OTHER_REGION).client("kms", config=ONCE).create_key()
    enforcing.enforce_rates(now=1.0)
    assert kms.create_key()


def test_a_replica_takes_two_keys_of_its_region(enforcing: LocalAws) -> None:
    here, there = (
        enforcing.session(region=r).client("kms", config=ONCE) for r in (handmade.REGION, handmade.OTHER_REGION)
    )
    keys = [here.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"] for _ in range(3)]
    for key in keys[:2]:
        here.replicate_key(KeyId=key, ReplicaRegion=handmade.OTHER_REGION)
    assert (
        refused(here, "replicate_key", KeyId=keys[2], ReplicaRegion=handmade.OTHER_REGION)[0] == "ThrottlingException"
    )
    assert there.create_key()
    assert refused(there, "create_key")[0] == "ThrottlingException"


def test_nothing_is_throttled_unless_it_is_asked_for(kms: KMSClient) -> None:
    assert len([kms.create_key() for _ in range(12)]) == 12


def cell(number: int, tenants: int) -> tuple[StackWork, str]:
    """The work of a cell, and its template."""
    resources: dict[str, Any] = {}
    for tenant in range(tenants):
        key = f"Key{tenant}"
        resources[key] = {"Type": "AWS::KMS::Key", "Properties": {"EnableKeyRotation": True}}
        alias = {"AliasName": f"alias/rates-{number}-{tenant}", "TargetKeyId": {"Ref": key}}
        resources[f"Alias{tenant}"] = {"Type": "AWS::KMS::Alias", "Properties": alias}
    name = f"rates-{number}"
    work = stack_work(name, handmade.CENTRAL, handmade.REGION, None, resources)
    return work, json.dumps({"Resources": resources})


def deployed(aws: LocalAws, cloudformation: CloudFormationClient, name: str, template: str, at: float) -> float:
    """Create a stack at a time, and answer when it was complete."""
    aws.enforce_rates(now=at)
    cloudformation.create_stack(StackName=name, TemplateBody=template, Capabilities=["CAPABILITY_IAM"])
    created = cloudformation.get_waiter("stack_create_complete")
    created.wait(StackName=name, WaiterConfig={"Delay": 0, "MaxAttempts": 10_000})
    return aws.rates_time()


@pytest.mark.parametrize("concurrency", [1, 2, 4])
def test_a_deployment_with_rates_enforced_takes_the_calls_and_the_time_that_the_simulation_says(
    enforcing: LocalAws, concurrency: int
) -> None:
    cells = [cell(10 * concurrency + number, 20) for number in range(4)]
    cloudformation = enforcing.session().client("cloudformation")
    began, free, ends = len(enforcing.trail()), [0.0] * concurrency, []
    for work, template in cells:
        ends.append(deployed(enforcing, cloudformation, work.name, template, heapq.heappop(free)))
        heapq.heappush(free, ends[-1])
    made: Counter[str] = Counter()
    throttled: Counter[str] = Counter()
    for record in enforcing.trail()[began:]:
        (throttled if record.get("errorCode") else made)[f"kms:{record['eventName']}"] += 1
    run = simulate([work for work, _ in cells], concurrency)
    assert made == run.calls
    assert max(ends) == pytest.approx(run.seconds, rel=0.15)
    assert throttled == pytest.approx(run.throttled, rel=0.15)
    assert throttled.keys() == {"kms:CreateKey"}


def is_among(end: float, stacks: list[StackWork]) -> bool:
    """Whether the simulation takes about as long with one jitter or another."""
    ends = [simulate(stacks, 1, seed=seed).seconds for seed in range(20)]
    return 0.95 * min(ends) <= end <= 1.05 * max(ends)


def test_roles_take_the_calls_and_the_time_that_the_simulation_says(enforcing: LocalAws) -> None:
    trust = handmade.document(handmade.allow("Trust", ["sts:AssumeRole"], Principal=handmade.ROOT))
    policy = {
        "PolicyName": "use",
        "PolicyDocument": handmade.document(handmade.allow("Use", ["kms:Decrypt"], Resource="*")),
    }
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust, "Policies": [policy]}}
    resources = {f"Role{number}": role for number in range(60)}
    work = stack_work("rates-roles", handmade.CENTRAL, handmade.REGION, None, resources)
    cloudformation = enforcing.session().client("cloudformation")
    with enforcing.watch() as decisions:
        end = deployed(enforcing, cloudformation, work.name, json.dumps({"Resources": resources}), 0.0)
    made = Counter(each["action"] for each in decisions)
    del made["iam:TagRole"]  # decided with CreateRole: CloudFormation's own tags
    assert made == simulate([work], 1).calls == {"iam:CreateRole": 60, "iam:PutRolePolicy": 60}
    assert is_among(end, [work])
    assert end >= 60 / 10 - 1


def test_replicas_take_the_calls_and_the_time_that_the_simulation_says(aws: LocalAws) -> None:
    kms = aws.session().client("kms")
    primaries = [kms.create_key(MultiRegion=True)["KeyMetadata"]["Arn"] for _ in range(10)]
    policy = handmade.document(handmade.allow("All", ["kms:*"], Principal=handmade.ROOT, Resource="*"))
    resources: dict[str, Any] = {}
    for number, arn in enumerate(primaries):
        properties = {"PrimaryKeyArn": arn, "KeyPolicy": policy}
        resources[f"Replica{number}"] = {"Type": "AWS::KMS::ReplicaKey", "Properties": properties}
        alias = {"AliasName": f"alias/rates-replica-{number}", "TargetKeyId": {"Ref": f"Replica{number}"}}
        resources[f"Alias{number}"] = {"Type": "AWS::KMS::Alias", "Properties": alias}
    work = stack_work("rates-replicas", handmade.CENTRAL, handmade.OTHER_REGION, None, resources)
    cloudformation = aws.session(region=handmade.OTHER_REGION).client("cloudformation")
    aws.enforce_rates()
    try:
        began = len(aws.trail())
        end = deployed(aws, cloudformation, work.name, json.dumps({"Resources": resources}), 0.0)
        made = Counter(f"kms:{each['eventName']}" for each in aws.trail()[began:] if not each.get("errorCode"))
    finally:
        aws.lift_rates()
    assert made == simulate([work], 1).calls == {"kms:ReplicateKey": 10, "kms:DescribeKey": 10, "kms:CreateAlias": 10}
    assert is_among(end, [work])
    assert end >= 60 + 15 + 15 + 10 * 2 / 5 - 1
