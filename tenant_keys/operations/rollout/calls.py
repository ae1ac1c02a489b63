"""The calls that CloudFormation makes for one resource, in their order, and its waits between them.

Of KMS's types: the handlers' source (aws-cloudformation/aws-cloudformation-resource-providers-kms: key, alias,
replicakey, common) and their registry schemas (`handlers`). Of other types AWS publishes no source; their calls are
those that the type's properties need, by its schema. Read in November 2026.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tenant_keys.aws_facts.handlers import CHANGE_WAIT, CREATION_WAIT
from tenant_keys.aws_facts.quotas import CREATE_KEYS_A_REPLICA

_COLONS_OF_AN_ARN: Final = 5
GLOBAL: Final = "global"
"""In the place of a Region, for IAM and Organizations: they have one rate for an account."""

CHANGES_OF_THE_CDK: Final = ("s3:PutObject", "cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet")
"""What the CDK CLI calls for each stack that it changes, beside calls that read (aws-cdk 2.1148.1)."""

Bucket = tuple[str, str]
"""An API such as `kms:CreateKey`, and the Region whose rate its requests count against."""
Properties = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One request."""

    api: str
    region: str
    also: tuple[tuple[Bucket, int], ...] = ()
    """Requests that it counts as, beside the one that it is."""


@dataclass(frozen=True, slots=True)
class Wait:
    """The handler returns, and CloudFormation invokes it again after so long."""

    seconds: int


Step = Call | Wait


class _NotLiteral(Exception):
    """Raised where the template does not say how many calls a resource takes: the value is a function."""


def creation(kind: str, properties: Properties, region: str) -> tuple[Step, ...] | None:
    """The steps that create a resource; None where its calls are not known."""
    if kind in _CREATED:
        return _all(_CREATED[kind](properties, region))
    if kind in _BY_FEW_CALLS:
        return tuple(Call(api, _place(api, region)) for api in _BY_FEW_CALLS[kind])
    return None


def change(kind: str, old: Properties, new: Properties, region: str) -> tuple[Step, ...] | None:
    """The steps that change a resource; None where its calls are not known."""
    if kind in _CHANGED:
        return _all(_CHANGED[kind](old, new, region))
    return creation(kind, new, region)  # the others put the whole resource again


def removal(kind: str, properties: Properties, region: str, *, retained: bool) -> tuple[Step, ...] | None:
    """The steps that remove a resource; None where its calls are not known."""
    if retained:
        return ()
    if kind in _REMOVED:
        return _all(_REMOVED[kind](properties, region))
    return creation(kind, properties, region)  # as many requests, to the API that deletes


def _all(steps: Iterator[Step]) -> tuple[Step, ...] | None:
    try:
        return tuple(steps)
    except _NotLiteral:
        return None


def _key(properties: Properties, region: str) -> Iterator[Step]:
    yield Call("kms:CreateKey", region)
    if _true(properties.get("EnableKeyRotation")):
        yield Call("kms:EnableKeyRotation", region)
    if not _true(properties.get("Enabled", True)):
        yield Call("kms:DisableKey", region)
    yield Call("kms:DescribeKey", region)
    yield Wait(CREATION_WAIT)


def _replica(properties: Properties, region: str) -> Iterator[Step]:
    primary = properties.get("PrimaryKeyArn")
    if not isinstance(primary, str) or primary.count(":") < _COLONS_OF_AN_ARN:
        raise _NotLiteral
    yield Call("kms:ReplicateKey", primary.split(":")[3], ((("kms:CreateKey", region), CREATE_KEYS_A_REPLICA),))
    yield Wait(CHANGE_WAIT)
    yield Call("kms:DescribeKey", region)
    if not _true(properties.get("Enabled", True)):
        yield Call("kms:DisableKey", region)
    yield Wait(CREATION_WAIT)


def _alias(_properties: Properties, region: str) -> Iterator[Step]:
    yield Call("kms:CreateAlias", region)
    yield Wait(CREATION_WAIT)


