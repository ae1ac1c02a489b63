"""A resource that needs another of another stack is deployed after that stack, or the order is not proved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tenant_keys.review.assembly import Resource, Stack
from tenant_keys.review.proof.role_records import RoleRecord
from tenant_keys.review.proof.stack_order import StackOrder

ACCOUNT, OTHER_ACCOUNT, REGION = "111111111111", "222222222222", "eu-west-1"
ROLE = RoleRecord("roles", ACCOUNT, f"arn:aws:iam::{ACCOUNT}:role/app/runs", {}, [], (), {})
ARN = ROLE.arn
Described = tuple[str, dict[str, Any]]
BUCKET: Described = ("AWS::S3::Bucket", {"BucketName": "records"})
MANAGED: Described = ("AWS::IAM::ManagedPolicy", {"ManagedPolicyName": "limits", "Path": "/set/"})
FUNCTION: Described = ("AWS::Lambda::Function", {"FunctionName": "judge"})
LOGS: Described = ("AWS::Logs::LogGroup", {"LogGroupName": "/aws/lambda/judge"})
LATER = "which may be deployed later"


def stack(name: str, *held: Described, after: tuple[str, ...] = (), account: str = ACCOUNT, **more: Any) -> Stack:
    region = more.pop("region", REGION)
    resources = {f"R{at}": Resource(name, account, region, f"R{at}", *one, None, None) for at, one in enumerate(held)}
    return Stack(name, account, region, Path(name), resources, True, (), after=frozenset(after), **more)


def early(*stacks: Stack) -> list[str]:
    order = StackOrder()
    for one in stacks:
        order.read(one)
    return list(order.too_early({ROLE.arn: ROLE}))


NEEDS_ROLE: list[Described] = [
    ("AWS::IAM::Policy", {"Roles": ["other", "runs"]}),
    ("AWS::IAM::Policy", {"Roles": ["RUNS"]}),
    ("AWS::IAM::ManagedPolicy", {"Roles": ["runs"]}),
    ("AWS::IAM::RolePolicy", {"RoleName": "runs"}),
    ("AWS::IAM::InstanceProfile", {"Roles": ["runs"]}),
    ("AWS::Lambda::Function", {"Role": ARN}),
    ("AWS::RolesAnywhere::Profile", {"RoleArns": [ARN]}),
]


@pytest.mark.parametrize("needing", NEEDS_ROLE)
def test_what_needs_a_role_of_another_stack_is_deployed_after_it(needing: Described) -> None:
    message = f"more R0: needs the AWS::IAM::Role runs of stack roles, {LATER}"
    roles = stack("roles")
    assert early(stack("more", needing), roles) == [message]
    assert early(roles, stack("more", needing)) == [message]
    assert early(roles, stack("more", needing, after=("elsewhere",))) == [message]
    assert early(roles, stack("more", needing, after=("elsewhere", "roles"))) == []


def test_a_stack_on_which_two_of_one_name_could_be_meant_is_no_certain_order() -> None:
    needing: Described = ("AWS::IAM::RolePolicy", {"RoleName": "runs"})
    twice = (stack("roles"), stack("roles", region="eu-central-1"))
    assert early(*twice, stack("more", needing, after=("roles",))) == [
        f"more R0: needs the AWS::IAM::Role runs of stack roles, {LATER}"
    ]


@pytest.mark.parametrize(
    ("held", "needing", "words"),
    [
        (BUCKET, ("AWS::S3::BucketPolicy", {"Bucket": "records"}), "AWS::S3::Bucket R0"),
        (BUCKET, ("AWS::CloudTrail::Trail", {"S3BucketName": "records"}), "AWS::S3::Bucket R0"),
        (
            ("AWS::S3::BucketPolicy", {"Bucket": "records"}),
            ("AWS::CloudTrail::Trail", {"S3BucketName": "records"}),
            "AWS::S3::BucketPolicy R0",
        ),
        (
            MANAGED,
            ("AWS::IAM::Role", {"PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/set/limits"}),
            "AWS::IAM::ManagedPolicy R0",
        ),
        (LOGS, FUNCTION, "AWS::Logs::LogGroup R0"),
        (
            FUNCTION,
            (
                "AWS::CloudFormation::LambdaHook",
                {"LambdaFunction": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:judge"},
            ),
            "AWS::Lambda::Function R0",
        ),
    ],
)
def test_what_needs_another_resource_of_another_stack_is_deployed_after_it(
    held: Described, needing: Described, words: str
) -> None:
    assert early(stack("first", held), stack("more", needing)) == [
        f"more R0: needs the {words} of stack first, {LATER}"
    ]
    assert early(stack("first", held), stack("more", needing, after=("first",))) == []


@pytest.mark.parametrize(
    ("held", "second"),
    [
        (BUCKET, stack("more", ("AWS::IAM::RolePolicy", {"RoleName": "runs"}), account=OTHER_ACCOUNT)),
        (BUCKET, stack("more", ("AWS::IAM::RolePolicy", {"RoleName": "others"}))),
        (BUCKET, stack("more", ("AWS::S3::BucketPolicy", {"Bucket": "others"}))),
        (LOGS, stack("more", FUNCTION, region="eu-central-1")),
        (BUCKET, stack("roles", ("AWS::IAM::RolePolicy", {"RoleName": "runs"}))),
        (BUCKET, stack("more", ("AWS::IAM::RolePolicy", {"RoleName": "runs"}), deployed=True)),
        (BUCKET, stack("more", ("AWS::EKS::PodIdentityAssociation", {"RoleArn": ARN}))),
    ],
)
def test_what_is_elsewhere_is_in_no_order(held: Described, second: Stack) -> None:
    """In another account or Region, of another name, or in the same stack; the order of pods is judged apart."""
    assert early(stack("first", held), second) == []
