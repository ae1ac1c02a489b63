"""Every principal that could ask for one key: the classes of principals that its documents distinguish."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from tenant_keys.aws_facts.identity_center import is_pattern
from tenant_keys.review.iam.variables import Value
from tenant_keys.review.proof.actor import Actor, anonymous, everything, role_session, service
from tenant_keys.review.proof.document import RESOURCE, Clause, Document
from tenant_keys.review.proof.domain import text_classes
from tenant_keys.review.proof.examples import fresh_word
from tenant_keys.review.proof.outcome import NotProved
from tenant_keys.review.proof.outsiders import Outsiders, outsiders, persons, with_tags, within
from tenant_keys.review.proof.promise import CONTEXT_KEY, TAG, is_role
from tenant_keys.review.proof.tags import tag_sets
from tenant_keys.review.proof.world import KeyCase, RoleCase, World


def actors_of(case: KeyCase, world: World) -> Iterator[Actor]:
    """Every class of principals, tags included, that could ask for this key."""
    central = case.record.account
    in_templates = {role.arn for roles in world.own_roles.values() for role in roles}
    in_templates |= {role.arn for role in world.other_roles if role.arn.split(":")[4] == central}
    own = world.organizations
    apart = in_templates | case.promise.administrators
    found = outsiders(case.document, own, apart, resource_of(case), case.record.partition, world.declared)
    for role in _roles_for(case, world):
        yield from _sessions(role, case, found, within(central, found, own))
    yield from persons(found, own, _tags(case, (), {}), frozenset(in_templates))
    for name in services(case.document, resource_of(case)):
        yield service(name)
    yield anonymous()


def declared_actors(case: KeyCase, world: World) -> Iterator[Actor]:
    """A plain session of each role of which something is declared, as its workload or person obtains it."""
    promise = case.promise
    here = {role.arn: role for role in (*world.own_roles[promise.tenant], *world.other_roles)}
    sets = {arn for arn in promise.administrators if is_pattern(arn)}
    resource, partition = resource_of(case), case.record.partition
    found = outsiders(case.document, world.organizations, sets, resource, partition, world.declared)
    shared = {use.role_arn for use in promise.uses if use.shared}
    providers = {name: one.identity_provider for name, one in world.estate.workloads.items()}
    issuers = {
        use.role_arn: provider.issuer.removeprefix("https://").lower()
        for use in promise.uses
        if (provider := providers[use.workload]) is not None
    }
    roles = {use.role_arn for use in promise.uses} | promise.administrators - sets
    for one in sets:
        # One for each way in which the policy distinguishes roles of the set.
        of_set = {arn for arn in found.roles if is_role(arn, one)}
        if not of_set:
            raise NotProved(f"{one}: no role of the permission set is derived")
        roles |= of_set
    for arn in sorted(roles):
        role = here.get(arn)
        own = {key: value for key, value in role.tags.items() if key.lower() != TAG} if role else {}
        tags = {**own, TAG: promise.tenant} if arn in shared else dict(role.tags if role else {})
        identity = everything() if role is None or role.unknown_policies else role.identity
        label = _label(role, {}) if role else arn
        if arn in shared:
            label = f"tenant {promise.tenant} through {arn.rpartition('/')[2]}"
        for organization in within(arn.split(":")[4], found, world.organizations):
            yield role_session(
                arn,
                label=label,
                organization=organization,
                tags=tags,
                identity=identity,
                session=found.session,
                issuer=issuers.get(arn, ""),
            )


def resource_of(case: KeyCase) -> dict[str, Value]:
    """What the key decides, by the condition key with which it is compared."""
    record = case.record
    decided = record.choices(case.aliases) | record.standing
    return {
        RESOURCE: record.arn,
        "aws:resourceaccount": record.account,
        "kms:requestalias": case.aliases,
        **{key: value for key, (value,) in decided.items() if value is not None},
    }


def services(document: Document, resource: Mapping[str, Value]) -> list[str]:
    """AWS services that a policy distinguishes, and one that it does not; `resource`: what the resource decides."""
    key = "aws:principalservicename"
    conditions = document.conditions_on(key)
    named = {one for clause in document.clauses for one in _named(clause)}
    found = {*named, *(text_classes(conditions, resource) if conditions else ())}
    other = fresh_word([one.partition(".")[0] for one in found])
    return sorted({one or other for one in found} | {f"{other}.amazonaws.com"})


def _named(clause: Clause) -> frozenset[str]:
    return clause.statement.principals.services if clause.statement.principals else frozenset()


def _sessions(role: RoleCase, case: KeyCase, found: Outsiders, organizations: Sequence[str | None]) -> Iterator[Actor]:
    identity = everything() if role.unknown_policies else role.identity
    for tags in _tags(case, identity, role.tags):
        carried = role.tenant if role.use is not None else _tenant_tag(tags)
        for session, organization in product(found.session_names(role.arn), organizations):
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
    named = {CONTEXT_KEY: (case.promise.tenant,)}
    return tag_sets((case.document, *identity), resource_of(case), case.promise.tenant, own=own, named=named)


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
