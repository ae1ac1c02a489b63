"""Types that are recorded and do nothing: no metrics, trail delivery, Pod Identity agent or Roles Anywhere is here."""
# ruff: noqa: ARG002  # every type has the same three methods

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tenant_keys.local.cloudformation.handler import Made, Properties
from tenant_keys.local.cloudformation.held import Held, Record
from tenant_keys.local.cloudformation.hooks_api import HOOKS
from tenant_keys.local.emulator import iam_records, scopes

Attributes = Callable[[str, Properties], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A type with a physical id and attributes, and nothing behind them."""

    name_property: str | None
    attributes: Attributes
    ref_attribute: str | None = None
    """The attribute that Ref returns, if it is not the name."""
    keep: Callable[[str, Properties, dict[str, Any] | None], None] | None = None
    """Called with a resource that is made or changed, and with None of one that is removed, by its id."""

    def create(self, logical_id: str, properties: Properties, stack: str) -> Made:
        given = properties.get(self.name_property) if self.name_property else None
        name = str(given) if given and self.ref_attribute is None else str(uuid.uuid4())
        attributes = self.attributes(name, properties)
        if self.keep:
            self.keep(name, properties, attributes)
        return (str(attributes[self.ref_attribute]) if self.ref_attribute else name), attributes

    def update(self, physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
        name = physical_id.rpartition("/")[2]
        attributes = self.attributes(name, new)
        if self.keep:
            self.keep(name, new, attributes)
        return physical_id, attributes

    def delete(self, physical_id: str, properties: Properties) -> None:
        if self.keep:
            self.keep(physical_id.rpartition("/")[2], properties, None)


def _arn(service: str, resource: str) -> str:
    account, region = scopes.current_scope()
    return f"arn:aws:{service}:{region}:{account}:{resource}"


def _trail(name: str, properties: Properties) -> dict[str, Any]:
    topic = properties.get("SnsTopicName")
    return {"Arn": _arn("cloudtrail", f"trail/{name}"), **({"SnsTopicArn": _arn("sns", str(topic))} if topic else {})}


def _association(name: str, properties: Properties) -> dict[str, Any]:
    identifier = name if name.startswith("a-") else f"a-{name}"
    arn = _arn("eks", f"podidentityassociation/{properties.get('ClusterName')}/{identifier}")
    return {"AssociationArn": arn, "AssociationId": identifier, "ExternalId": name}


def _keep_association(name: str, properties: Properties, attributes: dict[str, Any] | None) -> None:
    """ministack's EKS answers for it; the cluster is one that the account has already."""
    identifier = name if name.startswith("a-") else f"a-{name}"
    cluster = str(properties["ClusterName"])
    if attributes is None:
        iam_records.put_pod_association(cluster, identifier, None)
        return
    record = {
        "clusterName": cluster,
        "namespace": properties["Namespace"],
        "serviceAccount": properties["ServiceAccount"],
        "roleArn": properties["RoleArn"],
        "associationArn": attributes["AssociationArn"],
        "associationId": identifier,
        "tags": {tag["Key"]: tag["Value"] for tag in properties.get("Tags") or ()},
        "disableSessionTags": _true(properties.get("DisableSessionTags")),
    }
    if properties.get("TargetRoleArn"):
        record["targetRoleArn"] = properties["TargetRoleArn"]
    iam_records.put_pod_association(cluster, identifier, record)


def _anywhere(held: Held, kind: str, record: Callable[[Properties], Record]) -> Callable[..., None]:
    def keep(name: str, properties: Properties, attributes: dict[str, Any] | None) -> None:
        if attributes is None:
            held.of(kind).pop(name, None)
            return
        tags = [{"key": tag["Key"], "value": tag["Value"]} for tag in properties.get("Tags") or ()]
        named = {"name": properties.get("Name"), "enabled": _true(properties.get("Enabled")), "tags": tags}
        identifiers = {attribute[0].lower() + attribute[1:]: value for attribute, value in attributes.items()}
        held.of(kind)[name] = {**identifiers, **named, **record(properties)}

    return keep


def _anchor(properties: Properties) -> Record:
    source = properties.get("Source") or {}
    data = source.get("SourceData") or {}
    given = {name[0].lower() + name[1:]: value for name, value in data.items()}
    return {"source": {"sourceType": source.get("SourceType"), "sourceData": given}}


def _profile(properties: Properties) -> Record:
    found: Record = {
        "roleArns": list(properties.get("RoleArns") or ()),
        "requireInstanceProperties": _true(properties.get("RequireInstanceProperties")),
        "acceptRoleSessionName": _true(properties.get("AcceptRoleSessionName")),
    }
    given = properties.get("DurationSeconds")
    return found | ({"durationSeconds": int(given)} if given else {})


def _hook(held: Held) -> Callable[..., None]:
    """By its name. The configuration is what CloudFormation's handler sets (CloudFormation Hooks user guide)."""

    def keep(_name: str, properties: Properties, attributes: dict[str, Any] | None) -> None:
        if attributes is None:
            held.of(HOOKS).pop(properties["Alias"], None)
            return
        beside = ("FailureMode", "StackFilters", "TargetFilters", "TargetOperations")
        configured = {
            "HookInvocationStatus": properties["HookStatus"],
            "Properties": {"LambdaFunction": properties["LambdaFunction"]},
            **{name: properties[name] for name in beside if name in properties},
        }
        text = json.dumps({"CloudFormationConfiguration": {"HookConfiguration": configured}})
        held.of(HOOKS)[properties["Alias"]] = {"Configuration": text}

    return keep


def _true(value: object) -> bool:
    return str(value).lower() == "true"


def recorded(held: Held) -> dict[str, Recorded]:
    """The types, by name."""
    return {
        "AWS::CloudWatch::Alarm": Recorded("AlarmName", lambda name, _: {"Arn": _arn("cloudwatch", f"alarm:{name}")}),
        "AWS::CloudFormation::LambdaHook": Recorded(
            None,
            lambda _, properties: {
                "HookArn": _arn("cloudformation", f"type/hook/{str(properties['Alias']).replace('::', '-')}")
            },
            "HookArn",
            _hook(held),
        ),
        "AWS::CloudTrail::Trail": Recorded("TrailName", _trail),
        "AWS::EKS::PodIdentityAssociation": Recorded(None, _association, "AssociationArn", _keep_association),
        "AWS::RolesAnywhere::TrustAnchor": Recorded(
            None,
            lambda name, _: {"TrustAnchorId": name, "TrustAnchorArn": _arn("rolesanywhere", f"trust-anchor/{name}")},
            "TrustAnchorId",
            _anywhere(held, "trustAnchor", _anchor),
        ),
        "AWS::RolesAnywhere::Profile": Recorded(
            None,
            lambda name, _: {"ProfileId": name, "ProfileArn": _arn("rolesanywhere", f"profile/{name}")},
            "ProfileId",
            _anywhere(held, "profile", _profile),
        ),
    }
