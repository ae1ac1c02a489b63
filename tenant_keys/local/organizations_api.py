"""AWS Organizations, as far as a member account asks which organization it is in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from tenant_keys.local.emulator import scopes
from tenant_keys.local.organization import Organization

MANAGEMENT: Final = "000000000000"
"""The management account's id, where the local AWS was started without one."""
_TARGET: Final = "AWSOrganizationsV20161128."


class OrganizationsApi:
    """Answers DescribeOrganization with the organization of the manifest, and refuses every other operation."""

    def __init__(self, organization: Organization) -> None:
        self._organization = organization

    async def answer(
        self, _method: str, _path: str, headers: Mapping[str, str], _body: bytes, _query: Mapping[str, Any]
    ) -> tuple[int, dict[str, str], bytes]:
        """The answer to a request that the evaluator allowed, in the words of the Organizations API reference."""
        given = {name.lower(): value for name, value in headers.items()}
        operation = given.get("x-amz-target", "").removeprefix(_TARGET)
        if operation != "DescribeOrganization":
            return _fault("UnsupportedAPIEndpointException", f"the local AWS does not offer {operation[:60]}")
        account, _ = scopes.current_scope()
        found = self._organization.id_of(account)
        if found is None:
            return _fault("AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
        management = self._organization.management or MANAGEMENT
        described = {
            "Id": found,
            "Arn": f"arn:aws:organizations::{management}:organization/{found}",
            "FeatureSet": "ALL",
            "MasterAccountArn": f"arn:aws:organizations::{management}:account/{found}/{management}",
            "MasterAccountId": management,
            "MasterAccountEmail": f"management@{management}.example.com",
        }
        return _json(200, {"Organization": described})


def _fault(code: str, message: str) -> tuple[int, dict[str, str], bytes]:
    return _json(400, {"__type": code, "Message": message})


def _json(status: int, body: Mapping[str, Any]) -> tuple[int, dict[str, str], bytes]:
    return status, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(body).encode()