def _role(properties: Properties, _region: str) -> Iterator[Step]:
    yield Call("iam:CreateRole", GLOBAL)
    for _ in _policies(properties):
        yield Call("iam:PutRolePolicy", GLOBAL)
    for _ in _attached(properties):
        yield Call("iam:AttachRolePolicy", GLOBAL)


_CREATED: Final[Mapping[str, Callable[[Properties, str], Iterator[Step]]]] = {
    "AWS::KMS::Key": _key,
    "AWS::KMS::ReplicaKey": _replica,
    "AWS::KMS::Alias": _alias,
    "AWS::IAM::Role": _role,
}
_BY_FEW_CALLS: Final[Mapping[str, tuple[str, ...]]] = {
    "AWS::CDK::Metadata": (),
    "AWS::CloudFormation::LambdaHook": ("cloudformation:ActivateType", "cloudformation:SetTypeConfiguration"),
    "AWS::CloudTrail::Trail": ("cloudtrail:CreateTrail", "cloudtrail:PutEventSelectors", "cloudtrail:StartLogging"),
    "AWS::CloudWatch::Alarm": ("cloudwatch:PutMetricAlarm",),
    "AWS::EKS::PodIdentityAssociation": ("eks:CreatePodIdentityAssociation",),
    "AWS::Events::EventBusPolicy": ("events:PutPermission",),
    "AWS::Events::Rule": ("events:PutRule", "events:PutTargets"),
    "AWS::IAM::InstanceProfile": ("iam:CreateInstanceProfile", "iam:AddRoleToInstanceProfile"),
    "AWS::IAM::ManagedPolicy": ("iam:CreatePolicy", "iam:AttachRolePolicy"),
    "AWS::IAM::OIDCProvider": ("iam:CreateOpenIDConnectProvider",),
    "AWS::Lambda::Function": ("lambda:CreateFunction",),
    "AWS::Logs::LogGroup": ("logs:CreateLogGroup", "logs:PutRetentionPolicy"),
    "AWS::Organizations::Policy": ("organizations:CreatePolicy", "organizations:AttachPolicy"),
    "AWS::RolesAnywhere::Profile": ("rolesanywhere:CreateProfile",),
    "AWS::RolesAnywhere::TrustAnchor": ("rolesanywhere:CreateTrustAnchor",),
    "AWS::S3::Bucket": (
        *("s3:CreateBucket", "s3:PutBucketTagging", "s3:PutBucketPublicAccessBlock", "s3:PutEncryptionConfiguration"),
        *("s3:PutBucketVersioning", "s3:PutBucketOwnershipControls", "s3:PutLifecycleConfiguration"),
    ),
    "AWS::S3::BucketPolicy": ("s3:PutBucketPolicy",),
    "AWS::SNS::Topic": ("sns:CreateTopic", "sns:Subscribe"),
    "AWS::SNS::TopicPolicy": ("sns:SetTopicAttributes",),
    "AWS::SSM::Parameter": ("ssm:PutParameter",),
}
"""Few of each in an estate: what matters of them is that they are known, and how many there are."""


def _key_changed(old: Properties, new: Properties, region: str) -> Iterator[Step]:
    """UpdateHandler: what differs, and the wait at the end."""
    before, after = _true(old.get("Enabled", True)), _true(new.get("Enabled", True))
    yield Call("kms:DescribeKey", region)
    if after and not before:
        yield Call("kms:EnableKey", region)
        yield Wait(CHANGE_WAIT)
    rotation = ("EnableKeyRotation", "RotationPeriodInDays")
    if any(old.get(name) != new.get(name) for name in rotation):
        turned_on = _true(new.get("EnableKeyRotation"))
        yield Call("kms:EnableKeyRotation" if turned_on else "kms:DisableKeyRotation", region)
    if before and not after:
        yield Call("kms:DisableKey", region)
    if old.get("Description", "") != new.get("Description", ""):
        yield Call("kms:UpdateKeyDescription", region)
    if old.get("KeyPolicy") != new.get("KeyPolicy"):
        yield Call("kms:PutKeyPolicy", region)
        yield Wait(CHANGE_WAIT)
    yield Call("kms:ListResourceTags", region)
    tags_before, tags_after = _tags(old), _tags(new)
    if tags_before - tags_after:
        yield Call("kms:UntagResource", region)
    if tags_after - tags_before:
        yield Call("kms:TagResource", region)
    yield Wait(CHANGE_WAIT)


