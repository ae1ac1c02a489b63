"""What the templates hold that bears on keys: keys, aliases, roles and their policies. Read as a stream.

A tenant's documents are kept as text in which its own names are replaced by marks, so that ten thousand tenants take
the space of one: documents that differ in names alone are the same text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from tenant_keys.manifest.stack_names import is_audit_stack
from tenant_keys.review.assembly import Resource, Stack, unborn
from tenant_keys.review.assembly.json_file import parse_json
from tenant_keys.review.assembly.partitions import partition_of
from tenant_keys.review.errors import AssemblyUnreadable
from tenant_keys.review.iam.variables import Value
from tenant_keys.review.proof.outcome import NotProved
from tenant_keys.review.proof.promise import Promise
from tenant_keys.review.proof.resource_properties import not_understood
from tenant_keys.review.proof.trail import TRAIL_TYPES

MARK: Final = "\u27e6"
"""Begins a mark. KMS and IAM accept no such character in a policy (AWS KMS API, PutKeyPolicy)."""

_QUIET: Final = frozenset({"AWS::CDK::Metadata"})
"""Types that do nothing. A policy of the organization restricts, and what it leaves of the declared access counts."""
SYMMETRIC: Final = "SYMMETRIC_DEFAULT"
USAGE: Final = "ENCRYPT_DECRYPT"
_SYMMETRIC: Final[Mapping[str, Sequence[Value | None]]] = {
    "kms:keyspec": [SYMMETRIC],
    "kms:customermasterkeyspec": [SYMMETRIC],
    "kms:keyusage": [USAGE],
    "kms:customermasterkeyusage": [USAGE],
}
_BINDING: Final = frozenset(
    {
        "AWS::EKS::PodIdentityAssociation",
        "AWS::IAM::OIDCProvider",
        "AWS::RolesAnywhere::Profile",
        "AWS::RolesAnywhere::TrustAnchor",
    }
)
_AUDIT: Final = frozenset(
    {
        *TRAIL_TYPES,
        "AWS::CloudWatch::Alarm",
        "AWS::Events::EventBusPolicy",
        "AWS::Events::Rule",
        "AWS::SNS::Topic",
        "AWS::SNS::TopicPolicy",
    }
)
"""Types of the stacks of audit and trail, each of which is compared with what is declared."""
_AUDIT_TAGGED: Final = _AUDIT - {"AWS::Events::EventBusPolicy", "AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy"}
AUDIT_KEY: Final = "AuditKey"
"""Logical id of the key that encrypts the audit topic, in a stack that the estate calls an audit stack."""
_APART: Final = frozenset({"AWS::Organizations::Policy", "AWS::SSM::Parameter"})
_KMS: Final = frozenset({"AWS::KMS::Alias", "AWS::KMS::Key", "AWS::KMS::ReplicaKey"})
RESOURCE_TAG: Final = "aws:resourcetag/"
_ROLE_ARN: Final = re.compile(r"arn:[a-z-]+:iam::\d{12}:role/(?:[!-~]+/)?[\w+=,.@!-]+", re.ASCII)
"""As the IAM API has Path and RoleName; `!` is in names that AWS has yet to choose."""


_Kind = TypeVar("_Kind")


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key or a replica."""

    stack: str
    logical_id: str
    account: str
    region: str
    key_id: str
    policy: str
    """Text with marks for the names of its tenant."""
    enabled: bool
    retained: bool
    replica: bool
    primary_arn: str | None = None
    """Of a replica: the key whose material it shares."""
    properties: Mapping[str, str] = field(default_factory=dict)
    """What KMS says of the key in the context of requests, by condition key in lower case."""
    rotation_days: int | None = None
    """Of a key that AWS rotates automatically."""
    deletion_window_days: int = 30
    tags: Mapping[str, str] = field(default_factory=dict)
    """As the template has them."""

    def choices(self, aliases: tuple[str, ...]) -> dict[str, Sequence[Value | None]]:
        """The values of condition keys that the key decides, where these aliases point at it."""
        return {**{key: [value] for key, value in self.properties.items()}, "kms:resourcealiases": [aliases or None]}

    @property
    def standing(self) -> dict[str, Sequence[Value | None]]:
        """What no caller can choose.

        A key answers in its own Region alone (AWS KMS guide, concepts; IAM guide, aws:RequestedRegion). Its tags are
        those of the template: whoever may change them is on the list of the trusted.
        """
        return {"aws:requestedregion": [self.region], **tagged(self.tags)}

    @property
    def unchosen(self) -> dict[str, Sequence[Value | None]]:
        """What no caller of a declared use can choose, beside the choices.

        A replica shares spec and usage with its primary (AWS KMS guide, multi-Region keys), which is checked apart.
        """
        return self.standing | (dict(_SYMMETRIC) if self.replica else {})

    @property
    def partition(self) -> str:
        return partition_of(self.region).name

    @property
    def arn(self) -> str:
        return f"arn:{self.partition}:kms:{self.region}:{self.account}:key/{self.key_id}"


