"""Who sends a request, as its credentials say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType


class CallerKind(Enum):
    ROOT = "Root"
    USER = "User"
    ROLE = "AssumedRole"
    SERVICE = "AWSService"
    WEB_IDENTITY = "WebIdentityUser"


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal with what its session adds: tags, session policies, where it came from."""

    kind: CallerKind
    account: str
    arn: str
    """As CloudTrail shows it: the session ARN of a role."""
    name: str
    """Name of the user or role; host name of a service; OIDC provider ARN of a token."""
    organization: str | None
    role_arn: str | None = None
    user_id: str = ""
    tags: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """aws:PrincipalTag: the role's own tags, overridden by the session's (IAM guide, id_session-tags)."""
    transitive: frozenset[str] = frozenset()
    """Keys of session tags that the next session inherits and may not set again."""
    session_policies: tuple[str, ...] | None = None
    """None: no session policy was passed, so none limits."""
    session_tags: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    via_service: str | None = None
    """The service that acts for a principal, cloudformation.amazonaws.com: shown, and lets it set its own aws: tags."""
