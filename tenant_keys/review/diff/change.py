"""One change between two estates, and what it asks of a reviewer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """What a change asks for."""

    BLOCKED = "blocked"
    """A key or its alias would be lost, or isolation is no longer proved."""
    REVIEW = "needs review"
    """A principal may do more than before, a safeguard is gone, or the deployment fails."""
    NOTE = "note"
    """No principal may do more than before."""


@dataclass(frozen=True, slots=True)
class Change:
    """A sentence about keys or access."""

    severity: Severity
    rule: str
    """Short name of the kind of change, stable for machines: `key-lost`, `access-widened`, ..."""
    what: str
    tenants: tuple[str, ...] = ()
    """The first tenants concerned."""
    count: int = 1
    """Tenants concerned."""
    stack: str | None = None
    fix: str | None = None
    like: str = ""
    """What changes that a reader takes for one have in common: the caller, the document; empty where there is none."""


def keys_of(tenants: list[str]) -> str:
    """The keys of some tenants, in words."""
    if len(tenants) == 1:
        return f"tenant {tenants[0]}'s key"
    return f"the keys of {len(tenants):,} tenants ({', '.join(tenants[:3])}{', ...' if len(tenants) > 3 else ''})"
