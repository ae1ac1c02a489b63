"""What each Deny and each condition prevents: remove one everywhere, and prove again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenant_keys.review.iam.elements import action_tests
from tenant_keys.review.proof.findings import Kind
from tenant_keys.review.proof.key_access import Adversary, prove_key_access
from tenant_keys.review.proof.key_actions import key_actions
from tenant_keys.review.proof.world import Edit, World, keep
from tenant_keys.review.syntax import Statement

_Part = tuple[str, str, str | None]
"""Kind of policy, Sid, and the condition of an Allow; None for a whole Deny."""


@dataclass(frozen=True, slots=True)
class Safeguard:
    """A Deny or a condition, and what is allowed without it."""

    kind: str
    """"key" or "identity"."""
    sid: str
    condition: str | None
    """Operator and key, where it is one condition of an Allow; None for a whole Deny."""
    lost: str
    """"nothing", "description", "administration" or "plaintext": the worst that others gain without it."""
    example: str
    with_repointed_alias: str
    """The same, if an alias may have been re-pointed too."""


def safeguards(build: Callable[[Edit], World]) -> list[Safeguard]:
    """Every Deny and every condition of an Allow, of key policies and access roles, one at a time.

    `build` makes the world with an edit applied to each document.
    """
    return [_without(part, actions, build) for part, actions in _removable(build(keep)).items()]


def _removable(world: World) -> dict[_Part, frozenset[str]]:
    """Each Deny and each condition of an Allow, with the actions on a key to which it applies."""
    documents = [("key", case.document.tree) for case in world.keys]
    roles = [role for alike in world.tenant_roles for role in alike]
    central = world.estate.central.account
    roles += [role for role in world.other_roles if role.arn.split(":")[4] == central]
    documents += [("identity", document.tree) for role in roles for document in role.identity]
    found: dict[_Part, frozenset[str]] = {}
    for kind, document in documents:
        for statement in document.statements:
            sid, actions = statement.sid or "", _actions(statement)
            for condition in _conditions(statement):
                part = (kind, sid, condition)
                found[part] = found.get(part, frozenset()) | actions
    return found


def _conditions(statement: Statement) -> list[str | None]:
    """What can be taken away: a Deny as a whole (None), or one condition of an Allow."""
    if not statement.allows:
        return [None]
    return [f"{condition.spelled} {condition.key}" for condition in statement.conditions]


def _actions(statement: Statement) -> frozenset[str]:
    tests = action_tests(statement.actions or statement.not_actions, "Action")
    return frozenset(
        action for action in key_actions() if any(test(action.lower()) for test in tests) is bool(statement.actions)
    )


def _without(part: _Part, actions: frozenset[str], build: Callable[[Edit], World]) -> Safeguard:
    """What is lost without it: of other actions than its own nothing changes."""
    kind, sid, condition = part
    world = build(_editor(kind, sid, condition))
    also, _ = _worst(world, Adversary(repoints_aliases=True), actions)
    # Anyone who may re-point aliases may leave them: what is refused to it is refused without.
    lost, example = _worst(world, Adversary(), actions) if also != "nothing" else ("nothing", "")
    return Safeguard(kind, sid, condition, lost, example, also)


_ORDER = ("nothing", "description", "administration", "plaintext")


def _worst(world: World, adversary: Adversary, actions: frozenset[str]) -> tuple[str, str]:
    worst, example = "nothing", ""
    gained = prove_key_access(world, adversary, excess_only=True, only=actions.__contains__)
    for finding in gained.findings:
        action = str((finding.request or {}).get("action", ""))
        lost = "plaintext"
        if finding.kind is Kind.MORE_THAN_DECLARED:
            continue  # a tenant that does more with its own key takes nothing from another
        if finding.kind is Kind.ADMINISTRATION:
            lost = "administration"
        if action in ("kms:DescribeKey", "kms:GetPublicKey"):
            lost = "description"
        if _ORDER.index(lost) > _ORDER.index(worst):
            worst, example = lost, finding.what
    return worst, example


def _editor(kind: str, sid: str, condition: str | None) -> Edit:
    def edit(of: str, document: Mapping[str, object]) -> Mapping[str, object]:
        if of != kind:
            return document
        return {**document, "Statement": list(_edited(_statements(document), sid, condition))}

    return edit


def _edited(statements: Sequence[Mapping[str, Any]], sid: str, condition: str | None) -> Iterator[Mapping[str, Any]]:
    for statement in statements:
        if statement.get("Sid", "") != sid:
            yield statement
        elif condition is not None:
            operator, _, key = condition.partition(" ")
            kept = {
                name: {k: v for k, v in keys.items() if (name, k.lower()) != (operator, key)}
                for name, keys in statement.get("Condition", {}).items()
            }
            kept = {name: keys for name, keys in kept.items() if keys}
            bare = {element: value for element, value in statement.items() if element != "Condition"}
            yield {**bare, "Condition": kept} if kept else bare


def _statements(document: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    several = document["Statement"]
    return several if isinstance(several, list) else [several]
