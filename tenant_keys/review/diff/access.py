"""What changes in access: requests that were refused and are allowed, or the other way round.

Computed as the proof is: for every class of tenants that are alike in both versions, every class of requests that the
old or the new documents distinguish is decided by both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from tenant_keys.review.diff.change import Change, Severity, keys_of
from tenant_keys.review.iam import Policies, Request, authorize
from tenant_keys.review.iam.variables import Value
from tenant_keys.review.proof.actor import Actor
from tenant_keys.review.proof.actors import actors_of
from tenant_keys.review.proof.equivalence import TenantClass, Tenants
from tenant_keys.review.proof.issuance import prove_issuance
from tenant_keys.review.proof.key_actions import carries, key_actions
from tenant_keys.review.proof.promise import TAG
from tenant_keys.review.proof.requests import Target, contexts, possible
from tenant_keys.review.proof.reviewed import ReviewedEstate
from tenant_keys.review.proof.tags import tags_read
from tenant_keys.review.proof.world import KeyCase, World, build_world

_Found = tuple[Severity, str, str, str, str]
"""Severity, rule, sentence, actions and caller of a change."""


@dataclass(slots=True)
class _Flips:
    """Contexts of one caller and action, by what becomes of them."""

    kept: list[Mapping[str, Value]] = field(default_factory=list)
    granted: list[Mapping[str, Value]] = field(default_factory=list)
    revoked: list[Mapping[str, Value]] = field(default_factory=list)


def access_changes(old: ReviewedEstate, new: ReviewedEstate) -> Iterator[Change]:
    """Every difference in who may do what with the keys that both versions have, and in who obtains which session."""
    classes: dict[tuple[TenantClass, TenantClass], list[str]] = {}
    for tenant, alike in new.class_of.items():
        if tenant in old.class_of:
            classes.setdefault((old.class_of[tenant], alike), []).append(tenant)
    worlds = (
        _world(old, [(before, tenants) for (before, _), tenants in classes.items()]),
        _world(new, [(after, tenants) for (_, after), tenants in classes.items()]),
    )
    merged: dict[_Found, list[str]] = {}
    # A document that changed may open any key, so one change anywhere has every class compared.
    if old.class_of != new.class_of or _shared(old) != _shared(new):
        for tenants in classes.values():
            for found in _class_changes(worlds[0], worlds[1], tenants[0]):
                merged.setdefault(found, []).extend(tenants)
    for (severity, rule, sentence, actions, who), tenants in merged.items():
        message = sentence.format(actions=actions, key=keys_of(tenants))
        yield Change(severity, rule, message, tuple(tenants[:5]), len(tenants), like=who)
    yield from _issuance_changes(worlds[0], worlds[1])


def _shared(side: ReviewedEstate) -> dict[str, object]:
    """Documents of roles that are no single tenant's, and what surrounds the keys."""
    own = {use.role_arn for promise in side.promises.values() for use in promise.uses if not use.shared}
    roles = {arn: (role.trust, role.identity) for arn, role in side.inventory.roles.items() if arn not in own}
    return {"organization": side.estate.organization, **roles}


def _world(side: ReviewedEstate, classes: list[tuple[TenantClass, list[str]]]) -> World:
    """One version, with the same representatives as the other: tenants that either version distinguishes are apart."""
    found: dict[TenantClass, Tenants] = {}
    common: set[str] = set()
    for number, (alike, tenants) in enumerate(classes):
        apart = replace(alike, named_by=alike.named_by | {(f"class {number}", "of both versions")})
        found[apart] = Tenants(len(tenants), tenants[:2])
        common.update(tenants)
    for tenant, alike in side.class_of.items():
        if tenant not in common:
            alone = found.setdefault(alike, Tenants(0, []))
            alone.count += 1
            alone.first += [tenant][: 2 - len(alone.first)]
    return build_world(side.estate, side.inventory, side.promises, found)