def tagged(tags: Mapping[str, str]) -> dict[str, Sequence[Value | None]]:
    """The condition keys that a resource's tags fill; names that differ by case alone are left open."""
    names = [name.lower() for name in tags]
    return {RESOURCE_TAG + name.lower(): [value] for name, value in tags.items() if names.count(name.lower()) == 1}


@dataclass(frozen=True, slots=True)
class AliasRecord:
    """An alias and the key it points at."""

    stack: str
    account: str
    region: str
    name: str
    key_id: str
    retained: bool


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


@dataclass(frozen=True, slots=True)
class PodAssociation:
    """An association of EKS Pod Identity: which pods get sessions of a role."""

    where: str
    account: str
    region: str
    cluster: str
    namespace: str
    service_account: str
    role: str
    target: str | None
    """A second role that the pods get instead."""
    tagged: bool
    """Whether EKS adds its own session tags, which would reach the access roles."""


@dataclass(frozen=True, slots=True)
class ParameterRecord:
    """A parameter of Systems Manager."""

    where: str
    account: str
    region: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class ControlRecord:
    """A policy of AWS Organizations."""

    where: str
    account: str
    region: str
    name: str
    kind: str
    """Such as SERVICE_CONTROL_POLICY."""
    targets: tuple[str, ...]
    document: Mapping[str, Any]
    characters: int
    """As it is saved: text as it is, an object as compact JSON."""


@dataclass(slots=True)
class Inventory:
    """All that the templates hold."""

    keys: dict[str | None, list[KeyRecord]] = field(default_factory=dict)
    """By the tenant whose alias points at the key; None for keys that no tenant's alias names."""
    audit_keys: list[KeyRecord] = field(default_factory=list)
    """Keys of audit topics, at which no tenant's alias points."""
    audit: list[Resource] = field(default_factory=list)
    """What else audit stacks hold, and the stack of the account's own trail."""
    aliases: dict[tuple[str, str], list[AliasRecord]] = field(default_factory=dict)
    """By Region and key id."""
    roles: dict[str, RoleRecord] = field(default_factory=dict)
    unmodelled: list[str] = field(default_factory=list)
    """Types and properties of resources that the proof does not know."""
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


class Stacks(Protocol):
    """Stacks one at a time: those of a cloud assembly, or of a test."""

    def stacks(self) -> Iterator[Stack]:
        """Yield each stack once."""


def take_inventory(assembly: Stacks, promises: Mapping[str, Promise]) -> Inventory:
    """Read every stack of the assembly, one at a time."""
    inventory = Inventory()
    shared: dict[str, str] = {}
    attached: list[AttachedPolicy] = []
    for stack in assembly.stacks():
        inventory.stacks += 1
        _read_keys(stack, promises, inventory, shared)
        attached += _read_identities(stack, inventory)
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


def _plain_name(arn: str) -> str:
    """A role's name alone: in one account names must differ by more than case or path (IAM guide, identifiers)."""
    return arn.rpartition("/")[2].lower()


def names(promise: Promise) -> list[tuple[str, str]]:
    """The names of a tenant, and which name each is."""
    own = [(promise.tenant, "id"), (promise.alias, "alias")]
    own += [(use.role_arn, f"role {use.workload}") for use in promise.uses if not use.shared]
    if promise.own_importer and promise.import_role:
        own.append((promise.import_role, "import role"))
    return own


def marks(promise: Promise) -> list[tuple[str, str]]:
    """The names of a tenant as a document has them, and the mark that stands for each."""
    return [(json.dumps(name), f'"{MARK}{which}"') for name, which in names(promise)]


def marked(document: Mapping[str, Any], promise: Promise) -> str:
    """The document as text with marks for the tenant's names, where they stand as whole values."""
    text = json.dumps(document, separators=(",", ":"))
    if MARK in text or "\\u27e6" in text:
        raise NotProved(f"a policy of tenant {promise.tenant} holds the character {MARK}, which AWS refuses")
    for name, mark in marks(promise):
        text = text.replace(name, mark)
    return text


def unmarked(text: str, promise: Promise) -> dict[str, Any]:
    """The document that a tenant with this promise has by this text."""
    for name, mark in marks(promise):
        text = text.replace(mark, name)
    document: dict[str, Any] = json.loads(text)
    return document


