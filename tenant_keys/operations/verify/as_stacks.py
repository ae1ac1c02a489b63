"""What the accounts hold in the form of templates, so that the proof reads it as it reads an assembly.

Only what belongs to the estate is in it: a principal that the manifest does not name is any principal to the proof,
with any identity policy. Each key is in the stack that made it; what CloudFormation alone knows (retention, the
deletion window) and types that are not read are as the assembly has them, and `stack-protection` compares that assembly
with the deployed template.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from tenant_keys.operations.verify.deployed_state import AWS_TAG, DeployedKey, DeployedRole, DeployedState
from tenant_keys.operations.verify.expected import Expected
from tenant_keys.review.assembly import Resource, Stack, Stacks
from tenant_keys.review.assembly.json_file import parse_json

_ENABLED: Final = frozenset({"Enabled", "PendingImport", "Creating", "Updating"})
"""States from which a key can be used without being enabled: with its material, or once it has it."""


_KEYS: Final = frozenset({"AWS::KMS::Alias", "AWS::KMS::Key", "AWS::KMS::ReplicaKey"})
_READ: Final = _KEYS | frozenset(
    {
        "AWS::SSM::Parameter",
        *("AWS::IAM::InstanceProfile", "AWS::IAM::ManagedPolicy", "AWS::IAM::OIDCProvider", "AWS::IAM::Policy"),
        *("AWS::IAM::Role", "AWS::IAM::RolePolicy", "AWS::EKS::PodIdentityAssociation"),
        *("AWS::RolesAnywhere::Profile", "AWS::RolesAnywhere::TrustAnchor"),
    }
)
"""Types of which the accounts are asked; CloudFormation's drift detection compares the others."""


