"""The sessions that can be obtained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tenant_keys.review.proof.findings import Finding
from tenant_keys.review.proof.promise import TAG


@dataclass(frozen=True, slots=True)
class Step:
    """A session that can be obtained: whose, of which role, with which tag."""

    actor: str
    role_arn: str
    tag: str | None
    """None: the session carries no tenant; "any": whichever the caller chooses."""
    caller: str | None = None
    """The role whose session asks; None for a service, a user or the holder of a token."""


@dataclass(slots=True)
class Issuance:
    """What the second half found."""

    findings: list[Finding] = field(default_factory=list)
    steps: set[Step] = field(default_factory=set)
    requests: int = 0


def shown_tag(tags: Mapping[str, str]) -> str | None:
    """The tag of a step: "any" where the caller chooses the tenant."""
    return "any" if any(value and key.lower() == TAG for key, value in tags.items()) else None