def _read_keys(stack: Stack, promises: Mapping[str, Promise], inventory: Inventory, shared: dict[str, str]) -> None:
    keys = {}
    tenants = {promise.alias: tenant for tenant, promise in promises.items()}
    owners: dict[str, str] = {}
    for resource in stack.resources.values():
        if resource.type == "AWS::KMS::Alias":
            alias = _alias(resource)
            inventory.aliases.setdefault((alias.region, alias.key_id), []).append(alias)
            if alias.name in tenants:
                owners.setdefault(alias.key_id, tenants[alias.name])
        elif resource.type in ("AWS::KMS::Key", "AWS::KMS::ReplicaKey"):
            keys[resource.logical_id] = resource
    for resource in keys.values():
        key_id = _key_id(resource)
        tenant_id = owners.get(key_id)
        record = _key(resource, key_id, promises.get(tenant_id) if tenant_id else None, shared)
        if tenant_id is None and resource.logical_id == AUDIT_KEY and is_audit_stack(resource.stack):
            inventory.audit_keys.append(record)
        else:
            inventory.keys.setdefault(tenant_id, []).append(record)


def _alias(resource: Resource) -> AliasRecord:
    target = _text(resource, "TargetKeyId")
    return AliasRecord(
        resource.stack,
        resource.account,
        resource.region,
        _text(resource, "AliasName"),
        target.rpartition("/")[2],
        resource.deletion_policy in ("Retain", "RetainExceptOnCreate") and resource.update_replace_policy == "Retain",
    )


def _key_id(resource: Resource) -> str:
    if resource.type == "AWS::KMS::ReplicaKey":
        return _text(resource, "PrimaryKeyArn").rpartition("/")[2]
    if resource.physical_id is not None:
        return resource.physical_id
    multi_region = "mrk-" if resource.properties.get("MultiRegion") in (True, "true") else ""
    return multi_region + unborn(resource)


def _key(resource: Resource, key_id: str, promise: Promise | None, shared: dict[str, str]) -> KeyRecord:
    policy = resource.properties.get("KeyPolicy")
    if not isinstance(policy, Mapping):
        raise NotProved(
            f"{resource.stack} {resource.logical_id}: a key without a key policy of its own gets KMS's default"
        )
    if resource.properties.get("BypassPolicyLockoutSafetyCheck") in (True, "true"):
        raise NotProved(
            f"{resource.stack} {resource.logical_id}: BypassPolicyLockoutSafetyCheck switches a check of KMS off"
        )
    text = marked(policy, promise) if promise else json.dumps(policy, separators=(",", ":"))
    return KeyRecord(
        resource.stack,
        resource.logical_id,
        resource.account,
        resource.region,
        key_id,
        shared.setdefault(text, text),
        resource.properties.get("Enabled", True) in (True, "true"),
        resource.deletion_policy == "Retain" and resource.update_replace_policy == "Retain",
        resource.type == "AWS::KMS::ReplicaKey",
        _text(resource, "PrimaryKeyArn") if resource.type == "AWS::KMS::ReplicaKey" else None,
        _properties(resource),
        _rotation(resource),
        _days(resource, "PendingWindowInDays", 30),
        _tags(resource),
    )


def _rotation(resource: Resource) -> int | None:
    """Days between automatic rotations; KMS makes none by default, and 365 of a period that is left out."""
    if resource.properties.get("EnableKeyRotation", False) not in (True, "true"):
        return None
    return _days(resource, "RotationPeriodInDays", 365)


def _days(resource: Resource, name: str, default: int) -> int:
    value = str(resource.properties.get(name, default))
    if not (value.isascii() and value.isdecimal()):
        raise NotProved(f"{resource.stack} {resource.logical_id}.{name}: got {value!r:.80}; a number of days")
    return int(value)


def _properties(resource: Resource) -> dict[str, str]:
    """As the template has them, or by default (CloudFormation, AWS::KMS::Key)."""
    if resource.type == "AWS::KMS::ReplicaKey":
        return {"kms:multiregion": "true", "kms:multiregionkeytype": "REPLICA"}
    properties = resource.properties
    spec, usage = (
        str(properties.get(name, default)) for name, default in (("KeySpec", SYMMETRIC), ("KeyUsage", USAGE))
    )
    several = properties.get("MultiRegion") in (True, "true")
    return {
        "kms:keyspec": spec,
        "kms:customermasterkeyspec": spec,
        "kms:keyusage": usage,
        "kms:customermasterkeyusage": usage,
        "kms:keyorigin": str(properties.get("Origin", "AWS_KMS")),
        "kms:multiregion": "true" if several else "false",
        **({"kms:multiregionkeytype": "PRIMARY"} if several else {}),
    }


