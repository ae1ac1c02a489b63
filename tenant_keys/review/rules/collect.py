"""Finds the policy documents in a stack's resources."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tenant_keys.review.assembly import Resource, Stack
from tenant_keys.review.errors import MalformedPolicy
from tenant_keys.review.rules.model import Kind, Place, Policy, parse_policy

# Property by property: where a type keeps its one document, and of what kind it is.
_ONE_DOCUMENT: Mapping[str, tuple[str, Kind]] = {
    "AWS::EKS::PodIdentityAssociation": ("Policy", "session"),
    "AWS::IAM::GroupPolicy": ("PolicyDocument", "identity"),
    "AWS::IAM::ManagedPolicy": ("PolicyDocument", "identity"),
    "AWS::IAM::Policy": ("PolicyDocument", "identity"),
    "AWS::IAM::Role": ("AssumeRolePolicyDocument", "trust"),
    "AWS::IAM::RolePolicy": ("PolicyDocument", "identity"),
    "AWS::IAM::UserPolicy": ("PolicyDocument", "identity"),
    "AWS::KMS::Key": ("KeyPolicy", "key"),
    "AWS::KMS::ReplicaKey": ("KeyPolicy", "key"),
    "AWS::RolesAnywhere::Profile": ("SessionPolicy", "session"),
}
_WITH_INLINE_POLICIES = frozenset({"AWS::IAM::Group", "AWS::IAM::Role", "AWS::IAM::User"})


def policies(stack: Stack) -> Iterator[Policy]:
    """Yield the policies of a stack."""
    for resource in stack.resources.values():
        if one := _ONE_DOCUMENT.get(resource.type):
            name, kind = one
            if (document := resource.properties.get(name)) is not None:
                yield _policy(resource, document, kind, name)
        if resource.type in _WITH_INLINE_POLICIES:
            for inline in resource.properties.get("Policies", ()):
                yield _policy(resource, inline["PolicyDocument"], "identity", inline["PolicyName"])


def _policy(resource: Resource, document: object, kind: Kind, name: str) -> Policy:
    if isinstance(document, str):
        document = _parsed(document, resource, name)
    if not isinstance(document, Mapping):
        raise MalformedPolicy(f"{resource.stack}/{resource.logical_id}/{name}", document, "an object")
    return parse_policy(document, kind, Place(resource.stack, resource.logical_id, name, resource.account))


def _parsed(text: str, resource: Resource, name: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise MalformedPolicy(f"{resource.stack}/{resource.logical_id}/{name}", text[:80], f"JSON: {error}") from error
