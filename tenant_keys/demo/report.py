"""What the demo saw: every call with who made it, what AWS answered, and which statements decided."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

ALLOWED = "allowed"


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that decided, or a policy in which none allows."""

    policy: str
    sid: str | None
    """None: no statement of the policy allows the call."""

    def __str__(self) -> str:
        return f"{self.policy}: {self.sid or 'no statement allows it'}"


@dataclass(frozen=True, slots=True)
class Call:
    """One thing that was tried."""

    name: str
    who: str
    tried: str
    answer: str
    """"allowed", or AWS's error code."""
    as_promised: bool
    decided_by: tuple[Statement, ...] = ()
    seen: str = ""
    """What came of it, in words."""
    principal: str | None = None
    """ARN of the caller, as AWS saw it."""
    action: str | None = None
    resource: str | None = None
    alias: str | None = None


def asked(decision: dict[str, Any] | None) -> dict[str, str | None]:
    """The fields of a call that a decision of the local AWS has: who asked for what."""
    names = {"principal": "who", "action": "action", "resource": "resource", "alias": "alias"}
    return {field: decision[name] if decision else None for field, name in names.items()}


@dataclass(frozen=True, slots=True)
class StackRow:
    """A stack and how many resources of each kind are in it."""

    account: str
    region: str
    name: str
    resources: dict[str, int]


@dataclass(frozen=True, slots=True)
class Reported:
    """A message on the topic of the audit stack."""

    severity: str
    rule: str
    who: str
    """Name of the role or user."""
    event: str
    at: str
    """Key, alias or role."""


@dataclass(slots=True)
class Report:
    """The whole run; filled in as it goes on."""

    verdict: str = ""
    claim: str = ""
    tenants: int = 0
    keys: int = 0
    requests: int = 0
    """Classes of requests that the proof decided."""
    stacks: list[StackRow] = field(default_factory=list)
    names: list[tuple[str, str, str]] = field(default_factory=list)
    """Account, Region (of what is not global) and name of every alias and role."""
    endpoint: str = ""
    folder: str = ""
    accounts: tuple[str, ...] = ()
    served: list[Call] = field(default_factory=list)
    attacks: list[Call] = field(default_factory=list)
    watched: bool = False
    """Whether the estate has an audit stack."""
    reported: list[Reported] = field(default_factory=list)
    """What the person on call got while the estate was attacked, each once."""
    skipped: list[str] = field(default_factory=list)
    """Attacks for which the estate has nothing to attack."""
    seconds: dict[str, float] = field(default_factory=dict)
    cleaned_up: bool = False

    @property
    def as_promised(self) -> bool:
        """Every legitimate call worked and every attack was refused as it must be; none of either is no success."""
        calls = [*self.served, *self.attacks]
        tried = bool(self.served) and bool(self.attacks)
        heard = bool(self.reported) or not self.watched
        return self.verdict == "proved" and tried and heard and all(c.as_promised for c in calls) and self.cleaned_up

    def as_document(self) -> dict[str, Any]:
        """The report as JSON types."""
        return {"as_promised": self.as_promised, **asdict(self)}