def _class_changes(old: World, new: World, tenant: str) -> Iterator[_Found]:
    """What changes for the tenants of one class, stated for one of them; `{key}` represents their keys."""
    before = {case.record.region: case for case in old.keys if case.promise.tenant == tenant}
    after = {case.record.region: case for case in new.keys if case.promise.tenant == tenant}
    grouped: dict[tuple[Severity, str, str, str], list[str]] = {}
    for region in before.keys() & after.keys():
        rows: dict[tuple[str, str], _Flips] = {}
        _decide_both(old, new, before[region], after[region], rows)
        for (who, action), flips in rows.items():
            for severity, rule, sentence in _sentences(who, flips):
                grouped.setdefault((severity, rule, sentence, who), []).append(action.partition(":")[2])
    for (severity, rule, sentence, who), actions in grouped.items():
        yield severity, rule, sentence, ", ".join(dict.fromkeys(actions)), who


def _decide_both(old: World, new: World, before: KeyCase, after: KeyCase, rows: dict[tuple[str, str], _Flips]) -> None:
    callers: dict[object, dict[str, list[Actor]]] = {}
    for side, world, case in (("old", old, before), ("new", new, after)):
        for actor in actors_of(case, world):
            principal = actor.principal
            key = (principal.arn, principal.role_arn, principal.organization)
            callers.setdefault(key, {}).setdefault(side, []).append(actor)
    for sides in callers.values():
        for who, pair in _pairs(sides, before, after):
            for action in key_actions():
                _decide(who, pair, before, after, action, rows)


def _pairs(sides: Mapping[str, list[Actor]], before: KeyCase, after: KeyCase) -> Iterator[tuple[str, dict[str, Actor]]]:
    """One caller in both versions, once for each class of tags; in a version without the caller, it is missing.

    A tag that no condition of either version reads distinguishes nothing. A session may bring any tag to either
    version, and without tags it has those of its role, which may have changed.
    """
    actors = [actor for several in sides.values() for actor in several]
    read = {TAG, *tags_read([before.document, after.document, *(d for actor in actors for d in actor.identity)])}
    by_tags: dict[frozenset[tuple[str, str]], dict[str, Actor]] = {}
    for side, several in sides.items():
        for actor in several:
            by_tags.setdefault(_read_tags(actor, read), {}).setdefault(side, actor)
    for pair in by_tags.values():
        one = pair.get("new") or pair["old"]
        for side in sides.keys() - pair.keys():
            first = sides[side][0]
            pair[side] = replace(first, principal=replace(first.principal, tags=one.principal.tags))
        yield _who(one, after), pair
    plain = {side: several[0] for side, several in sides.items()}
    if len({_read_tags(actor, read) for actor in plain.values()}) > 1:
        yield f"a session without tags of {_who(plain['new'], after)}", plain


def _read_tags(actor: Actor, read: set[str]) -> frozenset[tuple[str, str]]:
    return frozenset((key.lower(), value) for key, value in actor.principal.tags.items() if key.lower() in read)


def _decide(
    who: str,
    sides: Mapping[str, Actor],
    before: KeyCase,
    after: KeyCase,
    action: str,
    rows: dict[tuple[str, str], _Flips],
) -> None:
    aliases = tuple(dict.fromkeys([*before.aliases, *after.aliases]))
    targets = {"old": _target(before, aliases), "new": _target(after, aliases)}
    bases = {
        side: Request(actor.principal, action, targets[side].arn, targets[side].account, dict(targets[side].fixed))
        for side, actor in sides.items()
    }
    live = [side for side, actor in sides.items() if possible(actor, bases[side], targets[side], granted=False)]
    if not live:
        return
    documents = [targets[side].document for side in sides] + [d for actor in sides.values() for d in actor.identity]
    flips = rows.setdefault((who, action), _Flips())
    for context in contexts(bases[live[0]], documents, targets[live[0]], carries):
        allowed = {
            side: side in live and _allowed(sides[side], targets[side], context, action) for side in ("old", "new")
        }
        if allowed["old"] and allowed["new"]:
            flips.kept.append(context)
        elif allowed["new"]:
            flips.granted.append(context)
        elif allowed["old"]:
            flips.revoked.append(context)


