"""Makes attacks, and says which statements denied each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from tenant_keys.local.attack import NOT_MADE, SKIPPED, Attack, Outcome
from tenant_keys.local.attack_setup import AttackSetup, NothingToAttack
from tenant_keys.local.attacks import ATTACKS
from tenant_keys.local.errors import LocalAwsError


def attack_all(setup: AttackSetup, attacks: tuple[Attack, ...] | None = None) -> Iterator[Outcome]:
    """Try every attack, one after the other."""
    for attack in ATTACKS if attacks is None else attacks:
        yield _try(attack, setup)


def _try(attack: Attack, setup: AttackSetup) -> Outcome:
    """Only the last call can be refused: what comes before it is lawful."""
    try:
        made = attack.prepare(setup)
    except NothingToAttack as nothing:
        return Outcome(attack, SKIPPED, (), f"needs {nothing}")
    except (ClientError, LocalAwsError) as problem:
        return Outcome(attack, NOT_MADE, (), f"while preparing: {problem}")
    got, message = "ALLOWED", ""
    with setup.aws.watch() as found:
        try:
            made()
        except ClientError as refusal:
            got, message = refusal.response["Error"]["Code"], refusal.response["Error"]["Message"]
    refused_by = refusers(found, got, message) if got != "ALLOWED" else ()
    return Outcome(attack, got, refused_by, message)


def refusers(decisions: list[dict[str, Any]], code: str, message: str) -> tuple[str, ...]:
    """What refused: the Deny statements, the kind of policy without an Allow, or a check beside the policies."""
    for decision in reversed(decisions):
        if decision["error"] is None:
            continue
        if decision["outcome"] == "EXPLICIT_DENY":
            return tuple(f"{decider['policy']}: {decider['sid']}" for decider in decision["decided_by"])
        if decision["outcome"] == "IMPLICIT_DENY":
            return (decision["reason"].partition(" because ")[2] or decision["reason"],)
        break
    return (f"not a policy: {message or code}",)
