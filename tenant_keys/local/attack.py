"""An attack: a real SDK call that must be denied with the error that AWS would give, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tenant_keys.local.attack_setup import AttackSetup

DENIED: Final = "AccessDeniedException"
"""KMS's; STS says AccessDenied."""
Made = Callable[[], object]
"""The call of an attack, when all that comes before it has succeeded."""
NOT_MADE: Final = "NOT MADE"
SKIPPED: Final = "SKIPPED"


@dataclass(frozen=True, slots=True)
class Attack:
    """One call that must be denied, and how. `{attacker}`, `{victim}` and `{suspended}` represent tenants."""

    name: str
    who: str
    tried: str
    code: str
    """AWS's error code: the policies deny before KMS looks at the key's state."""
    policy: str
    sid: str | None
    """Must be among the statements that deny; None: the policy has no statement that allows."""
    prepare: Callable[[AttackSetup], Made]
    """What the attacker may do; its result makes the call that must be denied."""
    victim: str | None = None
    """Another victim than the setup's, where that one would be denied for another reason."""
    without_the_policy: str | None = None
    """The error code of an estate whose policies leave this denial to KMS."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attack."""

    attack: Attack
    got: str
    """AWS error code, ALLOWED, or why there was no call: SKIPPED, NOT MADE."""
    refused_by: tuple[str, ...]
    """Policies with the statements that denied, or what no policy allowed."""
    message: str = ""

    @property
    def name(self) -> str:
        """The attack's name."""
        return self.attack.name

    @property
    def refused(self) -> bool:
        """Denied with the error code that AWS gives."""
        return self.got in (self.attack.code, self.attack.without_the_policy)

    @property
    def skipped(self) -> bool:
        """Whether the estate has nothing that this attack could be made on."""
        return self.got == SKIPPED

    @property
    def failed(self) -> bool:
        """Whether what comes before the attack failed, so that nothing is known of it."""
        return self.got == NOT_MADE
