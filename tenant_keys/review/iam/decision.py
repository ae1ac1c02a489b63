"""The answer, in IAM's words."""

from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

PolicyKind = Literal["identity", "boundary", "session", "resource", "scp", "rcp"]
DeciderKind = Literal["identity", "boundary", "session", "resource", "scp", "rcp", "grant"]
CALLED: Final[dict[DeciderKind, str]] = {
    "identity": "an identity-based policy",
    "resource": "a resource-based policy",
    "session": "a session policy",
    "boundary": "a permissions boundary",
    "scp": "a service control policy",
    "rcp": "a resource control policy",
}


class Outcome(Enum):
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html"""

    ALLOWED = "ALLOWED"
    IMPLICIT_DENY = "IMPLICIT_DENY"
    EXPLICIT_DENY = "EXPLICIT_DENY"


@dataclass(frozen=True, slots=True)
class Decider:
    """A statement (or grant) that took part in the decision."""

    policy: str
    kind: DeciderKind
    sid: str | None
    index: int


@dataclass(frozen=True, slots=True)
class Decision:
    """ALLOWED names each Allow that took part, EXPLICIT_DENY each Deny that matched; IMPLICIT_DENY names none."""

    outcome: Outcome
    deciders: tuple[Decider, ...]
    reason: str

    @property
    def allowed(self) -> bool:
        """Whether the request goes through."""
        return self.outcome is Outcome.ALLOWED
