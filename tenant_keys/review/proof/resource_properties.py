"""The properties of each resource type that the proof understands; any other makes the verdict "not proved", by name.

Source of names and defaults: CloudFormation template reference, page of each type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from tenant_keys.review.assembly import Resource
from tenant_keys.review.errors import as_json

_OFF: Final = (frozenset({"False", "false"}), "false")
_EITHER: Final = (frozenset({"True", "true", "False", "false"}), "true or false")
_LENGTHS: Final = (frozenset(map(str, range(900, 3601))), "900 to 3600")
"""Seconds of a session that every role lets be asked for (IAM API, Role, MaxSessionDuration: at least 3600)."""
_SAID: Final[Mapping[str, str]] = {
    # Read and compared, or without effect on who may do what, such as a description.
    "AWS::EKS::PodIdentityAssociation": "ClusterName DisableSessionTags Namespace RoleArn ServiceAccount Tags "
    "TargetRoleArn",
    "AWS::IAM::InstanceProfile": "InstanceProfileName Path Roles",
    "AWS::IAM::ManagedPolicy": "Description Groups ManagedPolicyName Path PolicyDocument Roles Users",
    "AWS::IAM::OIDCProvider": "ClientIdList Tags Url",
    "AWS::IAM::Policy": "Groups PolicyDocument PolicyName Roles Users",
    "AWS::IAM::Role": "AssumeRolePolicyDocument Description ManagedPolicyArns MaxSessionDuration Path "
    "PermissionsBoundary Policies RoleName Tags",
    "AWS::IAM::RolePolicy": "PolicyDocument PolicyName RoleName",
    "AWS::KMS::Alias": "AliasName TargetKeyId",
    "AWS::KMS::Key": "BypassPolicyLockoutSafetyCheck Description EnableKeyRotation Enabled KeyPolicy KeySpec KeyUsage "
    "MultiRegion Origin PendingWindowInDays RotationPeriodInDays Tags",
    "AWS::KMS::ReplicaKey": "Description Enabled KeyPolicy PendingWindowInDays PrimaryKeyArn Tags",
    "AWS::Organizations::Policy": "Content Description Name TargetIds Type",
    "AWS::RolesAnywhere::Profile": "AcceptRoleSessionName DurationSeconds Enabled Name RequireInstanceProperties "
    "RoleArns Tags",
    "AWS::RolesAnywhere::TrustAnchor": "Enabled Name NotificationSettings Source Tags",
    "AWS::SSM::Parameter": "DataType Description Name Tags Tier Type Value",
}
_NAMES: Final = {kind: frozenset(names.split()) for kind, names in _SAID.items()}
_VALUES: Final[Mapping[str, Mapping[str, tuple[frozenset[str], str]]]] = {
    # Without instance properties in the request CreateSession fails then (Roles Anywhere API, CreateProfile).
    # The holder of a certificate would choose the name of its sessions, which the trail records; else it is the
    # certificate's serial number (Roles Anywhere API, CreateProfile, acceptRoleSessionName).
    "AWS::RolesAnywhere::Profile": {
        "AcceptRoleSessionName": _OFF,
        "DurationSeconds": _LENGTHS,
        "Enabled": _EITHER,
        "RequireInstanceProperties": _OFF,
    },
    "AWS::RolesAnywhere::TrustAnchor": {"Enabled": _EITHER},
    "AWS::IAM::Role": {"MaxSessionDuration": (frozenset(map(str, range(3600, 43_201))), "3600 to 43200")},
    "AWS::SSM::Parameter": {"DataType": (frozenset({"text"}), "text"), "Type": (frozenset({"String"}), "String")},
}
"""Where only some values are understood, or taken by AWS (IAM API, CreateRole, MaxSessionDuration), also in words."""
_STATED: Final = {"AWS::RolesAnywhere::Profile": "Enabled", "AWS::RolesAnywhere::TrustAnchor": "Enabled"}
"""Properties without a documented default that decide whether anybody obtains a session (template reference)."""


def not_understood(resource: Resource) -> Iterator[str]:
    """The properties of a resource, of a type that the proof reads, that it does not understand, each in a sentence."""
    names = _NAMES.get(resource.type)
    if names is None:
        return
    properties = resource.properties
    if unknown := properties.keys() - names:
        for name in sorted(unknown):
            yield f"{resource.where}: {resource.type} {name or as_json(name)}: the proof does not know this property"
    if (stated := _STATED.get(resource.type)) and stated not in properties:
        yield f"{resource.where}: {resource.type} {stated} is missing; AWS documents no default, so write true or false"
    for name, (values, words) in _VALUES.get(resource.type, {}).items():
        if name in properties and str(properties[name]) not in values:
            yield f"{resource.where}: {resource.type} {name} is {as_json(properties[name])}; allowed: {words}"
