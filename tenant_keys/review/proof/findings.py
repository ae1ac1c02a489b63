"""What a proof finds: requests that are let through or refused against what is declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from tenant_keys.review.iam.variables import Value


class Kind(Enum):
    """What is broken, the worst first."""

    OTHER_TENANT = "another tenant's session uses the key"
    OUTSIDER = "a principal outside the manifest uses the key"
    OBTAINS_SESSION = "an undeclared principal obtains a session"
    ADMINISTRATION = "a key is administered otherwise than declared"
    MORE_THAN_DECLARED = "a declared role has more access than declared"
    GUARDRAIL = "a control policy of the organization allows what it must deny"
    INVENTORY = "the templates contain something that the manifest does not declare"
    NOT_PROVED = "not proved"
    REFUSED = "declared access is denied"


@dataclass(frozen=True, slots=True)
class Finding:
    """One way in which the templates differ from the promise."""

    kind: Kind
    what: str
    """A sentence."""
    fix: str
    tenant: str | None = None
    request: Mapping[str, object] | None = None
    """Principal, tags, action, key, context: what to send to see it."""
    statements: tuple[str, ...] = ()
    """Policy and Sid of what decided."""
    others: int = 0
    """How many more tenants are in the same position."""


def describe_request(
    principal: str, tags: Mapping[str, str], action: str, resource: str, named: str, context: Mapping[str, Value]
) -> dict[str, object]:
    """A request as a reviewer would write it down."""
    request: dict[str, object] = {"principal": principal, "action": action, "resource": resource, "named by": named}
    if tags:
        request["session tags"] = dict(tags)
    rest = {key: value for key, value in context.items() if key not in ("kms:requestalias", "kms:resourcealiases")}
    if rest:
        request["context"] = rest
    return request
