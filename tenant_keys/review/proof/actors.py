"""Everybody who could ask for one key: the classes of principals that its documents tell apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tenant_keys.review.proof.actor import Actor, anonymous, everything, role_session, service
from tenant_keys.review.proof.document import Document
from tenant_keys.review.proof.domain import text_classes
from tenant_keys.review.proof.outsiders import Outsiders, outsiders, persons, with_tags
from tenant_keys.review.proof.promise import TAG
from tenant_keys.review.proof.tags import tag_sets
from tenant_keys.review.proof.world import KeyCase, RoleCase, World

SESSION = "any-session"


def actors_of(case: KeyCase, world: World) -> Iterator[Actor]:
    """Every class of principals, tags included, that could ask for this key."""
    central = case.record.account
    in_templates = {role.arn for roles in (*world.tenant_roles, *world.own_roles.values()) for role in roles}
    in_templates |= {role.arn for role in world.other_roles if role.arn.split(":")[4] == central}
    declared = {arn for roles in case.promise.administration.values() for arn in roles}
    estate = world.estate
    own = dict.fromkeys((central, *(w.account for w in estate.workloads.values())), estate.organization)
    found = outsiders(case.document, own, in_templates | declared)
    for role in _roles_for(case, world):
        yield from _sessions(role, case, found, estate.organization)
    yield from persons(found, own, _tags(case, (), {}), frozenset(in_templates))
    for name in services(case.document):
        yield service(name)
    yield anonymous()


def services(document: Document) -> list[str]:
    """AWS services that a policy tells apart."""
    conditions = [
        condition
        for clause in document.clauses
        for condition in clause.conditions
        if condition.key == "aws:principalservicename"
    ]
    found = {"other.amazonaws.com", *(text_classes(conditions, {}) if conditions else ())}
    for clause in document.clauses:
        if clause.statement.principals:
            found |= clause.statement.principals.services
    return sorted(found)


def _sessions(role: RoleCase, case: KeyCase, found: Outsiders, organization: str | None) -> Iterator[Actor]:
    identity = everything() if role.unknown_policies else role.identity
    for tags in _tags(case, identity, role.tags):
        carried = role.tenant if role.use is not None else _tenant_tag(tags)
        for session in (SESSION, *found.session_names(role.arn)):
            yield role_session(
                role.arn,
                label=_label(role, tags),
                organization=organization,
                tags=tags,
                identity=identity,
                tenant=carried,
                known=True,
                session=session,
            )


def _tags(case: KeyCase, identity: tuple[Document, ...], own: Mapping[str, str]) -> list[Mapping[str, str]]:
    record = case.record
    names = [*case.aliases, record.arn, record.key_id]
    names += [f"arn:aws:kms:{record.region}:{record.account}:{alias}" for alias in case.aliases]
    return tag_sets((case.document, *identity), names, case.promise.tenant, own=own)


def _tenant_tag(tags: Mapping[str, str]) -> str | None:
    """The tenant that a session carries; the names of tags ignore case."""
    return next((value for key, value in tags.items() if key.lower() == TAG), None)


def _roles_for(case: KeyCase, world: World) -> Iterator[RoleCase]:
    """The tenant's own roles, one of each class of other tenants' roles, and all roles that tenants share."""
    yield from world.own_roles[case.promise.tenant]
    for alike in world.tenant_roles:
        yield from [role for role in alike if role.tenant != case.promise.tenant][:1]
    for role in world.other_roles:
        if role.arn.split(":")[4] == case.record.account:
            yield role


def _label(role: RoleCase, tags: Mapping[str, str]) -> str:
    if role.use is not None:
        return with_tags(f"tenant {role.tenant} through workload {role.use.workload}", tags)
    return with_tags(f"a session of {role.arn.partition(':role/')[2]}", tags)