def _read_identities(stack: Stack, inventory: Inventory) -> Iterator[AttachedPolicy]:
    """Collect roles; yield the policies that stand apart from theirs."""
    for resource in stack.resources.values():
        kind, properties = resource.type, resource.properties
        where = f"{resource.stack} {resource.logical_id}"
        inventory.unmodelled += [f"{where}: {kind} {name}" for name in not_understood(resource)]
        inventory.tags += _tags_beside(resource)
        if kind == "AWS::IAM::Role":
            role = _role(resource)
            if role.arn in inventory.roles:
                inventory.twice.append(role.arn)
            inventory.roles[role.arn] = role
        elif kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"):
            yield from _attached(resource, inventory)
            if properties.get("Users") or properties.get("Groups"):
                inventory.unmodelled.append(f"{where}: a policy of users or groups")
        elif kind == "AWS::IAM::InstanceProfile":
            inventory.instances += [(resource.account, str(role)) for role in _several(resource, "Roles")]
        elif kind in _BINDING | _AUDIT | _APART:
            _read_binding(resource, inventory)
        elif kind not in _KMS | _QUIET:
            inventory.unmodelled.append(f"{where}: {kind}")


def _read_binding(resource: Resource, inventory: Inventory) -> None:
    """What binds principals to roles beside trust policies, tells them their roles, limits them or watches keys."""
    kind, properties = resource.type, resource.properties
    enabled = properties.get("Enabled") in (True, "true")
    if kind == "AWS::RolesAnywhere::TrustAnchor" and enabled:
        partition, anchor = partition_of(resource.region).name, unborn(resource)
        arn = f"arn:{partition}:rolesanywhere:{resource.region}:{resource.account}:trust-anchor/{anchor}"
        inventory.anchors[arn] = _authority(resource)
    elif kind == "AWS::RolesAnywhere::Profile" and enabled:
        inventory.profiles += [(resource.account, resource.region, str(arn)) for arn in _several(resource, "RoleArns")]
    elif kind == "AWS::IAM::OIDCProvider":
        host = _text(resource, "Url").removeprefix("https://")
        clients = [_checked(resource, "ClientIdList", one, str) for one in _several(resource, "ClientIdList")]
        inventory.providers[
            f"arn:{partition_of(resource.region).name}:iam::{resource.account}:oidc-provider/{host}"
        ] = tuple(clients)
    elif kind == "AWS::EKS::PodIdentityAssociation":
        inventory.pods.append(_association(resource))
    elif kind in _AUDIT:
        inventory.audit.append(resource)
    elif kind == "AWS::SSM::Parameter":
        inventory.parameters.append(_parameter(resource))
    elif kind == "AWS::Organizations::Policy":
        inventory.controls.append(_control(resource))


def _authority(resource: Resource) -> str:
    """The AWS Private CA of a trust anchor, where its source is one and nothing else."""
    source = _checked(resource, "Source", resource.properties.get("Source"), dict)
    data = _checked(resource, "Source.SourceData", source.get("SourceData"), dict)
    if source.get("SourceType") != "AWS_ACM_PCA" or set(data) != {"AcmPcaArn"}:
        return "a certificate of the templates"
    return str(data["AcmPcaArn"])


def _association(resource: Resource) -> PodAssociation:
    properties = resource.properties
    target = properties.get("TargetRoleArn")
    return PodAssociation(
        f"{resource.stack} {resource.logical_id}",
        resource.account,
        resource.region,
        _text(resource, "ClusterName"),
        _text(resource, "Namespace"),
        _text(resource, "ServiceAccount"),
        _text(resource, "RoleArn"),
        target=None if target is None else str(target),
        tagged=properties.get("DisableSessionTags") not in (True, "true"),
    )


def _parameter(resource: Resource) -> ParameterRecord:
    name = str(resource.properties.get("Name") or unborn(resource))
    where = f"{resource.stack} {resource.logical_id}"
    return ParameterRecord(where, resource.account, resource.region, name, _text(resource, "Value"))


def _control(resource: Resource) -> ControlRecord:
    """As it is: whether it is one of those that the manifest asks for is decided later."""
    properties = resource.properties
    content = properties.get("Content")
    text = content if isinstance(content, str) else json.dumps(content, separators=(",", ":"))
    where = f"{resource.stack} {resource.logical_id}"
    try:
        document = parse_json(Path(where), text.encode())
    except AssemblyUnreadable as problem:
        raise NotProved(f"{where}.Content: AWS::Organizations::Policy takes JSON, no name twice: {problem}") from None
    return ControlRecord(
        where,
        resource.account,
        resource.region,
        str(properties.get("Name")),
        str(properties.get("Type")),
        tuple(map(str, _several(resource, "TargetIds"))),
        document if isinstance(document, dict) else {},
        len(text),
    )


