"""What an estate's accounts hold, as AWS answered; what was refused is kept as unknown, by name."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote

from tenant_keys.operations.verify.journal import Ask
from tenant_keys.operations.verify.reading import SHARED, Readings, Scope, items, keys_of

AWS_TAG: Final = "aws:"
"""Begins the tags that AWS sets itself (AWS KMS API, Tag)."""
_STACK_TAG: Final = "aws:cloudformation:stack-name"
Place = tuple[str, str, str]
"""Account, Region, name of a stack."""


@dataclass(frozen=True, slots=True)
class DeployedKey:
    """A key or a replica."""

    account: str
    region: str
    id: str
    metadata: Mapping[str, Any]
    """As DescribeKey answers; empty where it was refused."""
    policy: str | None
    shared: str | None
    """The policy of AWS RAM."""
    rotation: Mapping[str, Any]
    grants: tuple[Mapping[str, Any], ...]
    tags: Mapping[str, str]
    """Without those of AWS."""
    stack: str | None
    """The stack that CloudFormation's own tag names; a retained key keeps it."""
    materials: tuple[Mapping[str, Any], ...]
    aliases: tuple[str, ...]
    last_usage: Mapping[str, Any]

    @property
    def known(self) -> bool:
        """Whether all that the proof needs was read."""
        return bool(self.metadata) and self.policy is not None

    @property
    def state(self) -> str:
        return str(self.metadata.get("KeyState", ""))

    @property
    def imported(self) -> bool:
        return self.metadata.get("Origin") == "EXTERNAL"

    @property
    def family(self) -> tuple[str, ...]:
        """ARNs of all Regions' keys of a multi-Region key, this one's among them."""
        several = self.metadata.get("MultiRegionConfiguration") or {}
        primary = [several["PrimaryKey"]] if several.get("PrimaryKey") else []
        return tuple(str(one["Arn"]) for one in (*primary, *(several.get("ReplicaKeys") or ())))

    @property
    def primary_arn(self) -> str | None:
        """Of a replica: its primary."""
        several = self.metadata.get("MultiRegionConfiguration") or {}
        return str(several["PrimaryKey"]["Arn"]) if several.get("MultiRegionKeyType") == "REPLICA" else None


@dataclass(frozen=True, slots=True)
class DeployedRole:
    """A role with its documents."""

    account: str
    arn: str
    id: str
    trust: Mapping[str, Any]
    inline: Mapping[str, Mapping[str, Any]]
    attached: tuple[str, ...]
    boundary: str | None
    tags: Mapping[str, str]
    instance_profiles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that AWS did not tell."""

    ask: Ask
    why: str


@dataclass(slots=True)
class DeployedState:
    """All of it."""

    scope: Scope
    keys: dict[tuple[str, str], DeployedKey] = field(default_factory=dict)
    """By Region and id."""
    aliases: dict[tuple[str, str], str] = field(default_factory=dict)
    """Key id by Region and name; without those of AWS."""
    roles: dict[str, DeployedRole] = field(default_factory=dict)
    """By ARN: every role of each account."""
    managed: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """The customer managed policies, by ARN."""
    stacks: dict[Place, Mapping[str, Any]] = field(default_factory=dict)
    resources: dict[Place, dict[str, str]] = field(default_factory=dict)
    """Physical by logical id, of each stack of the assembly that is deployed."""
    digests: dict[Place, str] = field(default_factory=dict)
    """Of each stack's template."""
    providers: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    parameters: dict[tuple[str, str, str], Mapping[str, Any]] = field(default_factory=dict)
    """By account, Region and name; with `Tags`."""
    associations: list[tuple[str, str, Mapping[str, Any]]] = field(default_factory=list)
    """Account, Region and association of EKS Pod Identity."""
    anchors: list[tuple[str, str, Mapping[str, Any]]] = field(default_factory=list)
    profiles: list[tuple[str, str, Mapping[str, Any]]] = field(default_factory=list)
    hooks: dict[tuple[str, str], str] = field(default_factory=dict)
    """Configuration of each CloudFormation Hook of the estate, by Region and the end of the Hook's ARN."""
    trails: dict[str, list[tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]]]] = field(
        default_factory=dict
    )
    """By Region: each trail with its status and its event selectors."""
    unknown: list[Unknown] = field(default_factory=list)
    refused: set[Ask] = field(default_factory=set)
    """What is unknown, to be looked up."""

    def is_unknown(self, account: str, region: str, api: str, subject: str = "") -> bool:
        """Whether AWS refused this reading."""
        return Ask(account, region, api, subject) in self.refused


def deployed_state(scope: Scope, readings: Readings) -> DeployedState:
    """Take the readings apart."""
    state = DeployedState(scope)
    for ask, reading in readings.items():
        if reading.error and not _is_expected(ask, reading.error):
            state.unknown.append(Unknown(ask, reading.error))
            state.refused.add(ask)
    for region in scope.regions:
        _read_keys(state, readings, region)
        state.trails[region] = [
            (
                trail,
                _one(readings, Ask(scope.central, region, "cloudtrail:GetTrailStatus", trail["TrailARN"])),
                _one(readings, Ask(scope.central, region, "cloudtrail:GetEventSelectors", trail["TrailARN"])),
            )
            for trail in items(readings, Ask(scope.central, region, "cloudtrail:DescribeTrails"))
        ]
    for ask in readings:
        _read_rest(state, readings, ask)
    return state


