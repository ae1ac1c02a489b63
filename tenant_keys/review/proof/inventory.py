"""What the templates contain that affects keys: keys, aliases, roles and their policies. Read one stack at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tenant_keys.manifest.stack_names import is_audit_stack
from tenant_keys.review.assembly import Resource, Stack, Stacks, unresolved_id
from tenant_keys.review.assembly.partitions import partition_of
from tenant_keys.review.proof.binding_records import (
    ControlRecord,
    ParameterRecord,
    PodAssociation,
    authority_of,
    read_association,
    read_control,
    read_parameter,
)
from tenant_keys.review.proof.checked_properties import checked, document_of, list_of, tags_of, text_of
from tenant_keys.review.proof.creation_order import created_too_early
from tenant_keys.review.proof.key_records import AliasRecord, KeyRecord, key_id_of, read_alias, read_key
from tenant_keys.review.proof.named_principals import KeyPrincipals, Named, named_principals
from tenant_keys.review.proof.outcome import NotProved
from tenant_keys.review.proof.promise import Promise
from tenant_keys.review.proof.refused_values import refused_values
from tenant_keys.review.proof.resource_properties import not_understood
from tenant_keys.review.proof.role_records import AttachedPolicy, RoleRecord, policy_arn, read_role
from tenant_keys.review.proof.stack_order import StackOrder
from tenant_keys.review.syntax import parse_document

_QUIET: Final = frozenset({"AWS::CDK::Metadata"})
"""Types that do nothing. A policy of the organization restricts, and what it leaves of the declared access counts."""
_BINDING: Final = frozenset(
    {
        "AWS::EKS::PodIdentityAssociation",
        "AWS::IAM::OIDCProvider",
        "AWS::RolesAnywhere::Profile",
        "AWS::RolesAnywhere::TrustAnchor",
    }
)
TRAIL_TYPES: Final = ("AWS::CloudTrail::Trail", "AWS::S3::Bucket", "AWS::S3::BucketPolicy")
_AUDIT: Final = frozenset(
    {
        *TRAIL_TYPES,
        "AWS::CloudFormation::StackSet",
        "AWS::CloudWatch::Alarm",
        "AWS::Events::EventBusPolicy",
        "AWS::Events::Rule",
        "AWS::SNS::Topic",
        "AWS::SNS::TopicPolicy",
    }
)
"""Types of the stacks of audit and trail, each of which is compared with what is declared."""
_HOOK: Final = frozenset({"AWS::CloudFormation::LambdaHook", "AWS::Lambda::Function", "AWS::Logs::LogGroup"})
"""Types of the stack of the CloudFormation Hook, each of which is compared with what is declared."""
_AUDIT_TAGGED: Final = _AUDIT - {"AWS::Events::EventBusPolicy", "AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy"}
AUDIT_KEY: Final = "AuditKey"
"""Logical id of the key that encrypts the audit topic, in a stack that the estate calls an audit stack."""
_APART: Final = frozenset({"AWS::Organizations::Policy", "AWS::SSM::Parameter"})
_KMS: Final = frozenset({"AWS::KMS::Alias", "AWS::KMS::Key", "AWS::KMS::ReplicaKey"})


@dataclass(slots=True)
class Inventory:
    """All that the templates hold."""

    keys: dict[str | None, list[KeyRecord]] = field(default_factory=dict)
    """By the tenant whose alias points at the key; None for keys that no tenant's alias names."""
    audit_keys: list[KeyRecord] = field(default_factory=list)
    """Keys of audit topics, at which no tenant's alias points."""
    audit: list[Resource] = field(default_factory=list)
    """What else audit stacks hold, and the stack of the account's own trail."""
    hooks: list[Resource] = field(default_factory=list)
    """What the stacks of the CloudFormation Hook hold beside roles."""
    aliases: dict[tuple[str, str], list[AliasRecord]] = field(default_factory=dict)
    """By Region and key id."""
    roles: dict[str, RoleRecord] = field(default_factory=dict)
    unmodelled: list[str] = field(default_factory=list)
    """Types of resources that the proof does not know."""
    properties: list[str] = field(default_factory=list)
    """Properties and values that the proof does not know, each in a sentence."""
    named: dict[Named, str] = field(default_factory=dict)
    """Principals of key and trust policies, which have to exist, and where each is named first."""
    refused: list[str] = field(default_factory=list)
    """Values of properties that AWS refuses, each in a sentence without an end."""
    early: list[str] = field(default_factory=list)
    """Resources that may be created before what they need, each in a sentence."""
    twice: list[str] = field(default_factory=list)
    """Roles whose name is taken by another role of the account: which of the two would stand is not known."""
    anchors: dict[str, str] = field(default_factory=dict)
    """Certificate authorities of IAM Roles Anywhere, by the ARN of the trust anchor; of those that are enabled."""
    instances: list[tuple[str, str]] = field(default_factory=list)
    """Account and name of the role of each instance profile."""
    profiles: list[tuple[str, str, str]] = field(default_factory=list)
    """Account, Region and ARN of each role for which IAM Roles Anywhere hands out sessions."""
    providers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Client ids of each OIDC provider, by its ARN."""
    pods: list[PodAssociation] = field(default_factory=list)
    parameters: list[ParameterRecord] = field(default_factory=list)
    managed: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Managed policies of the templates, by ARN."""
    tags: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    """Of each resource that takes tags and is neither key nor role: where it is, and its tags."""
    controls: list[ControlRecord] = field(default_factory=list)
    loose: list[AttachedPolicy] = field(default_factory=list)
    """Policies of roles that are in no template."""
    stacks: int = 0

    def aliases_of(self, record: KeyRecord) -> tuple[str, ...]:
        """The names of the aliases that point at a key, sorted."""
        return tuple(sorted(alias.name for alias in self.aliases.get((record.region, record.key_id), ())))