class DeployedStacks:
    """Stacks of an assembly that would deploy what the accounts hold."""

    def __init__(self, state: DeployedState, expected: Expected, assembly: Stacks) -> None:
        """`assembly`: what is planned, of which a run that reads some keys alone takes everything else."""
        self._state = state
        self._expected = expected
        self._planned_stacks = assembly

    def stacks(self) -> Iterator[Stack]:
        """Yield each stack once."""
        by_stack: defaultdict[tuple[str, str], list[DeployedKey]] = defaultdict(list)
        for place, stack in self._expected.belonging().items():
            if place in self._state.keys and self._state.keys[place].known:
                by_stack[place[0], stack].append(self._state.keys[place])
        for (region, stack), keys in by_stack.items():
            yield _stack(stack, keys[0].account, region, [one for key in keys for one in self._key(key, stack)])
        if self._state.scope.keys_alone:
            yield from self._planned()
            return
        yield from self._not_read()
        for account in self._state.scope.accounts:
            region = self._state.scope.identity_region(account)
            yield _stack("identities", account, region, list(self._identities(account, region)))
        for account, region in self._state.scope.places:
            beside = [*self._parameters(account, region), *self._bindings(account, region)]
            yield _stack("beside", account, region, beside)

    def _planned(self) -> Iterator[Stack]:
        """The assembly, but for the keys that were read."""
        looked_at = {*self._state.scope.stacks}
        for stack in self._planned_stacks.stacks():
            if (stack.account, stack.region, stack.name) in looked_at:
                resources = [one for one in stack.resources.values() if one.type not in _KEYS]
                known = [replace(one, properties=self._expected.resolved(one.properties)) for one in resources]
                yield _stack(stack.name, stack.account, stack.region, known)
            else:
                yield stack

    def _not_read(self) -> Iterator[Stack]:
        """Resources of types that are not read, as the assembly has them."""
        by_stack: defaultdict[tuple[str, str, str], list[Resource]] = defaultdict(list)
        for (account, region, stack, _), resource in self._expected.reviewed.resources.items():
            if resource.type not in _READ:
                made = replace(resource, properties=self._expected.resolved(resource.properties))
                by_stack[account, region, stack].append(made)
        for (account, region, stack), resources in by_stack.items():
            yield _stack(stack, account, region, resources)

    def _key(self, key: DeployedKey, stack: str) -> Iterator[Resource]:
        logical_id = self._expected.logical_id(key.region, key.id)
        yield _resource(stack, key.account, key.region, logical_id, *self._properties(key), physical_id=key.id)
        for name in key.aliases:
            properties = {"AliasName": name, "TargetKeyId": key.id}
            yield _resource(stack, key.account, key.region, name, "AWS::KMS::Alias", properties)

    def _properties(self, key: DeployedKey) -> tuple[str, dict[str, Any]]:
        metadata, tags = key.metadata, key.tags
        rotates = bool(key.rotation.get("KeyRotationEnabled"))
        days = key.rotation.get("RotationPeriodInDays", 365) if rotates else None
        known = self._expected.record_of.get((key.region, key.id))
        # What was refused is named as unknown, and is not taken for a difference beside.
        if known and self._state.is_unknown(key.account, key.region, "kms:GetKeyRotationStatus", key.id):
            days = known[1].rotation_days
        if known and self._state.is_unknown(key.account, key.region, "kms:ListResourceTags", key.id):
            tags = known[1].tags
        common = {
            "KeyPolicy": parse_json(Path("GetKeyPolicy"), str(key.policy).encode()),
            "Enabled": key.state in _ENABLED,
            "PendingWindowInDays": self._expected.deletion_window(key.region, key.id),
            "Tags": [{"Key": name, "Value": value} for name, value in tags.items()],
        }
        if key.primary_arn is not None:
            return "AWS::KMS::ReplicaKey", common | {"PrimaryKeyArn": key.primary_arn}
        return "AWS::KMS::Key", common | {
            "EnableKeyRotation": days is not None,
            "KeySpec": metadata.get("KeySpec"),
            "KeyUsage": metadata.get("KeyUsage"),
            "MultiRegion": bool(metadata.get("MultiRegion")),
            "Origin": metadata.get("Origin"),
            **({} if days is None else {"RotationPeriodInDays": days}),
        }

    def _identities(self, account: str, region: str) -> Iterator[Resource]:
        for role in self._state.roles.values():
            if role.account == account and self._expected.is_ours(role.arn):
                yield _resource("identities", account, region, role.arn, "AWS::IAM::Role", self._role(role))
                for name in role.instance_profiles:
                    profile = {"InstanceProfileName": name, "Roles": [role.arn.rpartition("/")[2]]}
                    yield _resource("identities", account, region, name, "AWS::IAM::InstanceProfile", profile)
        for arn, one in self._state.providers.items():
            if arn.split(":")[4] == account and arn in self._expected.reviewed.inventory.providers:
                url = "https://" + arn.partition(":oidc-provider/")[2]
                provider = {"Url": url, "ClientIdList": one.get("ClientIDList", []), "Tags": _own(one.get("Tags", []))}
                yield _resource("identities", account, region, arn, "AWS::IAM::OIDCProvider", provider)

    def _role(self, role: DeployedRole) -> dict[str, Any]:
        path, _, name = role.arn.partition(":role")[2].rpartition("/")
        documents = dict(role.inline)
        documents |= {arn: self._state.managed[arn] for arn in role.attached if arn in self._state.managed}
        properties: dict[str, Any] = {
            "RoleName": name,
            "Path": f"{path}/",
            "AssumeRolePolicyDocument": role.trust,
            "Policies": [{"PolicyName": one, "PolicyDocument": text} for one, text in documents.items()],
            "ManagedPolicyArns": [arn for arn in role.attached if arn not in self._state.managed],
            "Tags": [{"Key": one, "Value": value} for one, value in role.tags.items()],
        }
        return properties | ({"PermissionsBoundary": role.boundary} if role.boundary else {})

    def _parameters(self, account: str, region: str) -> Iterator[Resource]:
        for (owner, where, name), one in self._state.parameters.items():
            if (owner, where) == (account, region):
                tags = {tag["Key"]: tag["Value"] for tag in one["Tags"] if not tag["Key"].startswith(AWS_TAG)}
                properties = {"Name": name, "Type": one.get("Type"), "Value": one.get("Value"), "Tags": tags}
                yield _resource("beside", account, region, name, "AWS::SSM::Parameter", properties)

    def _bindings(self, account: str, region: str) -> Iterator[Resource]:
        state = self._state
        for owner, where, one in state.associations:
            if (owner, where) == (account, region):
                properties = {
                    "ClusterName": one.get("clusterName"),
                    "Namespace": one.get("namespace"),
                    "ServiceAccount": one.get("serviceAccount"),
                    "RoleArn": one.get("roleArn"),
                    "DisableSessionTags": bool(one.get("disableSessionTags")),
                    "Tags": _pairs(one.get("tags") or {}),
                    **({"TargetRoleArn": one["targetRoleArn"]} if one.get("targetRoleArn") else {}),
                }
                identifier = str(one.get("associationId"))
                yield _resource(
                    "beside", account, region, identifier, "AWS::EKS::PodIdentityAssociation", properties, identifier
                )
        for owner, where, one in state.anchors:
            if (owner, where) == (account, region):
                source = one.get("source") or {}
                data = source.get("sourceData") or {}
                given = {"AcmPcaArn": data["acmPcaArn"]} if data.get("acmPcaArn") else {"X509CertificateData": "PEM"}
                properties = {
                    "Enabled": bool(one.get("enabled")),
                    "Name": one.get("name"),
                    "Source": {"SourceType": source.get("sourceType"), "SourceData": given},
                    "Tags": _lower_pairs(one["Tags"]),
                }
                identifier = one["trustAnchorId"]
                yield _resource(
                    "beside", account, region, identifier, "AWS::RolesAnywhere::TrustAnchor", properties, identifier
                )
        for owner, where, one in state.profiles:
            if (owner, where) == (account, region):
                properties = {
                    "Enabled": bool(one.get("enabled")),
                    "Name": one.get("name"),
                    "RoleArns": one.get("roleArns") or [],
                    "RequireInstanceProperties": bool(one.get("requireInstanceProperties")),
                    "AcceptRoleSessionName": bool(one.get("acceptRoleSessionName")),
                    "Tags": _lower_pairs(one["Tags"]),
                    **({"DurationSeconds": one["durationSeconds"]} if one.get("durationSeconds") else {}),
                    **{name: one[name] for name in ("sessionPolicy", "managedPolicyArns") if one.get(name)},
                }
                identifier = one["profileId"]
                yield _resource(
                    "beside", account, region, identifier, "AWS::RolesAnywhere::Profile", properties, identifier
                )


def _pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": name, "Value": value} for name, value in tags.items() if not name.startswith(AWS_TAG)]


def _own(tags: list[dict[str, str]]) -> list[dict[str, str]]:
    return [tag for tag in tags if not tag["Key"].startswith(AWS_TAG)]


def _lower_pairs(tags: list[Mapping[str, str]]) -> list[dict[str, str]]:
    return [{"Key": tag["key"], "Value": tag["value"]} for tag in tags if not tag["key"].startswith(AWS_TAG)]


def _stack(name: str, account: str, region: str, resources: list[Resource]) -> Stack:
    by_id = {f"{one.type} {one.logical_id}": one for one in resources}
    return Stack(name, account, region, Path("deployed"), by_id, termination_protection=True, raw=(), deployed=True)


def _resource(
    stack: str,
    account: str,
    region: str,
    logical_id: str,
    kind: str,
    properties: dict[str, Any],
    physical_id: str | None = None,
) -> Resource:
    kept = "RetainExceptOnCreate" if kind == "AWS::KMS::Alias" else "Retain"
    return Resource(stack, account, region, logical_id, kind, properties, kept, "Retain", physical_id=physical_id)
