"""What each guard carries: take one away everywhere, and prove again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenant_keys.review.proof.findings import Kind
from tenant_keys.review.proof.guards import Texts, lost
from tenant_keys.review.proof.key_access import Adversary, prove_key_access
from tenant_keys.review.proof.world import Edit, World


@dataclass(frozen=True, slots=True)
class Barrier:
    """A guard, and what gets through without it."""

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

    @property
    def single_point_of_failure(self) -> bool:
        """Whether plaintext hangs on this guard alone."""
        return self.lost == "plaintext"


def barriers(build: Callable[[Edit], World]) -> list[Barrier]:
    """Every Deny and every condition of an Allow, of key policies and access roles, one at a time.

    `build` makes the world with an edit applied to each document.
    """
    return [_without(guard, build) for guard in _guards(build(lambda _kind, document: document))]


def lost_barriers(before: Mapping[str, Texts], after: Mapping[str, Texts]) -> list[str]:
    """Guards that are gone or let more through, though another may still hold: for each with how many tenants.

    Both as `guard_texts` reads them. Tenants and roles that are not in both have nothing to lose.
    """
    found: dict[str, list[str]] = {}
    for owner, texts in after.items():
        for one in lost(before.get(owner, texts), texts):
            found.setdefault(one, []).append(owner)
    return [
        f"{what}: {owners[0]}" + (f" and {len(owners) - 1:,} more" if len(owners) > 1 else "")
        for what, owners in found.items()
    ]


def _guards(world: World) -> list[tuple[str, str, str | None]]:
    documents = [("key", case.document.raw) for case in world.keys]
    roles = [role for alike in world.tenant_roles for role in alike]
    central = world.estate.central.account
    roles += [role for role in world.other_roles if role.arn.split(":")[4] == central]
    documents += [("identity", document.raw) for role in roles for document in role.identity]
    found: dict[tuple[str, str, str | None], None] = {}
    for kind, document in documents:
        for statement in _statements(document):
            sid = str(statement.get("Sid", ""))
            if statement["Effect"] == "Deny":
                found[kind, sid, None] = None
                continue
            for operator, keys in statement.get("Condition", {}).items():
                for key in keys:
                    found[kind, sid, f"{operator} {key}"] = None
    return list(found)


def _without(guard: tuple[str, str, str | None], build: Callable[[Edit], World]) -> Barrier:
    kind, sid, condition = guard
    world = build(_editor(kind, sid, condition))
    lost, example = _worst(world, Adversary())
    also, _ = _worst(world, Adversary(repoints_aliases=True))
    return Barrier(kind, sid, condition, lost, example, also)


_ORDER = ("nothing", "description", "administration", "plaintext")


def _worst(world: World, adversary: Adversary) -> tuple[str, str]:
    worst, example = "nothing", ""
    for finding in prove_key_access(world, adversary, excess_only=True).findings:
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
                name: {k: v for k, v in keys.items() if (name, k) != (operator, key)}
                for name, keys in statement.get("Condition", {}).items()
            }
            kept = {name: keys for name, keys in kept.items() if keys}
            bare = {element: value for element, value in statement.items() if element != "Condition"}
            yield {**bare, "Condition": kept} if kept else bare


def _statements(document: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    several = document["Statement"]
    return several if isinstance(several, list) else [several]
