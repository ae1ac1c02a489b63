"""IAM Roles Anywhere, as far as trust anchors and profiles are listed, switched and removed; it gives no sessions.

Source: IAM Roles Anywhere API reference, the request of each operation.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any, Final

from tenant_keys.local.authorizer import Authorizer
from tenant_keys.local.caller import Caller
from tenant_keys.local.cloudformation.held import Held
from tenant_keys.local.decisions import Decisions
from tenant_keys.local.fault import Fault
from tenant_keys.local.rest_service import Body, authorize

_ONE: Final = re.compile(r"/(trustanchor|profile)/([0-9a-f-]{36})(?:/(enable|disable))?\Z")
_LISTS: Final = {"/trustanchors": ("trustAnchor", "TrustAnchor"), "/profiles": ("profile", "Profile")}
_KINDS: Final = {"trustanchor": ("trustAnchor", "TrustAnchor"), "profile": ("profile", "Profile")}
_RESOURCES: Final = {"trustAnchor": "trust-anchor", "profile": "profile"}


class RolesAnywhere:
    """What CloudFormation made of it, and what its API changes."""

    def __init__(self, held: Held, authorizer: Authorizer, decisions: Decisions) -> None:
        self._held = held
        self._authorizer = authorizer
        self._decisions = decisions

    def answer(
        self, caller: Caller, region: str, method: str, path: str, query: Mapping[str, str], body: Body
    ) -> dict[str, Any]:
        """The answer to one request."""

        def ask(action: str, resource: str = "*") -> None:
            authorize(self._authorizer, self._decisions, caller, region, f"rolesanywhere:{action}", resource)

        if path == "/ListTagsForResource":
            arn = query.get("resourceArn", "")
            ask("ListTagsForResource", arn)
            return {"tags": self._by_arn(arn)["tags"]}
        if path in _LISTS:
            kind, name = _LISTS[path]
            if method == "GET":
                ask(f"List{name}s")
                return {f"{kind}s": [_shown(one) for one in self._held.of(kind).values()]}
            ask(f"Create{name}")
            return {kind: self._create(kind, caller.account, region, body)}
        found = _ONE.match(path)
        if found is None:
            raise Fault("UnknownOperationException", f"the local AWS does not offer {method} {path[:60]}", 404)
        (kind, name), identifier = _KINDS[found[1]], found[2]
        records = self._held.of(kind)
        if identifier not in records:
            raise Fault("ResourceNotFoundException", f"{name} {identifier} not found", 404)
        record = records[identifier]
        verb = {"DELETE": "Delete", "PATCH": "Update", "GET": "Get"}.get(method) or str(found[3]).capitalize()
        ask(f"{verb}{name}", record[f"{kind}Arn"])
        if verb in ("Enable", "Disable"):
            record["enabled"] = verb == "Enable"
        elif verb == "Update":
            record.update({key: value for key, value in body.items() if key in record})
        elif verb == "Delete":
            del records[identifier]
        return {kind: _shown(record)}

    def _create(self, kind: str, account: str, region: str, body: Body) -> dict[str, Any]:
        identifier = str(uuid.uuid4())
        arn = f"arn:aws:rolesanywhere:{region}:{account}:{_RESOURCES[kind]}/{identifier}"
        record = {"enabled": False, "tags": [], **body, f"{kind}Id": identifier, f"{kind}Arn": arn}
        self._held.of(kind)[identifier] = record
        return _shown(record)

    def _by_arn(self, arn: str) -> dict[str, Any]:
        for kind in _RESOURCES:
            for record in self._held.of(kind).values():
                if record[f"{kind}Arn"] == arn:
                    return record
        raise Fault("ResourceNotFoundException", f"{arn} not found", 404)


def _shown(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != "tags"}
