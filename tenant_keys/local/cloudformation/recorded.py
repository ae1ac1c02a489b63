"""Types that are recorded and do nothing: no metrics, trail delivery, Pod Identity agent or Roles Anywhere is here."""
# ruff: noqa: ARG002  # every type has the same three methods

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tenant_keys.local import emulator
from tenant_keys.local.cloudformation.handler import Made, Properties

Attributes = Callable[[str, Properties], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A type with a physical id and attributes, and nothing behind them."""

    name_property: str | None
    attributes: Attributes
    ref_attribute: str | None = None
    """The attribute that Ref returns, if it is not the name."""

    def create(self, logical_id: str, properties: Properties, stack: str) -> Made:
        given = properties.get(self.name_property) if self.name_property else None
        name = str(given) if given and self.ref_attribute is None else str(uuid.uuid4())
        attributes = self.attributes(name, properties)
        return (str(attributes[self.ref_attribute]) if self.ref_attribute else name), attributes

    def update(self, physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
        name = physical_id.rpartition("/")[2]
        return physical_id, self.attributes(name, new)

    def delete(self, physical_id: str, properties: Properties) -> None:
        """Nothing to remove."""


def _arn(service: str, resource: str) -> str:
    account, region = emulator.current_scope()
    return f"arn:aws:{service}:{region}:{account}:{resource}"


def _trail(name: str, properties: Properties) -> dict[str, Any]:
    topic = properties.get("SnsTopicName")
    return {"Arn": _arn("cloudtrail", f"trail/{name}"), **({"SnsTopicArn": _arn("sns", str(topic))} if topic else {})}


def _association(name: str, properties: Properties) -> dict[str, Any]:
    arn = _arn("eks", f"podidentityassociation/{properties.get('ClusterName')}/a-{name}")
    return {"AssociationArn": arn, "AssociationId": f"a-{name}", "ExternalId": name}


RECORDED: dict[str, Recorded] = {
    "AWS::CloudWatch::Alarm": Recorded("AlarmName", lambda name, _: {"Arn": _arn("cloudwatch", f"alarm:{name}")}),
    "AWS::CloudTrail::Trail": Recorded("TrailName", _trail),
    "AWS::EKS::PodIdentityAssociation": Recorded(None, _association, "AssociationArn"),
    "AWS::RolesAnywhere::TrustAnchor": Recorded(
        None,
        lambda name, _: {"TrustAnchorId": name, "TrustAnchorArn": _arn("rolesanywhere", f"trust-anchor/{name}")},
        "TrustAnchorId",
    ),
    "AWS::RolesAnywhere::Profile": Recorded(
        None,
        lambda name, _: {"ProfileId": name, "ProfileArn": _arn("rolesanywhere", f"profile/{name}")},
        "ProfileId",
    ),
}
