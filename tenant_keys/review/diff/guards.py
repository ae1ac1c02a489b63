"""What each document guards against, apart from how it is written: for a comparison of two versions.

A redundant guard grants nothing when it goes: every verdict stays as it was, and only a comparison tells. Sids, the
order and the splitting of statements, lists of one and operators that mean the same do not count.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from tenant_keys.review.iam.elements import action_tests
from tenant_keys.review.iam.wildcards import has_wildcard
from tenant_keys.review.proof.inventory import Inventory, RoleRecord, marked
from tenant_keys.review.proof.key_access import key_actions
from tenant_keys.review.proof.promise import Promise
from tenant_keys.review.syntax import Statement, parse_document

Texts = tuple[tuple[str, str], ...]
"""Kind and text of each document, with marks for the tenant's own names."""
_STS: Final = ("AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "TagSession", "SetSourceIdentity")
_SAME: Final = {
    "ArnLike": "ArnEquals",
    "ArnNotLike": "ArnNotEquals",
    # A negated operator holds where the key is absent, with IfExists and without.
    "ArnNotLikeIfExists": "ArnNotEquals",
    "ArnNotEqualsIfExists": "ArnNotEquals",
    "StringNotEqualsIfExists": "StringNotEquals",
}
_WITHOUT_WILDCARDS: Final = {"StringLike": "StringEquals", "StringNotLike": "StringNotEquals"}


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition, in one spelling for all that mean the same."""

    operator: str
    key: str
    values: frozenset[str]

    def implies(self, other: Condition) -> bool:
        """Whether the other holds wherever this one does."""
        if (self.operator, self.key) != (other.operator, other.key):
            return False
        return self.values >= other.values if "Not" in self.operator else self.values <= other.values

    def __str__(self) -> str:
        return f"{self.operator} {self.key}"


@dataclass(frozen=True, slots=True)
class Guard:
    """What one statement says of one action."""

    kind: str
    effect: str
    action: str
    principals: frozenset[str]
    resources: frozenset[str]
    conditions: frozenset[Condition]
    sid: str = field(default="", compare=False)

    def within(self, wider: Guard) -> bool:
        """Whether the other applies wherever this one does."""
        return (
            _within(self.principals, wider.principals)
            and _within(self.resources, wider.resources)
            and all(any(own.implies(one) for own in self.conditions) for one in wider.conditions)
        )


def guard_texts(inventory: Inventory, promised: Mapping[str, Promise]) -> dict[str, Texts]:
    """The documents by tenant, and by ARN for roles that are no single tenant's."""
    found = {tenant: _texts(inventory, promise) for tenant, promise in promised.items()}
    own = {use.role_arn for promise in promised.values() for use in promise.uses if not use.shared}
    for arn, role in inventory.roles.items():
        if arn not in own:
            documents = [("trust", role.trust), *(("identity", document) for _, document in role.identity)]
            found[arn] = tuple((f"{kind} policy of {_name(arn)}", json.dumps(body)) for kind, body in documents)
    return found


def lost_guards(before: Mapping[str, Texts], after: Mapping[str, Texts]) -> dict[str, list[str]]:
    """Guards that are gone or let more through, though another may still hold: of each, the tenants and roles.

    Both as `guard_texts` reads them. Tenants and roles that are not in both have nothing to lose.
    """
    found: dict[str, list[str]] = {}
    for owner, texts in after.items():
        for one in _lost(before.get(owner, texts), texts):
            found.setdefault(one, []).append(owner)
    return found


@lru_cache(maxsize=4096)
def _lost(before: Texts, after: Texts) -> tuple[str, ...]:
    """What the earlier documents guarded against and the later ones do not."""
    if before == after:
        return ()
    old, new = _guards(before), _guards(after)
    gone: dict[str, list[str]] = {}
    for guard in old:
        if guard.effect == "Deny" and not any(guard.within(one) for one in new if _alike(guard, one)):
            what = f"{guard.kind}: no Deny {_unless(guard)} as strict as {guard.sid} was"
            gone.setdefault(what, []).append(guard.action)
    for guard in new:
        if guard.effect == "Allow":
            allowed = [one for one in old if _alike(guard, one)]
            if not any(guard.within(one) for one in allowed):
                gone.setdefault(f"{guard.kind}: {_widened(guard, allowed)}", []).append(guard.action)
    return tuple(f"{what} ({', '.join(sorted(set(actions)))})" for what, actions in gone.items())


def _texts(inventory: Inventory, promise: Promise) -> Texts:
    keys = [(f"key policy in {record.region}", record.policy) for record in inventory.keys.get(promise.tenant, ())]
    roles: list[tuple[str, str]] = []
    for use in promise.uses:
        role = None if use.shared else inventory.roles.get(use.role_arn)
        if role is not None:
            roles += _role_texts(role, use.workload, promise)
    return (*keys, *roles)


def _role_texts(role: RoleRecord, workload: str, promise: Promise) -> Iterator[tuple[str, str]]:
    yield f"trust policy of the role of {workload}", marked(role.trust, promise)
    for _, document in role.identity:
        yield f"identity policy of the role of {workload}", marked(document, promise)


@lru_cache(maxsize=4096)
def _guards(texts: Texts) -> tuple[Guard, ...]:
    return tuple(
        guard for kind, text in texts for one in parse_document(text, kind).statements for guard in _of(kind, one)
    )


def _of(kind: str, statement: Statement) -> Iterator[Guard]:
    named = [f"{form} {name}" if form != "*" else "*" for form, name in statement.principals]
    principals = frozenset(["not named"] if statement.not_principals else named or ["*"])
    resources = frozenset(statement.resources or ["*"])
    conditions = frozenset(_conditions(statement))
    effect = "Allow" if statement.allows else "Deny"
    for action in _actions(statement):
        yield Guard(kind, effect, action, principals, resources, conditions, statement.sid or "a statement")


def _conditions(statement: Statement) -> Iterator[Condition]:
    for one in statement.conditions:
        qualifier, colon, name = one.spelled.rpartition(":")
        if not any(map(has_wildcard, one.values)):
            name = _WITHOUT_WILDCARDS.get(name, name)
        yield Condition(f"{qualifier}{colon}{_SAME.get(name, name)}", one.key, frozenset(one.values))


def _actions(statement: Statement) -> list[str]:
    tests = action_tests(statement.actions or statement.not_actions, "Action")
    known = (*key_actions(), *(f"sts:{name}" for name in _STS))
    return [name for name in known if any(test(name.lower()) for test in tests) is bool(statement.actions)]


def _alike(one: Guard, other: Guard) -> bool:
    return (one.kind, one.effect, one.action) == (other.kind, other.effect, other.action)


def _within(narrow: frozenset[str], wide: frozenset[str]) -> bool:
    return narrow <= wide or "*" in wide


def _unless(guard: Guard) -> str:
    return " and ".join(sorted(map(str, guard.conditions))) or "to anyone"


def _widened(guard: Guard, allowed: Iterable[Guard]) -> str:
    """Which condition of the nearest earlier Allow is gone."""
    nearest = min(allowed, key=lambda one: _distance(one, guard), default=None)
    if nearest is None:
        return "an Allow that was not there"
    gone = [str(one) for one in _gone(nearest, guard)]
    if gone:
        return "an Allow without " + " and ".join(sorted(gone)) + " as strict as before"
    return "an Allow to more principals or resources"


def _gone(one: Guard, other: Guard) -> list[Condition]:
    return [condition for condition in one.conditions if not any(own.implies(condition) for own in other.conditions)]


def _distance(one: Guard, other: Guard) -> tuple[int, int, int]:
    keys = {condition.key for condition in one.conditions} - {condition.key for condition in other.conditions}
    return len(_gone(one, other)), len(one.conditions ^ other.conditions), len(keys)


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]
