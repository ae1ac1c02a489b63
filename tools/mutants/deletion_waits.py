"""Key policies that weaken or spoil the wait before a key is deleted."""

from __future__ import annotations

from tenant_keys.review.proof import Kind
from tools.mutants.key_policy_allows import role_named
from tools.mutants.key_policy_statements import ADMINISTRATION, ARN, statement
from tools.mutants.mutant import (
    Harmless,
    LostSafeguard,
    Mutant,
    NotProvedBecause,
    Refuted,
    change,
    setting,
    together,
    turn,
    without,
)
from tools.mutants.original import REPLICA, Body, Templates

WAIT, UNUSED, LESS = "DenyDeletionOfRecentlyUsedKey", "kms:TrailingDaysWithoutKeyUsage", "NumericLessThanIfExists"
SCHEDULES = ("role/KeyBreakGlass", "ScheduleKeyDeletion")


def waiting() -> list[Mutant]:
    """The days without use that KMS itself waits for: fewer or more than declared, or for more than deletion."""
    waits = statement(WAIT)
    too_soon, never = Refuted(ADMINISTRATION, SCHEDULES), Refuted(Kind.REFUSED, SCHEDULES)

    def of_replica(templates: Templates) -> Body:
        return templates.statement("gina", WAIT, REPLICA)

    return [
        Mutant("no waiting before a deletion", too_soon, without("alma", WAIT)),
        Mutant("seven days of waiting, not 30", too_soon, setting(waits, LESS, UNUSED, "7")),
        Mutant("a replica that waits for seven days", too_soon, setting(of_replica, LESS, UNUSED, "7")),
        Mutant("waiting only where KMS tells the last use", too_soon, turn(waits, LESS, "NumericLessThan")),
        Mutant("waiting by the wrong operator", too_soon, turn(waits, LESS, "NumericGreaterThanIfExists")),
        Mutant(
            "waiting for exactly one day",
            too_soon,
            turn(waits, LESS, "NumericEqualsIfExists", kms__TrailingDaysWithoutKeyUsage="29"),
        ),
        Mutant(
            "break-glass spared by the waiting",
            too_soon,
            setting(waits, "ArnNotEquals", ARN, role_named("KeyBreakGlass")),
        ),
        Mutant("one day more than declared", never, turn(waits, LESS, "NumericLessThanEqualsIfExists")),
        Mutant("90 days of waiting, not 30", never, setting(waits, LESS, UNUSED, "90")),
        Mutant(
            "disabling waits too, as in AWS's example",
            NotProvedBecause(("DisableKey", "depends on", UNUSED.lower())),
            change(waits, Action=["kms:ScheduleKeyDeletion", "kms:DisableKey"]),
        ),
        Mutant("waiting for a word", NotProvedBecause(("is not a number",)), setting(waits, LESS, UNUSED, "thirty")),
        Mutant(
            "29 whole days, which is fewer than 30",
            Harmless(),
            turn(waits, LESS, "NumericLessThanEqualsIfExists", kms__TrailingDaysWithoutKeyUsage="29"),
        ),
        Mutant(
            "28 whole days",
            too_soon,
            turn(waits, LESS, "NumericLessThanEqualsIfExists", kms__TrailingDaysWithoutKeyUsage="28"),
        ),
        Mutant("30 written as a JSON number", Harmless(), setting(waits, LESS, UNUSED, 30)),
        Mutant(
            "the waiting in the Allow, and no Deny",
            LostSafeguard(("no Deny NumericLessThan",)),
            together(
                without("alma", WAIT),
                setting(statement("ScheduleDeletion"), "NumericGreaterThanEquals", UNUSED, "30"),
            ),
        ),
    ]
