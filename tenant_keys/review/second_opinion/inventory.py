"""What the templates hold that bears on keys: raw documents and names, as the reading of the assembly gives them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tenant_keys.manifest.stack_names import is_audit_stack, is_hook_stack
from tenant_keys.review.assembly import Resource, Stacks, unresolved_id
from tenant_keys.review.assembly.partitions import partition_of
from tenant_keys.review.second_opinion.statements import IDENTITY, Statement, statements

_WITHOUT_PERMISSIONS: Final = frozenset(
    {
        "AWS::CDK::Metadata",
        "AWS::CloudFormation::StackSet",
        "AWS::CloudTrail::Trail",
        "AWS::CloudWatch::Alarm",
        "AWS::EKS::PodIdentityAssociation",
        "AWS::Events::EventBusPolicy",
        "AWS::Events::Rule",
        "AWS::IAM::InstanceProfile",
        "AWS::RolesAnywhere::Profile",
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::Topic",
        "AWS::SNS::TopicPolicy",
        "AWS::SSM::Parameter",
    }
)
"""Types that allow nothing by themselves: they bind principals to roles, whose trust policies are read.

The stacks that a stack set makes are read beside it, in each account and Region.
"""
_OF_HOOK: Final = frozenset(
    {"AWS::CDK::Metadata", "AWS::CloudFormation::LambdaHook", "AWS::Lambda::Function", "AWS::Logs::LogGroup"}
)
"""Of the stack of the CloudFormation Hook alone: its function runs as a role, whose policies are read."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key or a replica."""

    arn: str
    account: str
    region: str
    policy: object
    where: str
    facts: Mapping[str, str | None]
    """Condition keys that the key's own properties decide; None where it has no such property."""
    tags: Mapping[str, str]
    of_topic: bool = False
    """Whether it has the place of the key that encrypts the topic of an audit stack."""


@dataclass(slots=True)
class Role:
    """A role with the policies that the templates attach to it."""

    arn: str
    trust: object
    identity: list[tuple[str, Any]]
    unknown_policies: bool
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Control:
    """A policy of the organization."""

    where: str
    kind: str
    targets: tuple[str, ...]
    document: Any


@dataclass(slots=True)
class Inventory:
    """All that the templates hold."""

    keys: list[Key] = field(default_factory=list)
    aliases: dict[str, list[str]] = field(default_factory=dict)
    """Names by the ARN of the key at which they point."""
    roles: dict[str, Role] = field(default_factory=dict)
    providers: list[str] = field(default_factory=list)
    """ARNs of OpenID Connect providers."""
    anchors: dict[str, str] = field(default_factory=dict)
    """Certificate authorities of IAM Roles Anywhere, by the ARN of the trust anchor."""
    controls: list[Control] = field(default_factory=list)
    not_understood: list[str] = field(default_factory=list)
    parsed: dict[int, tuple[Statement, ...]] = field(default_factory=dict)

    def statements(self, document: object, kind: str, name: str) -> tuple[Statement, ...]:
        """The statements of one of these documents, read once."""
        if id(document) not in self.parsed:
            self.parsed[id(document)] = tuple(statements(document, kind, name))
        return self.parsed[id(document)]

    def own(self, identity: tuple[tuple[str, Any], ...] | None) -> tuple[Statement, ...] | None:
        """The statements of a principal's own policies; None where they may be any."""
        if identity is None:
            return None
        return tuple(one for name, body in identity for one in self.statements(body, IDENTITY, name))


def take_inventory(assembly: Stacks) -> Inventory:
    """Read every stack."""
    found = Inventory()
    attached: list[tuple[Resource, str, Any]] = []
    for stack in assembly.stacks():
        for resource in stack.resources.values():
            try:
                _read(resource, found, attached)
            except (KeyError, TypeError, AttributeError, ValueError) as problem:
                found.not_understood.append(f"{resource.where}: {problem!r}")
    by_name = {(arn.split(":")[4], arn.rpartition("/")[2].lower()): role for arn, role in found.roles.items()}
    for resource, role_name, document in attached:
        role = by_name.get((resource.account, role_name.lower()))
        if role is not None:  # of a role outside the templates nothing is taken to be forbidden anyway
            role.identity.append((resource.where, document))
    return found


