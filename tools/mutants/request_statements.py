"""Statements that mutants of requests add, and what they expect of them."""

from __future__ import annotations

from tenant_keys.review.proof import Kind
from tools.mutants.mutant import (
    Expectation,
    Mutant,
    NotProvedBecause,
    Refuted,
    adding,
    together,
    without,
)
from tools.mutants.original import CENTRAL, Body

ROOT: Body = {"AWS": f"arn:aws:iam::{CENTRAL}:root"}
DECRYPT = "kms:Decrypt"
BILLING = f"arn:aws:iam::{CENTRAL}:role/tenant-keys/billing/shared.billing"
OUTSIDER, OTHER, MORE = Kind.OUTSIDER, Kind.OTHER_TENANT, Kind.MORE_THAN_DECLARED
DEAD = Kind.REFUSED
Row = tuple[str, Expectation, Body]


def opened(rows: list[Row]) -> list[Mutant]:
    """Each condition on an Allow of Decrypt to the account, on a key without any Deny."""
    return [
        Mutant(
            f"open {name}",
            expected,
            together(without("carla"), adding("carla", Principal=ROOT, Action=DECRYPT, Condition=condition)),
        )
        for name, expected, condition in rows
    ]


def hardened(rows: list[tuple[str, Expectation, str, Body]]) -> list[Mutant]:
    """Each condition on one Deny more."""
    return [
        Mutant(
            f"one Deny more: {name}",
            expected,
            adding("dora", Sid="Harder", Effect="Deny", Principal="*", Action=action, Condition=condition),
        )
        for name, expected, action, condition in rows
    ]


def equals(key: str, value: str) -> Body:
    return {"StringEquals": {key: value}}


def arn_like(pattern: str) -> Body:
    return {"ArnLike": {"aws:PrincipalArn": pattern}}


def outsider(words: str) -> Refuted:
    return Refuted(OUTSIDER, (words, "Decrypt"))


def not_proved_because(words: str) -> NotProvedBecause:
    return NotProvedBecause((words,))


def refused(action: str) -> Refuted:
    return Refuted(DEAD, ("tenant dora through workload orders", action))


def open_question(key: str) -> NotProvedBecause:
    return NotProvedBecause(("depends on", key))
