"""What gives principals sessions of roles beside trust policies, tells them their roles, or limits them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenant_keys.review.assembly import Resource, unresolved_id
from tenant_keys.review.assembly.json_file import parse_json
from tenant_keys.review.errors import AssemblyUnreadable
from tenant_keys.review.proof.checked_properties import checked, list_of, text_of
from tenant_keys.review.proof.outcome import NotProved


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


def authority_of(resource: Resource) -> str:
    """The AWS Private CA of a trust anchor, where its source is one and nothing else."""
    source = checked(resource, "Source", resource.properties.get("Source"), dict)
    data = checked(resource, "Source.SourceData", source.get("SourceData"), dict)
    if source.get("SourceType") != "AWS_ACM_PCA" or set(data) != {"AcmPcaArn"}:
        return "a certificate of the templates"
    return str(data["AcmPcaArn"])


def read_association(resource: Resource) -> PodAssociation:
    """The record of an AWS::EKS::PodIdentityAssociation."""
    properties = resource.properties
    target = properties.get("TargetRoleArn")
    return PodAssociation(
        resource.where,
        resource.account,
        resource.region,
        text_of(resource, "ClusterName"),
        text_of(resource, "Namespace"),
        text_of(resource, "ServiceAccount"),
        text_of(resource, "RoleArn"),
        target=None if target is None else str(target),
        tagged=properties.get("DisableSessionTags") not in (True, "true"),
    )


def read_parameter(resource: Resource) -> ParameterRecord:
    """The record of an AWS::SSM::Parameter."""
    name = str(resource.properties.get("Name") or unresolved_id(resource))
    where = resource.where
    return ParameterRecord(where, resource.account, resource.region, name, text_of(resource, "Value"))


def read_control(resource: Resource) -> ControlRecord:
    """As it is: whether it is one of those that the manifest asks for is decided later."""
    properties = resource.properties
    content = properties.get("Content")
    text = content if isinstance(content, str) else json.dumps(content, separators=(",", ":"))
    where = resource.where
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
        tuple(map(str, list_of(resource, "TargetIds"))),
        document if isinstance(document, dict) else {},
        len(text),
    )
