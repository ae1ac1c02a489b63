"""Roles of the templates and the policies attached to them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tenant_keys.review.assembly import Resource, unresolved_id
from tenant_keys.review.assembly.partitions import partition_of
from tenant_keys.review.proof.checked_properties import checked, document_of, list_of, tags_of
from tenant_keys.review.proof.outcome import NotProved

_ROLE_ARN: Final = re.compile(r"arn:[a-z-]+:iam::\d{12}:role/(?:[!-~]+/)?[\w+=,.@!-]+", re.ASCII)
"""As the IAM API has Path and RoleName; `!` is in names that AWS has yet to choose."""


@dataclass(slots=True)
class RoleRecord:
    """A role with everything the templates attach to it."""

    stack: str
    account: str
    arn: str
    trust: Mapping[str, Any]
    identity: list[tuple[str, Mapping[str, Any]]]
    """Name and document of each policy."""
    managed: tuple[str, ...]
    """ARNs of managed policies that are not in the templates."""
    tags: Mapping[str, str]
    boundary: str | None = None
    """The ARN of the permissions boundary."""


@dataclass(frozen=True, slots=True)
class AttachedPolicy:
    """A policy of a role, in a resource of its own."""

    where: str
    account: str
    role_name: str
    name: str
    document: Mapping[str, Any]
    inline: bool


def policy_arn(resource: Resource) -> str:
    """The ARN of a managed policy of the templates."""
    name = resource.properties.get("ManagedPolicyName") or unresolved_id(resource)
    partition = partition_of(resource.region).name
    return f"arn:{partition}:iam::{resource.account}:policy{resource.properties.get('Path', '/')}{name}"


def role_arn(resource: Resource) -> str:
    """The ARN of a role of the templates."""
    name = resource.properties.get("RoleName") or unresolved_id(resource)
    partition = partition_of(resource.region).name
    return f"arn:{partition}:iam::{resource.account}:role{resource.properties.get('Path', '/')}{name}"


def read_role(resource: Resource) -> RoleRecord:
    """The record of an AWS::IAM::Role with its inline policies."""
    properties = resource.properties
    arn = role_arn(resource)
    if not _ROLE_ARN.fullmatch(arn):
        raise NotProved(f"{resource.where}: {arn} is the ARN of no role; correct Path and RoleName")
    policies = [checked(resource, "Policies", one, dict) for one in list_of(resource, "Policies")]
    identity = {str(one.get("PolicyName")): document_of(resource, "PolicyDocument", one) for one in policies}
    if len(identity) != len(policies):
        raise NotProved(f"{resource.where}.Policies: two of one name: one would replace the other")
    tags = tags_of(resource)
    if len({key.lower() for key in tags}) < len(list_of(resource, "Tags")):
        # IAM refuses them (IAM guide, id_tags: tag keys are not case sensitive).
        raise NotProved(f"{resource.where}.Tags: two of one name, but for its case")
    return RoleRecord(
        resource.stack,
        resource.account,
        arn,
        document_of(resource, "AssumeRolePolicyDocument", properties),
        list(identity.items()),
        tuple(map(str, list_of(resource, "ManagedPolicyArns"))),
        tags,
        None if "PermissionsBoundary" not in properties else str(properties["PermissionsBoundary"]),
    )
