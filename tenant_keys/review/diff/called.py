"""What a change calls a resource: its type in words, and the name that AWS knows it by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tenant_keys.review.assembly import Resource

_NAMES: Final[Mapping[str, str]] = {
    "AWS::EKS::PodIdentityAssociation": "pod identity association",
    "AWS::IAM::InstanceProfile": "instance profile",
    "AWS::IAM::ManagedPolicy": "managed policy",
    "AWS::IAM::OIDCProvider": "OIDC provider",
    "AWS::IAM::Policy": "policy",
    "AWS::IAM::Role": "role",
    "AWS::IAM::RolePolicy": "policy",
    "AWS::Organizations::Policy": "policy of the organization",
    "AWS::RolesAnywhere::Profile": "Roles Anywhere profile",
    "AWS::RolesAnywhere::TrustAnchor": "Roles Anywhere trust anchor",
    "AWS::SSM::Parameter": "SSM parameter",
}
_NAMING: Final = ("RoleName", "PolicyName", "ManagedPolicyName", "InstanceProfileName", "Name", "Url")


def kind_in_words(kind: str) -> str:
    """A type of resource, such as `role`; a type that estates rarely have by CloudFormation's name."""
    return _NAMES.get(kind, kind)


def called(resource: Resource) -> str:
    """The name of a resource, or its logical id where it has none, and where it is."""
    given = next((resource.properties[name] for name in _NAMING if name in resource.properties), None)
    where = f" of account {resource.account}" if resource.type.startswith("AWS::IAM::") else f" in {resource.region}"
    return f"{given if isinstance(given, str) else resource.logical_id}{where}"
