"""Whether CloudFormation creates what a resource needs before the resource.

It creates the resources of a stack at the same time, unless one refers to the other by Ref, Fn::GetAtt, Fn::Sub or
DependsOn (CloudFormation guide, DependsOn attribute). A resource that needs another and names it by text may come
first: the service refuses it, and the deployment fails, or it works for a while without what it names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tenant_keys.review.assembly import Resource, Stack
from tenant_keys.review.assembly.partitions import partition_of
from tenant_keys.review.assembly.physical import RETURN_VALUES

NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "AWS::CloudFormation::LambdaHook": ("ExecutionRole", "LambdaFunction"),
    "AWS::CloudTrail::Trail": ("S3BucketName",),
    "AWS::EKS::PodIdentityAssociation": ("RoleArn",),
    "AWS::Events::Rule": ("Targets",),
    "AWS::IAM::InstanceProfile": ("Roles",),
    "AWS::IAM::ManagedPolicy": ("Roles",),
    "AWS::IAM::Policy": ("Roles",),
    "AWS::IAM::Role": ("ManagedPolicyArns", "PermissionsBoundary"),
    "AWS::IAM::RolePolicy": ("RoleName",),
    "AWS::KMS::Alias": ("TargetKeyId",),
    "AWS::Lambda::Function": ("Role",),
    "AWS::RolesAnywhere::Profile": ("RoleArns",),
    "AWS::S3::BucketPolicy": ("Bucket",),
    "AWS::SNS::TopicPolicy": ("Topics",),
}
"""By type: the properties that name what has to be there."""
NEEDED: Final = (
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Role",
    "AWS::KMS::ReplicaKey",
    "AWS::Lambda::Function",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Topic",
)
"""Types whose names a template can write as text; a replica has the id of its primary, any other key's is not known."""


def created_too_early(stack: Stack) -> Iterator[str]:
    """Each resource that may be created before another of its stack which it needs, in a sentence."""
    needing = [one for one in stack.resources.values() if one.type in NEEDS]
    if stack.deployed or not needing:
        return
    needed = [one for one in stack.resources.values() if one.type in NEEDED]
    by_name = {name: one for one in needed for name in names_of(one)}
    for resource in needing:
        for text in sorted(needs_of(resource)):
            other = by_name.get(text)
            if other is not None and other.logical_id not in created_before(resource, stack):
                named = f"{other.type} {other.logical_id}"
                yield f"{resource.where}: needs the {named}, which CloudFormation may create later"


def needs_of(resource: Resource) -> set[str]:
    """The names and ARNs of what has to be there before a resource."""
    properties = resource.properties
    found = {text for name in NEEDS[resource.type] for text in _texts(properties.get(name))}
    if resource.type == "AWS::CloudTrail::Trail":
        # Without a policy that admits it, CreateTrail fails (CloudTrail API, InsufficientS3BucketPolicyException).
        found.add(_policy_of(properties.get("S3BucketName")))
    if resource.type == "AWS::Lambda::Function":
        # Otherwise Lambda creates the group at the first call (Lambda guide, monitoring-cloudwatchlogs).
        found.add(f"/aws/lambda/{properties.get('FunctionName')}")
    return found


def _policy_of(bucket: object) -> str:
    return f"the policy of {bucket}"


def created_before(resource: Resource, stack: Stack) -> frozenset[str]:
    """Logical ids of all that is created before a resource."""
    found: set[str] = set()
    unread = set(resource.depends_on)
    while unread:
        name = unread.pop()
        if name not in found and name in stack.resources:
            found.add(name)
            unread |= stack.resources[name].depends_on
    return frozenset(found)


def names_of(resource: Resource) -> set[str]:
    """What Ref and Fn::GetAtt give for a resource: its name and its ARN. A bucket policy has neither."""
    if resource.type == "AWS::S3::BucketPolicy":
        return {_policy_of(resource.properties.get("Bucket"))}
    returns, new = RETURN_VALUES[resource.type], _Created(resource)
    return {returns.ref(new), *(value(new) for value in returns.attributes.values())}


@dataclass(frozen=True, slots=True)
class _Created:
    """A resource whose properties are resolved, for the table of return values."""

    resource: Resource

    @property
    def account(self) -> str:
        return self.resource.account

    @property
    def region(self) -> str:
        return self.resource.region

    @property
    def partition(self) -> str:
        return partition_of(self.resource.region).name

    @property
    def stack(self) -> str:
        return self.resource.stack

    @property
    def logical_id(self) -> str:
        return self.resource.logical_id

    def given(self, name: str) -> object:
        return self.resource.properties.get(name)

    def required(self, name: str) -> str:
        return str(self.resource.properties.get(name, ""))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