def take_inventory(assembly: Stacks, promises: Mapping[str, Promise]) -> Inventory:
    """Read every stack of the assembly, one at a time."""
    inventory = Inventory()
    shared: dict[str, str] = {}
    principals = KeyPrincipals()
    tenants = {promise.alias: tenant for tenant, promise in promises.items()}
    attached: list[AttachedPolicy] = []
    order = StackOrder()
    for stack in assembly.stacks():
        inventory.stacks += 1
        of_keys = {
            record.logical_id: principals.of(record.policy, promise)
            for record, promise in _read_keys(stack, promises, tenants, inventory, shared)
        }
        attached += _read_identities(stack, inventory)
        inventory.early += created_too_early(stack)
        order.read(stack)
        for named, where in named_principals(stack, of_keys):
            inventory.named.setdefault(named, where)
    inventory.early += order.too_early(inventory.roles)
    by_name: dict[tuple[str, str], RoleRecord] = {}
    for role in inventory.roles.values():
        role.identity += [(arn, inventory.managed[arn]) for arn in role.managed if arn in inventory.managed]
        role.managed = tuple(arn for arn in role.managed if arn not in inventory.managed)
        name = (role.account, _plain_name(role.arn))
        if name in by_name:
            inventory.twice.append(role.arn)
        by_name[name] = role
    for policy in attached:
        owner = by_name.get((policy.account, policy.role_name.lower()))
        if owner is None:
            inventory.loose.append(policy)
            continue
        if policy.inline and policy.name in {name for name, _ in owner.identity}:
            raise NotProved(f"{policy.where}: {owner.arn} has two policies {policy.name}: one would replace the other")
        owner.identity.append((policy.name, policy.document))
    return inventory


def parse_policies(inventory: Inventory) -> None:
    """Parse every policy under the name of its stack and its key or role; raises MalformedPolicy."""
    for record in (*inventory.audit_keys, *(one for records in inventory.keys.values() for one in records)):
        parse_document(record.policy, f"{record.where}.KeyPolicy")
    for role in inventory.roles.values():
        parse_document(role.trust, f"{role.stack} {role.arn}: AssumeRolePolicyDocument")
        for name, document in role.identity:
            parse_document(document, f"{role.stack} {role.arn}: policy {name}")
    for policy in inventory.loose:
        parse_document(policy.document, f"{policy.where}: policy {policy.name}")


def _plain_name(arn: str) -> str:
    """A role's name alone: in one account names must differ by more than case or path (IAM guide, identifiers)."""
    return arn.rpartition("/")[2].lower()


def _read_keys(
    stack: Stack,
    promises: Mapping[str, Promise],
    tenants: Mapping[str, str],
    inventory: Inventory,
    shared: dict[str, str],
) -> Iterator[tuple[KeyRecord, Promise | None]]:
    """Collect keys and aliases; yield each key with its tenant's promise. `tenants`: by the name of their alias."""
    keys = {}
    owners: dict[str, str] = {}
    for resource in stack.resources.values():
        if resource.type == "AWS::KMS::Alias":
            alias = read_alias(resource)
            inventory.aliases.setdefault((alias.region, alias.key_id), []).append(alias)
            if alias.name in tenants:
                owners.setdefault(alias.key_id, tenants[alias.name])
        elif resource.type in ("AWS::KMS::Key", "AWS::KMS::ReplicaKey"):
            keys[resource.logical_id] = resource
    for resource in keys.values():
        key_id = key_id_of(resource)
        tenant_id = owners.get(key_id)
        promise = promises.get(tenant_id) if tenant_id else None
        record = read_key(resource, key_id, promise, shared)
        if tenant_id is None and resource.logical_id == AUDIT_KEY and is_audit_stack(resource.stack):
            inventory.audit_keys.append(record)
        else:
            inventory.keys.setdefault(tenant_id, []).append(record)
        yield record, promise


