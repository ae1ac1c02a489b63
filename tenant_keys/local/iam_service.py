"""ministack's IAM with what it leaves out: changes of identity providers, GetAccountAuthorizationDetails in pages, and
unique ids in policies.

AWS turns the ARN of a role in a policy into the role's unique id when it stores the policy, and shows the id once the
role is deleted; a role that is created again under the name has another id, and the policy does not trust it (IAM
guide, reference_identifiers and reference_policies_elements_principal).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from tenant_keys.local.emulator import application, iam_records, scopes
from tenant_keys.local.kms.service import Kms

Response = tuple[int, dict[str, str], bytes]
_NAMESPACE: Final = "https://iam.amazonaws.com/doc/2010-05-08/"
_LISTS: Final = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
_PAGE: Final = 100
"""Items of a page where MaxItems is left out (IAM API, GetAccountAuthorizationDetails)."""


class IamService:
    """In the place of ministack's handler."""

    def __init__(self, kms: Kms) -> None:
        self._kms = kms

    async def handle(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, query: Mapping[str, list[str]]
    ) -> Response:
        """ministack's answer, completed."""
        given = {name: values[0] for name, values in query.items()}
        given |= {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        account, _ = scopes.current_scope()
        action = given.get("Action")
        if action in _OF_PROVIDERS:
            return _change_provider(account, str(action), given)
        role = iam_records.role(account, given.get("RoleName", "")) if action == "DeleteRole" else None
        module = application.service_module("iam")
        response: Response = await module.handle_request(method, path, headers, body, query)
        if response[0] != 200:
            return response
        if role is not None:
            self._show_id(role.arn, role.unique_id)
        if action == "GetAccountAuthorizationDetails":
            return _page(response, given, account)
        return response

    def _show_id(self, arn: str, unique_id: str) -> None:
        for record in iam_records.trust_policies():
            record["AssumeRolePolicyDocument"] = _without(record.get("AssumeRolePolicyDocument"), arn, unique_id)
        for key in self._kms.store.all_keys():
            key.policy = _without(key.policy, arn, unique_id)


_OF_PROVIDERS: Final = frozenset(
    {
        "AddClientIDToOpenIDConnectProvider",
        "RemoveClientIDFromOpenIDConnectProvider",
        "UpdateOpenIDConnectProviderThumbprint",
    }
)


def _change_provider(account: str, action: str, given: Mapping[str, str]) -> Response:
    """Audiences and thumbprints of an identity provider, which ministack does not change."""
    arn = given.get("OpenIDConnectProviderArn", "")
    found = iam_records.oidc_provider(account, arn)
    if found is None:
        error = (
            f"<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>{escape(arn)}</Message></Error></ErrorResponse>"
        )
        return 404, {"Content-Type": "text/xml"}, error.encode()
    record = dict(found)
    client, clients = given.get("ClientID", ""), [*(record.get("ClientIDList") or ())]
    if action.startswith("Update"):
        names = sorted(name for name in given if name.startswith("ThumbprintList.member."))
        record["ThumbprintList"] = [given[name] for name in names]
    elif action.startswith("Add"):
        record["ClientIDList"] = [*clients, *([client] if client not in clients else [])]
    else:
        record["ClientIDList"] = [one for one in clients if one != client]
    iam_records.put_oidc_provider(arn, record)
    return 200, {"Content-Type": "text/xml"}, f'<{action}Response xmlns="{_NAMESPACE}"/>'.encode()


def _without(text: Any, arn: str, unique_id: str) -> Any:
    if not isinstance(text, str) or arn not in text:
        return text
    document = json.loads(text)
    several = document["Statement"]
    for statement in [several] if isinstance(several, dict) else several:
        for element in ("Principal", "NotPrincipal"):
            named = statement.get(element)
            if isinstance(named, dict) and "AWS" in named:
                given = named["AWS"]
                listed = [unique_id if one == arn else one for one in ([given] if isinstance(given, str) else given)]
                named["AWS"] = listed[0] if isinstance(given, str) else listed
    return json.dumps(document)


def _page(response: Response, given: Mapping[str, str], account: str) -> Response:
    """One page of all lists together, with each role's permissions boundary."""
    status, headers, body = response
    ET.register_namespace("", _NAMESPACE)
    # ministack wrote it just now
    root = ET.fromstring(body)  # noqa: S314
    result = root.find(f"{{{_NAMESPACE}}}GetAccountAuthorizationDetailsResult")
    if result is None:
        return response
    members = [
        (found, member)
        for name in _LISTS
        if (found := result.find(f"{{{_NAMESPACE}}}{name}")) is not None
        for member in list(found)
    ]
    start, most = int(given.get("Marker") or 0), int(given.get("MaxItems") or _PAGE)
    for index, (parent, member) in enumerate(members):
        if not start <= index < start + most:
            parent.remove(member)
        elif parent.tag.endswith("RoleDetailList"):
            _add_boundary(member, account)
    if start + most < len(members):
        truncated = result.find(f"{{{_NAMESPACE}}}IsTruncated")
        if truncated is not None:
            truncated.text = "true"
        ET.SubElement(result, f"{{{_NAMESPACE}}}Marker").text = str(start + most)
    return status, headers, ET.tostring(root)


def _add_boundary(member: ET.Element, account: str) -> None:
    name = member.findtext(f"{{{_NAMESPACE}}}RoleName") or ""
    role = iam_records.role(account, name)
    if role is not None and role.boundary is not None:
        boundary = ET.SubElement(member, f"{{{_NAMESPACE}}}PermissionsBoundary")
        ET.SubElement(boundary, f"{{{_NAMESPACE}}}PermissionsBoundaryType").text = "Policy"
        ET.SubElement(boundary, f"{{{_NAMESPACE}}}PermissionsBoundaryArn").text = role.boundary
