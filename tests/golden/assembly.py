"""What an assembly must never change: where each resource is, which name it has, and what AWS fixes at its creation."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Resources = dict[str, dict[str, Any]]
"""Logical id to the lasting part of a resource."""

LASTING: Mapping[str, tuple[str, ...]] = {
    "AWS::KMS::Key": (
        "KeySpec",
        "KeyUsage",
        "Origin",
        "MultiRegion",
        "EnableKeyRotation",
        "RotationPeriodInDays",
        "Enabled",
    ),
    "AWS::KMS::ReplicaKey": ("PrimaryKeyArn", "Enabled"),
    "AWS::KMS::Alias": ("AliasName", "TargetKeyId"),
    "AWS::IAM::Role": ("RoleName", "Path"),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName", "Path", "Roles"),
    "AWS::IAM::InstanceProfile": ("InstanceProfileName", "Path", "Roles"),
    "AWS::IAM::OIDCProvider": ("Url",),
    "AWS::SSM::Parameter": ("Name", "Type"),
    "AWS::EKS::PodIdentityAssociation": ("ClusterName", "Namespace", "ServiceAccount", "RoleArn"),
    "AWS::RolesAnywhere::TrustAnchor": ("Name", "Source"),
    "AWS::RolesAnywhere::Profile": ("Name", "RoleArns"),
}
"""Resource type to the properties that name it or cannot be updated (AWS CloudFormation template reference: "Update
requires: Replacement"); of keys also state and rotation, which CloudFormation cannot change while a key is disabled."""


def lasting_part(folder: Path) -> dict[str, dict[str, Any]]:
    """Stack name to its account, Region, protection and resources; of each resource its type and lasting properties."""
    artifacts = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["artifacts"]
    return {name: _stack(folder, name, artifact) for name, artifact in sorted(artifacts.items()) if _is_stack(artifact)}


def _is_stack(artifact: Mapping[str, Any]) -> bool:
    return bool(artifact["type"] == "aws:cloudformation:stack")


def _stack(folder: Path, name: str, artifact: Mapping[str, Any]) -> dict[str, Any]:
    properties = artifact["properties"]
    template = json.loads((folder / properties["templateFile"]).read_text(encoding="utf-8"))
    return {
        "stack_name": properties.get("stackName", name),
        "environment": artifact["environment"],
        "termination_protection": properties.get("terminationProtection", False),
        "outputs": sorted(template.get("Outputs", {})),
        "resources": dict(sorted(_resources(template))),
    }


def _resources(template: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Of a type that is not listed above, every property."""
    for logical_id, body in template["Resources"].items():
        properties = body.get("Properties", {})
        names = LASTING.get(body["Type"], tuple(properties))
        kept = {name: properties[name] for name in names if name in properties}
        policies = {name: body[name] for name in ("DeletionPolicy", "UpdateReplacePolicy") if name in body}
        yield logical_id, {"type": body["Type"], **policies, "properties": kept}


def render(assembly: Mapping[str, Any]) -> str:
    """JSON with one line a resource, so that a difference is one line."""
    stacks = []
    for name, stack in assembly.items():
        head = {key: value for key, value in stack.items() if key != "resources"}
        resources = ",\n".join(
            f"  {json.dumps(logical_id)}: {json.dumps(body)}" for logical_id, body in stack["resources"].items()
        )
        stacks.append(f' {json.dumps(name)}: {json.dumps(head)[:-1]}, "resources": {{\n{resources}\n }}}}')
    return "{\n" + ",\n".join(stacks) + "\n}\n"