def _alias_changed(_old: Properties, _new: Properties, region: str) -> Iterator[Step]:
    yield Call("kms:UpdateAlias", region)
    yield Wait(CHANGE_WAIT)


def _role_changed(old: Properties, new: Properties, _region: str) -> Iterator[Step]:
    if old.get("AssumeRolePolicyDocument") != new.get("AssumeRolePolicyDocument"):
        yield Call("iam:UpdateAssumeRolePolicy", GLOBAL)
    if any(old.get(name) != new.get(name) for name in ("Description", "MaxSessionDuration")):
        yield Call("iam:UpdateRole", GLOBAL)
    if old.get("PermissionsBoundary") != new.get("PermissionsBoundary"):
        yield Call("iam:PutRolePermissionsBoundary", GLOBAL)
    yield from _policies_changed(old, new)
    if _tags(old) - _tags(new):
        yield Call("iam:UntagRole", GLOBAL)
    if _tags(new) - _tags(old):
        yield Call("iam:TagRole", GLOBAL)


def _policies_changed(old: Properties, new: Properties) -> Iterator[Step]:
    before, after = _policies(old), _policies(new)
    for _ in before.keys() - after.keys():
        yield Call("iam:DeleteRolePolicy", GLOBAL)
    for name, policy in after.items():
        if before.get(name) != policy:
            yield Call("iam:PutRolePolicy", GLOBAL)
    attached, wanted = _attached(old), _attached(new)
    for _ in attached - wanted:
        yield Call("iam:DetachRolePolicy", GLOBAL)
    for _ in wanted - attached:
        yield Call("iam:AttachRolePolicy", GLOBAL)


_CHANGED: Final[Mapping[str, Callable[[Properties, Properties, str], Iterator[Step]]]] = {
    "AWS::KMS::Key": _key_changed,
    "AWS::KMS::ReplicaKey": _key_changed,
    "AWS::KMS::Alias": _alias_changed,
    "AWS::IAM::Role": _role_changed,
}


def _key_removed(_properties: Properties, region: str) -> Iterator[Step]:
    yield Call("kms:ScheduleKeyDeletion", region)
    yield Wait(CREATION_WAIT)


def _alias_removed(_properties: Properties, region: str) -> Iterator[Step]:
    yield Call("kms:DeleteAlias", region)
    yield Wait(CREATION_WAIT)


def _role_removed(properties: Properties, _region: str) -> Iterator[Step]:
    for _ in _policies(properties):
        yield Call("iam:DeleteRolePolicy", GLOBAL)
    for _ in _attached(properties):
        yield Call("iam:DetachRolePolicy", GLOBAL)
    yield Call("iam:DeleteRole", GLOBAL)


_REMOVED: Final[Mapping[str, Callable[[Properties, str], Iterator[Step]]]] = {
    "AWS::KMS::Key": _key_removed,
    "AWS::KMS::ReplicaKey": _key_removed,
    "AWS::KMS::Alias": _alias_removed,
    "AWS::IAM::Role": _role_removed,
}


def _place(api: str, region: str) -> str:
    return GLOBAL if api.startswith(("iam:", "organizations:")) else region


def _policies(properties: Properties) -> dict[str, str]:
    """Inline policies by name."""
    return {json.dumps(one.get("PolicyName")): json.dumps(one) for one in _objects(properties, "Policies")}


def _attached(properties: Properties) -> set[str]:
    found = properties.get("ManagedPolicyArns", [])
    if not isinstance(found, list):
        raise _NotLiteral
    return {json.dumps(one) for one in found}


def _tags(properties: Properties) -> set[tuple[str, str]]:
    return {(json.dumps(tag.get("Key")), json.dumps(tag.get("Value"))) for tag in _objects(properties, "Tags")}


def _objects(properties: Properties, name: str) -> list[Properties]:
    found = properties.get(name, [])
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise _NotLiteral
    return found


def _true(value: object) -> bool:
    """Templates write booleans as words, too."""
    return str(value).lower() == "true"