def _read_identities(stack: Stack, inventory: Inventory) -> Iterator[AttachedPolicy]:
    """Collect roles; yield the policies that are apart from theirs."""
    for resource in stack.resources.values():
        kind, properties = resource.type, resource.properties
        where = resource.where
        inventory.properties += not_understood(resource)
        inventory.refused += refused_values(resource)
        inventory.tags += _tags_beside(resource)
        if kind == "AWS::IAM::Role":
            role = read_role(resource)
            if role.arn in inventory.roles:
                inventory.twice.append(role.arn)
            inventory.roles[role.arn] = role
        elif kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"):
            yield from _attached(resource, inventory)
            if properties.get("Users") or properties.get("Groups"):
                inventory.unmodelled.append(f"{where}: a policy of users or groups")
        elif kind == "AWS::IAM::InstanceProfile":
            inventory.instances += [(resource.account, str(role)) for role in list_of(resource, "Roles")]
        elif kind in _HOOK:
            inventory.hooks.append(resource)
        elif kind in _BINDING | _AUDIT | _APART:
            _read_binding(resource, inventory)
        elif kind not in _KMS | _QUIET:
            inventory.unmodelled.append(f"{where}: {kind}")


def _read_binding(resource: Resource, inventory: Inventory) -> None:
    """What binds principals to roles beside trust policies, tells them their roles, limits them or watches keys."""
    kind, properties = resource.type, resource.properties
    enabled = str(properties.get("Enabled")).lower() == "true"
    if kind == "AWS::RolesAnywhere::TrustAnchor" and enabled:
        partition, anchor = partition_of(resource.region).name, unresolved_id(resource)
        arn = f"arn:{partition}:rolesanywhere:{resource.region}:{resource.account}:trust-anchor/{anchor}"
        inventory.anchors[arn] = authority_of(resource)
    elif kind == "AWS::RolesAnywhere::Profile" and enabled:
        inventory.profiles += [(resource.account, resource.region, str(arn)) for arn in list_of(resource, "RoleArns")]
    elif kind == "AWS::IAM::OIDCProvider":
        host = text_of(resource, "Url").removeprefix("https://")
        clients = [checked(resource, "ClientIdList", one, str) for one in list_of(resource, "ClientIdList")]
        inventory.providers[
            f"arn:{partition_of(resource.region).name}:iam::{resource.account}:oidc-provider/{host}"
        ] = tuple(clients)
    elif kind == "AWS::EKS::PodIdentityAssociation":
        inventory.pods.append(read_association(resource))
    elif kind in _AUDIT:
        inventory.audit.append(resource)
    elif kind == "AWS::SSM::Parameter":
        inventory.parameters.append(read_parameter(resource))
    elif kind == "AWS::Organizations::Policy":
        inventory.controls.append(read_control(resource))


def _attached(resource: Resource, inventory: Inventory) -> Iterator[AttachedPolicy]:
    properties, where = resource.properties, resource.where
    name = str(properties.get("PolicyName") or properties.get("ManagedPolicyName") or resource.logical_id)
    if resource.type == "AWS::IAM::RolePolicy":
        roles = [text_of(resource, "RoleName")]
    else:
        roles = [checked(resource, "Roles", role, str) for role in list_of(resource, "Roles")]
    document = document_of(resource, "PolicyDocument", properties)
    inline = resource.type != "AWS::IAM::ManagedPolicy"
    if not inline:
        arn = policy_arn(resource)
        if arn in inventory.managed:
            inventory.refused.append(f"{where}: another managed policy of the templates is {arn}")
        inventory.managed[arn] = document
    for role_name in roles:
        yield AttachedPolicy(where, resource.account, role_name, name, document, inline)


def _tags_beside(resource: Resource) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The tags of a resource that is neither key nor role."""
    if resource.type in _BINDING | _AUDIT_TAGGED or resource.type == "AWS::SSM::Parameter":
        yield f"{resource.where} ({resource.type})", tags_of(resource)