def _read(resource: Resource, found: Inventory, attached: list[tuple[Resource, str, Any]]) -> None:
    properties, where = resource.properties, resource.where
    partition = partition_of(resource.region).name
    match resource.type:
        case "AWS::KMS::Key" | "AWS::KMS::ReplicaKey":
            arn = f"arn:{partition}:kms:{resource.region}:{resource.account}:key/{_key_id(resource)}"
            found.keys.append(
                Key(
                    arn,
                    resource.account,
                    resource.region,
                    properties.get("KeyPolicy"),
                    where,
                    _facts(resource),
                    _tags(resource),
                    of_topic=resource.logical_id == "AuditKey" and is_audit_stack(resource.stack),
                )
            )
        case "AWS::KMS::Alias":
            target = properties["TargetKeyId"].rpartition("/")[2]
            arn = f"arn:{partition}:kms:{resource.region}:{resource.account}:key/{target}"
            found.aliases.setdefault(arn, []).append(properties["AliasName"])
        case "AWS::IAM::Role":
            name = properties.get("RoleName") or unresolved_id(resource)
            arn = f"arn:{partition}:iam::{resource.account}:role{properties.get('Path', '/')}{name}"
            found.roles[arn] = Role(
                arn,
                properties["AssumeRolePolicyDocument"],
                [(f"{arn} {one['PolicyName']}", one["PolicyDocument"]) for one in properties.get("Policies", ())],
                bool(properties.get("ManagedPolicyArns")),
                {one["Key"]: one["Value"] for one in properties.get("Tags", ())},
            )
        case "AWS::IAM::Policy" | "AWS::IAM::ManagedPolicy" | "AWS::IAM::RolePolicy":
            roles = [properties["RoleName"]] if "RoleName" in properties else properties.get("Roles", ())
            attached += [(resource, name, properties["PolicyDocument"]) for name in roles]
            if properties.get("Users") or properties.get("Groups"):
                raise ValueError("a policy of users or groups")
        case "AWS::IAM::OIDCProvider":
            host = properties["Url"].removeprefix("https://")
            found.providers.append(f"arn:{partition}:iam::{resource.account}:oidc-provider/{host}")
        case "AWS::RolesAnywhere::TrustAnchor":
            anchor = f"trust-anchor/{unresolved_id(resource)}"
            arn = f"arn:{partition}:rolesanywhere:{resource.region}:{resource.account}:{anchor}"
            found.anchors[arn] = str(properties["Source"].get("SourceData", {}).get("AcmPcaArn", "another authority"))
        case "AWS::Organizations::Policy":
            content = properties["Content"]
            document = json.loads(content) if isinstance(content, str) else content
            targets = tuple(properties.get("TargetIds", ()))
            found.controls.append(Control(where, properties["Type"], targets, document))
        case kind if kind not in (_OF_HOOK if is_hook_stack(resource.stack) else _WITHOUT_PERMISSIONS):
            raise ValueError(f"{kind} is not modelled")


def _facts(resource: Resource) -> dict[str, str]:
    """AWS KMS guide, conditions-kms; defaults as CloudFormation has them (AWS::KMS::Key).

    A key answers in its own Region alone, and its tags are those of the template until a trusted principal changes
    them (IAM guide, reference_policies_condition-keys, aws:RequestedRegion, aws:ResourceTag).

    Open are the spec, usage and origin of a replica, whose primary is in another template, and the type of a key of one
    Region, of which the guide says nothing.
    """
    properties = resource.properties
    tags = _tags(resource)
    names = [name.lower() for name in tags]
    standing = {"aws:requestedregion": resource.region}
    standing |= {f"aws:resourcetag/{one.lower()}": tags[one] for one in tags if names.count(one.lower()) == 1}
    if resource.type == "AWS::KMS::ReplicaKey":
        return {**standing, "kms:multiregion": "true", "kms:multiregionkeytype": "REPLICA"}
    spec, usage = (
        str(properties.get("KeySpec", "SYMMETRIC_DEFAULT")),
        str(properties.get("KeyUsage", "ENCRYPT_DECRYPT")),
    )
    wide = properties.get("MultiRegion") in (True, "true")
    return {
        **standing,
        "kms:keyspec": spec,
        "kms:customermasterkeyspec": spec,
        "kms:keyusage": usage,
        "kms:customermasterkeyusage": usage,
        "kms:keyorigin": str(properties.get("Origin", "AWS_KMS")),
        "kms:multiregion": "true" if wide else "false",
        **({"kms:multiregionkeytype": "PRIMARY"} if wide else {}),
    }


def _tags(resource: Resource) -> dict[str, str]:
    return {str(one["Key"]): str(one["Value"]) for one in resource.properties.get("Tags", ())}


def _key_id(resource: Resource) -> str:
    if resource.type == "AWS::KMS::ReplicaKey":
        return str(resource.properties["PrimaryKeyArn"].rpartition("/")[2])
    return ("mrk-" if resource.properties.get("MultiRegion") in (True, "true") else "") + unresolved_id(resource)
