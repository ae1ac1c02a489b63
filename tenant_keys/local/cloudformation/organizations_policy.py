"""AWS::Organizations::Policy: service and resource control policies, which then take part in every decision."""
# ruff: noqa: ARG002  # every type has the same three methods

from __future__ import annotations

import secrets
from typing import Any

from tenant_keys.local.cloudformation.handler import Made, Properties, ResourceFailed
from tenant_keys.local.cloudformation.kms_key import policy_text
from tenant_keys.local.organization import ControlPolicy, Organization


class OrganizationsPolicy:
    """A control policy of the organization; its content may be JSON or text."""

    def __init__(self, organization: Organization) -> None:
        self._organization = organization

    def create(self, logical_id: str, properties: Properties, stack: str) -> Made:
        return self._put(f"p-{secrets.token_hex(4)}", properties)

    def update(self, physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
        return self._put(physical_id, new)

    def delete(self, physical_id: str, properties: Properties) -> None:
        self._organization.control_policies.pop(physical_id, None)

    def _put(self, policy_id: str, properties: Properties) -> Made:
        kind = properties["Type"]
        if kind not in ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"):
            raise ResourceFailed(f"The local AWS has no organization policies of type {kind}.")
        self._organization.control_policies[policy_id] = ControlPolicy(
            policy_id,
            str(properties["Name"]),
            kind,
            policy_text(properties["Content"]),
            tuple(str(target) for target in properties.get("TargetIds") or ()),
        )
        attributes: dict[str, Any] = {
            "Id": policy_id,
            "Arn": f"arn:aws:organizations::aws:policy/{self._organization.id}/{kind.lower()}/{policy_id}",
            "AwsManaged": False,
        }
        return policy_id, attributes