def _target(case: KeyCase, aliases: tuple[str, ...]) -> Target:
    fixed: dict[str, Value] = {"kms:resourcealiases": case.aliases} if case.aliases else {}
    return Target(case.record.arn, case.record.account, case.document, fixed, {"kms:requestalias": [None, *aliases]})


def _allowed(actor: Actor, target: Target, context: Mapping[str, Value], action: str) -> bool:
    named = context.get("kms:requestalias")
    if named is not None and named not in target.fixed.get("kms:resourcealiases", ()):
        return False  # in this version the alias does not lead to the key
    request = Request(actor.principal, action, target.arn, target.account, {**target.fixed, **context})
    policies = Policies(tuple(document.policy for document in actor.identity), resource=target.document.policy)
    return authorize(request, policies).allowed


def _who(actor: Actor, case: KeyCase) -> str:
    role = actor.role_arn
    if role is None:
        return actor.label
    name = role.partition(":role/")[2]
    own = f"/tenant-{case.promise.tenant}."
    if own in role:
        return f"the tenant's own role of workload {role.rpartition('.')[2]}"
    if actor.tenant is not None and actor.tenant != case.promise.tenant:
        return f"another tenant through {name.replace(actor.tenant, '<tenant>')}"
    return f"role {name} of account {role.split(':')[4]}"


def _sentences(who: str, flips: _Flips) -> Iterator[tuple[Severity, str, str]]:
    start = who[0].upper() + who[1:]
    start = start.replace("{", "{{").replace("}", "}}")
    if flips.granted and not flips.kept:
        yield Severity.REVIEW, "access-widened", start + " may now {actions} with {key}"
    elif flips.granted:
        loosened = _loosened(flips.granted, flips.kept)
        yield (
            Severity.REVIEW,
            "condition-loosened",
            start + " may {actions} with {key} under a looser condition: " + loosened,
        )
    if flips.revoked and not flips.kept and not flips.granted:
        yield Severity.NOTE, "access-narrowed", start + " may no longer {actions} with {key}"
    elif flips.revoked:
        tightened = _loosened(flips.revoked, flips.kept)
        yield Severity.NOTE, "condition-tightened", start + " may {actions} with {key} no longer with " + tightened


def _loosened(granted: list[Mapping[str, Value]], kept: list[Mapping[str, Value]]) -> str:
    """The keys whose values are no longer distinguished, in words."""
    keys = sorted({key for context in (*granted, *kept) for key in context})
    free = []
    for key in keys:
        before = {context.get(key) for context in kept}
        after = {context.get(key) for context in granted} - before
        if not after:
            continue
        shown = ["none" if value is None else f"{value}" for value in sorted(after, key=str)]
        name = key.replace("kms:encryptioncontext:", "encryption context ").replace(
            "kms:requestalias", "alias in the request"
        )
        free.append(f"any {name}" if None in after and len(after) > 1 else f"{name} {' or '.join(shown)}")
    return "; ".join(free) or "other combinations of values"


def _issuance_changes(old: World, new: World) -> Iterator[Change]:
    before, after = _steps(old), _steps(new)
    for actor, role, tag in sorted(after - before, key=str):
        carried = " with any tenant's tag" if tag else ""
        yield Change(Severity.REVIEW, "session-widened", f"{actor} may now obtain a session of {role}{carried}")
    for actor, role, _tag in sorted(before - after, key=str):
        yield Change(Severity.NOTE, "session-narrowed", f"{actor} may no longer obtain a session of {role}")


def _steps(world: World) -> set[tuple[str, str, str | None]]:
    names = {role.arn: role for alike in world.tenant_roles for role in alike}
    steps = set()
    for step in prove_issuance(world).steps:
        role = names.get(step.role_arn)
        shown = f"a tenant's role of workload {role.use.workload}" if role and role.use else step.role_arn
        steps.add((step.actor, shown, step.tag))
    return steps