def _policy_arn(resource: Resource) -> str:
    name = resource.properties.get("ManagedPolicyName") or unborn(resource)
    partition = partition_of(resource.region).name
    return f"arn:{partition}:iam::{resource.account}:policy{resource.properties.get('Path', '/')}{name}"


def _attached(resource: Resource, inventory: Inventory) -> Iterator[AttachedPolicy]:
    properties = resource.properties
    name = str(properties.get("PolicyName") or properties.get("ManagedPolicyName") or resource.logical_id)
    if resource.type == "AWS::IAM::RolePolicy":
        roles = [_text(resource, "RoleName")]
    else:
        roles = [_checked(resource, "Roles", role, str) for role in _several(resource, "Roles")]
    document = _document(resource, "PolicyDocument", properties)
    inline = resource.type != "AWS::IAM::ManagedPolicy"
    if not inline:
        inventory.managed[_policy_arn(resource)] = document
    for role_name in roles:
        yield AttachedPolicy(
            f"{resource.stack} {resource.logical_id}", resource.account, role_name, name, document, inline
        )


def _role(resource: Resource) -> RoleRecord:
    properties = resource.properties
    arn = f"arn:{partition_of(resource.region).name}:iam::{resource.account}:role{properties.get('Path', '/')}"
    arn += str(properties.get("RoleName") or unborn(resource))
    if not _ROLE_ARN.fullmatch(arn):
        raise NotProved(
            f"{resource.stack} {resource.logical_id}: {arn} is the ARN of no role; correct Path and RoleName"
        )
    policies = [_checked(resource, "Policies", one, dict) for one in _several(resource, "Policies")]
    identity = {str(one.get("PolicyName")): _document(resource, "PolicyDocument", one) for one in policies}
    if len(identity) != len(policies):
        raise NotProved(
            f"{resource.stack} {resource.logical_id}.Policies: two of one name: one would replace the other"
        )
    tags = _tags(resource)
    if len({key.lower() for key in tags}) < len(_several(resource, "Tags")):
        # IAM refuses them (IAM guide, id_tags: tag keys are not case sensitive).
        raise NotProved(f"{resource.stack} {resource.logical_id}.Tags: two of one name, but for its case")
    return RoleRecord(
        resource.stack,
        resource.account,
        arn,
        _document(resource, "AssumeRolePolicyDocument", properties),
        list(identity.items()),
        tuple(map(str, _several(resource, "ManagedPolicyArns"))),
        tags,
        None if "PermissionsBoundary" not in properties else str(properties["PermissionsBoundary"]),
    )


def _tags_beside(resource: Resource) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The tags of a resource that is neither key nor role."""
    if resource.type in _BINDING | _AUDIT_TAGGED or resource.type == "AWS::SSM::Parameter":
        yield f"{resource.stack} {resource.logical_id} ({resource.type})", _tags(resource)


def _tags(resource: Resource) -> dict[str, str]:
    if resource.type == "AWS::SSM::Parameter":
        by_name = _checked(resource, "Tags", resource.properties.get("Tags", {}), dict)
        return {str(name): str(value) for name, value in by_name.items()}
    pairs = [_checked(resource, "Tags", one, dict) for one in _several(resource, "Tags")]
    tags = {str(pair.get("Key")): str(pair.get("Value")) for pair in pairs}
    where = f"{resource.stack} {resource.logical_id}.Tags"
    if len(tags) < len(pairs):
        raise NotProved(f"{where}: two of one name")
    if reserved := [name for name in tags if name.lower().startswith("aws:")]:
        raise NotProved(f"{where}: {reserved[0]} begins with aws:, which AWS keeps for itself (AWS KMS API, Tag)")
    return tags


def _several(resource: Resource, name: str) -> list[Any]:
    return list(_checked(resource, name, resource.properties.get(name, []), list))


def _checked(resource: Resource, name: str, value: object, kind: type[_Kind]) -> _Kind:
    if not isinstance(value, kind):
        raise NotProved(f"{resource.stack} {resource.logical_id}.{name}: got {value!r:.80}; a {kind.__name__.lower()}")
    return value


def _text(resource: Resource, name: str) -> str:
    return _checked(resource, name, resource.properties.get(name), str)


def _document(resource: Resource, name: str, properties: Mapping[str, Any]) -> Mapping[str, Any]:
    return _checked(resource, name, properties.get(name), dict)