def _is_expected(ask: Ask, error: str) -> bool:
    """Rotation does not exist for some origins and states (AWS KMS API, GetKeyRotationStatus; guide, key-state)."""
    return ask.api == "kms:GetKeyRotationStatus" and "UnsupportedOperationException" in error


def _read_keys(state: DeployedState, readings: Readings, region: str) -> None:
    central = state.scope.central
    names: defaultdict[str, list[str]] = defaultdict(list)
    for alias in items(readings, Ask(central, region, "kms:ListAliases")):
        name = alias["AliasName"]
        if not name.startswith("alias/aws/"):
            state.aliases[region, name] = alias.get("TargetKeyId", "")
            names[alias.get("TargetKeyId", "")].append(name)
    for key in keys_of(state.scope, readings, region):
        found = _key(readings, central, region, key, tuple(sorted(names[key])))
        if found.metadata.get("KeyManager") != "AWS":
            state.keys[region, key] = found


def _key(readings: Readings, account: str, region: str, key: str, aliases: tuple[str, ...]) -> DeployedKey:
    def one(api: str, subject: str = key) -> Mapping[str, Any]:
        return _one(readings, Ask(account, region, api, subject))

    tags = {
        tag["TagKey"]: tag["TagValue"] for tag in items(readings, Ask(account, region, "kms:ListResourceTags", key))
    }
    return DeployedKey(
        account=account,
        region=region,
        id=key,
        metadata=one("kms:DescribeKey").get("KeyMetadata", {}),
        policy=one("kms:GetKeyPolicy", f"{key} default").get("Policy"),
        shared=one("kms:GetKeyPolicy", f"{key} {SHARED}").get("Policy"),
        rotation=one("kms:GetKeyRotationStatus"),
        grants=tuple(items(readings, Ask(account, region, "kms:ListGrants", key))),
        tags={name: value for name, value in tags.items() if not name.startswith(AWS_TAG)},
        stack=tags.get(_STACK_TAG),
        materials=tuple(items(readings, Ask(account, region, "kms:ListKeyRotations", key))),
        aliases=aliases,
        last_usage=one("kms:GetKeyLastUsage"),
    )


def _read_rest(state: DeployedState, readings: Readings, ask: Ask) -> None:
    account, region = ask.account, ask.region
    for item in items(readings, ask):
        match ask.api:
            case "cloudformation:DescribeStacks":
                state.stacks[account, region, item["StackName"]] = item
            case "cloudformation:BatchDescribeTypeConfigurations":
                state.hooks[region, item["TypeArn"].rpartition("/")[2]] = item["Configuration"]
            case "cloudformation:ListStackResources":
                resources = state.resources.setdefault((account, region, ask.subject), {})
                resources[item["LogicalResourceId"]] = item.get("PhysicalResourceId", "")
            case "cloudformation:GetTemplate":
                state.digests[account, region, ask.subject] = item["Digest"]
            case "iam:GetAccountAuthorizationDetails":
                _read_identities(state, account, item)
            case "iam:GetOpenIDConnectProvider":
                state.providers[ask.subject] = item
            case _:
                _read_bindings(state, readings, ask, item)


def _read_bindings(state: DeployedState, readings: Readings, ask: Ask, item: Mapping[str, Any]) -> None:
    account, region = ask.account, ask.region
    match ask.api:
        case "ssm:GetParametersByPath":
            pairs = items(readings, Ask(account, region, "ssm:ListTagsForResource", item["Name"]))
            state.parameters[account, region, item["Name"]] = {**item, "Tags": pairs}
        case "eks:DescribePodIdentityAssociation":
            state.associations.append((account, region, item["association"]))
        case "rolesanywhere:ListTrustAnchors":
            state.anchors.append((account, region, {**item, **_tags_of(readings, ask, item["trustAnchorArn"])}))
        case "rolesanywhere:ListProfiles":
            state.profiles.append((account, region, {**item, **_tags_of(readings, ask, item["profileArn"])}))


def _tags_of(readings: Readings, ask: Ask, arn: str) -> dict[str, Any]:
    return {"Tags": items(readings, Ask(ask.account, ask.region, "rolesanywhere:ListTagsForResource", arn))}


def _read_identities(state: DeployedState, account: str, page: Mapping[str, Any]) -> None:
    for one in page.get("RoleDetailList") or ():
        boundary = (one.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
        state.roles[one["Arn"]] = DeployedRole(
            account=account,
            arn=one["Arn"],
            id=one["RoleId"],
            trust=_document(one.get("AssumeRolePolicyDocument")),
            inline={two["PolicyName"]: _document(two["PolicyDocument"]) for two in one.get("RolePolicyList") or ()},
            attached=tuple(two["PolicyArn"] for two in one.get("AttachedManagedPolicies") or ()),
            boundary=boundary,
            tags={tag["Key"]: tag["Value"] for tag in one.get("Tags") or () if not tag["Key"].startswith(AWS_TAG)},
            instance_profiles=tuple(two["InstanceProfileName"] for two in one.get("InstanceProfileList") or ()),
        )
    for one in page.get("Policies") or ():
        for version in one.get("PolicyVersionList") or ():
            if version.get("IsDefaultVersion"):
                state.managed[one["Arn"]] = _document(version.get("Document"))


def _document(value: Any) -> Mapping[str, Any]:
    """boto3 decodes the documents that IAM answers URL-encoded (RFC 3986)."""
    parsed = json.loads(unquote(value)) if isinstance(value, str) else value
    return parsed if isinstance(parsed, Mapping) else {}


def _one(readings: Readings, ask: Ask) -> Mapping[str, Any]:
    found = items(readings, ask)
    return found[0] if found else {}
