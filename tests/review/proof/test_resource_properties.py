"""Properties of each resource type that the proof understands, and the values where not all are; typed by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tenant_keys.review.assembly import Resource
from tenant_keys.review.proof.resource_properties import not_understood

UNDERSTOOD = {
    "AWS::EKS::PodIdentityAssociation": (
        "ClusterName DisableSessionTags Namespace RoleArn ServiceAccount Tags TargetRoleArn"
    ),
    "AWS::IAM::InstanceProfile": "InstanceProfileName Path Roles",
    "AWS::IAM::ManagedPolicy": "Description Groups ManagedPolicyName Path PolicyDocument Roles Users",
    "AWS::IAM::OIDCProvider": "ClientIdList Tags Url",
    "AWS::IAM::Policy": "Groups PolicyDocument PolicyName Roles Users",
    "AWS::IAM::Role": (
        "AssumeRolePolicyDocument Description ManagedPolicyArns Path PermissionsBoundary Policies RoleName Tags"
    ),
    "AWS::IAM::RolePolicy": "PolicyDocument PolicyName RoleName",
    "AWS::KMS::Alias": "AliasName TargetKeyId",
    "AWS::KMS::Key": (
        "BypassPolicyLockoutSafetyCheck Description EnableKeyRotation Enabled KeyPolicy KeySpec KeyUsage MultiRegion "
        "Origin PendingWindowInDays RotationPeriodInDays Tags"
    ),
    "AWS::KMS::ReplicaKey": "Description Enabled KeyPolicy PendingWindowInDays PrimaryKeyArn Tags",
    "AWS::Organizations::Policy": "Content Description Name TargetIds Type",
    "AWS::RolesAnywhere::Profile": "Enabled Name RoleArns Tags",
    "AWS::RolesAnywhere::TrustAnchor": "Enabled Name NotificationSettings Source Tags",
    "AWS::SSM::Parameter": "Description Name Tags Tier Value",
}


STATED = ("AWS::RolesAnywhere::Profile", "AWS::RolesAnywhere::TrustAnchor")


def reported(kind: str, properties: dict[str, Any]) -> list[str]:
    properties = {"Enabled": True, **properties} if kind in STATED else properties
    return said_of(kind, properties)


def said_of(kind: str, properties: dict[str, Any]) -> list[str]:
    resource = Resource("stack", "111111111111", "eu-west-1", "One", kind, properties, None, None)
    return list(not_understood(resource))


@pytest.mark.parametrize("kind", UNDERSTOOD)
def test_every_property_but_these_is_named(kind: str) -> None:
    known = {name: "any" for name in UNDERSTOOD[kind].split() if not _limited(kind, name)}
    assert reported(kind, known) == []
    strange = {name: "any" for name in {*_every(), "Another", "Anew"} - known.keys() if not _limited(kind, name)}
    assert reported(kind, {**known, **strange}) == [
        f"stack One: {kind} {name}: the proof does not know this property" for name in sorted(strange)
    ]


def _every() -> set[str]:
    return {name for names in UNDERSTOOD.values() for name in names.split()}


def _limited(kind: str, name: str) -> bool:
    return any(kind == limited and name == of for limited, of, _, _ in VALUES)


VALUES: list[tuple[str, str, list[object], list[object]]] = [
    ("AWS::RolesAnywhere::Profile", "Enabled", [True, "true", False, "false"], ["yes", 1, None, ""]),
    ("AWS::RolesAnywhere::TrustAnchor", "Enabled", [True, "true", False, "false"], ["yes", 1, None, ""]),
    ("AWS::RolesAnywhere::Profile", "DurationSeconds", [900, "900", 3600], [899, 3601, "1h", None]),
    ("AWS::RolesAnywhere::Profile", "AcceptRoleSessionName", [False, "false"], [True, "true", None]),
    ("AWS::RolesAnywhere::Profile", "RequireInstanceProperties", [False, "false"], [True, "true", None]),
    ("AWS::IAM::Role", "MaxSessionDuration", [3600, "43200"], [3599, 43_201, "an hour"]),
    ("AWS::SSM::Parameter", "DataType", ["text"], ["aws:ec2:image", "", None]),
    ("AWS::SSM::Parameter", "Type", ["String"], ["SecureString", "StringList", None]),
]


@pytest.mark.parametrize("kind", STATED)
def test_whether_certificates_are_taken_is_written(kind: str) -> None:
    """The template reference gives Enabled no default: what is not written may be enabled."""
    sentence = f"stack One: {kind} Enabled is missing; AWS documents no default, so write true or false"
    assert said_of(kind, {"Name": "any"}) == [sentence]


@pytest.mark.parametrize(("kind", "name", "understood", "others"), VALUES)
def test_a_property_has_one_of_these_values_or_is_named(
    kind: str, name: str, understood: list[object], others: list[object]
) -> None:
    assert [reported(kind, {name: value}) for value in understood] == [[]] * len(understood)
    for value in others:
        (sentence,) = reported(kind, {name: value})
        assert sentence.startswith(f"stack One: {kind} {name} is ")


def test_of_a_type_that_the_proof_does_not_read_nothing_is_said() -> None:
    assert reported("AWS::S3::Bucket", {"Another": 1}) == []


@pytest.mark.parametrize(
    ("kind", "properties", "sentence"),
    [
        ("AWS::IAM::Role", {"MaxSessionDuration": 3599}, "MaxSessionDuration is 3599; allowed: 3600 to 43200"),
        ("AWS::SSM::Parameter", {"Type": "SecureString"}, 'Type is "SecureString"; allowed: String'),
        ("AWS::SSM::Parameter", {"DataType": "aws:ec2:image"}, 'DataType is "aws:ec2:image"; allowed: text'),
        ("AWS::RolesAnywhere::Profile", {"DurationSeconds": 899}, "DurationSeconds is 899; allowed: 900 to 3600"),
        (
            "AWS::RolesAnywhere::Profile",
            {"AcceptRoleSessionName": True},
            "AcceptRoleSessionName is true; allowed: false",
        ),
        ("AWS::KMS::Key", {"": 1}, '"": the proof does not know this property'),
    ],
)
def test_a_value_is_named_with_those_that_are_allowed(kind: str, properties: dict[str, Any], sentence: str) -> None:
    assert reported(kind, properties) == [f"stack One: {kind} {sentence}"]
