"""What a rule sees: one policy document and where it is; and what it says: findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tenant_keys.review.syntax import Statement, parse_document

Kind = Literal["identity", "trust", "key", "session"]
Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a policy is."""

    stack: str
    logical_id: str
    policy: str
    account: str


@dataclass(frozen=True, slots=True)
class LintFinding:
    """One thing that a rule has against a policy."""

    rule: str
    severity: Severity
    where: str
    what: str
    why: str
    fix: str


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy document, the kind of place it is in, and its statements."""

    kind: Kind
    place: Place
    version: object
    statements: tuple[Statement, ...]


def parse_policy(document: Mapping[str, Any], kind: Kind, place: Place) -> Policy:
    """Take a document apart; raises MalformedPolicy."""
    parsed = parse_document(document, f"{place.stack}/{place.logical_id}/{place.policy}")
    return Policy(kind, place, parsed.version, parsed.statements)
