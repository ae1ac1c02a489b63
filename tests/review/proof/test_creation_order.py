"""A resource that names another of its stack has to be created after it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tenant_keys.review.assembly import Resource, Stack
from tenant_keys.review.proof.creation_order import created_too_early

ROLE = ("AWS::IAM::Role", {"RoleName": "runs", "Path": "/app/"})
MANAGED = ("AWS::IAM::ManagedPolicy", {"ManagedPolicyName": "limits", "Path": "/set/"})
REPLICA = (
    "AWS::KMS::ReplicaKey",
    {"PrimaryKeyArn": "arn:aws:kms:eu-central-1:111111111111:key/mrk-0123456789abcdef0123456789abcdef"},
)
BUCKET = ("AWS::S3::Bucket", {"BucketName": "records"})
POLICY = ("AWS::S3::BucketPolicy", {"Bucket": "records"})
LOGS = ("AWS::Logs::LogGroup", {"LogGroupName": "/aws/lambda/judge"})
TOPIC = ("AWS::SNS::Topic", {"TopicName": "reported"})
FUNCTION = ("AWS::Lambda::Function", {"FunctionName": "judge"})
ARN = "arn:aws:iam::111111111111:role/app/runs"
NEEDS: list[tuple[tuple[str, dict[str, Any]], str, dict[str, Any]]] = [
    (ROLE, "AWS::Lambda::Function", {"Role": ARN}),
    (ROLE, "AWS::CloudFormation::LambdaHook", {"ExecutionRole": ARN}),
    (
        FUNCTION,
        "AWS::CloudFormation::LambdaHook",
        {"LambdaFunction": "arn:aws:lambda:eu-west-1:111111111111:function:judge"},
    ),
    (ROLE, "AWS::EKS::PodIdentityAssociation", {"RoleArn": ARN}),
    (ROLE, "AWS::Events::Rule", {"Targets": [{"Arn": "arn:aws:events:eu-west-1:1:event-bus/default", "RoleArn": ARN}]}),
    (ROLE, "AWS::IAM::InstanceProfile", {"Roles": ["runs"]}),
    (ROLE, "AWS::IAM::Policy", {"Roles": ["other", "runs"]}),
    (ROLE, "AWS::IAM::ManagedPolicy", {"Roles": ["runs"]}),
    (ROLE, "AWS::IAM::RolePolicy", {"RoleName": "runs"}),
    (MANAGED, "AWS::IAM::Role", {"ManagedPolicyArns": ["arn:aws:iam::111111111111:policy/set/limits"]}),
    (MANAGED, "AWS::IAM::Role", {"PermissionsBoundary": "arn:aws:iam::111111111111:policy/set/limits"}),
    (REPLICA, "AWS::KMS::Alias", {"TargetKeyId": "mrk-0123456789abcdef0123456789abcdef"}),
    (
        REPLICA,
        "AWS::KMS::Alias",
        {"TargetKeyId": "arn:aws:kms:eu-west-1:111111111111:key/mrk-0123456789abcdef0123456789abcdef"},
    ),
    (ROLE, "AWS::RolesAnywhere::Profile", {"RoleArns": [ARN]}),
    (BUCKET, "AWS::S3::BucketPolicy", {"Bucket": "records"}),
    (BUCKET, "AWS::CloudTrail::Trail", {"S3BucketName": "records"}),
    (POLICY, "AWS::CloudTrail::Trail", {"S3BucketName": "records"}),
    (LOGS, "AWS::Lambda::Function", {"FunctionName": "judge", "Role": "arn:aws:iam::111111111111:role/other"}),
    (TOPIC, "AWS::SNS::TopicPolicy", {"Topics": ["arn:aws:sns:eu-west-1:111111111111:reported"]}),
]


def early(needed: tuple[str, dict[str, Any]], kind: str, properties: dict[str, Any], **after: set[str]) -> list[str]:
    """What is found in a stack of a resource A that needs B; `after` names what each is created after."""
    described = {"A": (kind, properties), "B": needed, "C": ("AWS::CDK::Metadata", {})}
    resources = {
        name: Resource("s", "111111111111", "eu-west-1", name, *one, None, None, frozenset(after.get(name, ())))
        for name, one in described.items()
    }
    return list(created_too_early(Stack("s", "111111111111", "eu-west-1", Path("s"), resources, True, ())))


@pytest.mark.parametrize(("needed", "kind", "properties"), NEEDS)
def test_a_resource_that_names_another_is_created_after_it(
    needed: tuple[str, dict[str, Any]], kind: str, properties: dict[str, Any]
) -> None:
    message = f"s A: needs the {needed[0]} B, which CloudFormation may create later"
    assert early(needed, kind, properties) == [message]
    assert early(needed, kind, properties, A={"C"}, B={"A"}) == [message]
    assert early(needed, kind, properties, A={"B"}) == []
    assert early(needed, kind, properties, A={"C"}, C={"B"}) == []


@pytest.mark.parametrize(
    ("needed", "kind", "properties"),
    [
        (ROLE, "AWS::Lambda::Function", {"Role": "arn:aws:iam::111111111111:role/runs"}),
        (ROLE, "AWS::Lambda::Function", {"Role": "arn:aws:iam::222222222222:role/app/runs"}),
        (ROLE, "AWS::Lambda::Function", {"Description": ARN}),
        (BUCKET, "AWS::S3::BucketPolicy", {"Bucket": "others"}),
    ],
)
def test_what_is_elsewhere_is_in_no_order(
    needed: tuple[str, dict[str, Any]], kind: str, properties: dict[str, Any]
) -> None:
    assert early(needed, kind, properties) == []
