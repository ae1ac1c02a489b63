"""The principals that could ask for a session of a role, one of each class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product

from tenant_keys.manifest import Estate, Workload
from tenant_keys.review.iam import PrincipalKind
from tenant_keys.review.iam.principal import CERTIFICATES
from tenant_keys.review.iam.variables import Value
from tenant_keys.review.proof.actor import (
    Actor,
    anonymous,
    everything,
    role_session,
    service,
)
from tenant_keys.review.proof.actors import services
from tenant_keys.review.proof.certificates import certificate_holders
from tenant_keys.review.proof.document import RESOURCE, Document
from tenant_keys.review.proof.outsiders import outsiders, persons, within
from tenant_keys.review.proof.promise import workload_role
from tenant_keys.review.proof.tags import tag_sets
from tenant_keys.review.proof.tokens import token_holders
from tenant_keys.review.proof.world import RoleCase, World


def running_as(role_arn: str, workloads: Mapping[str, Workload], estate: Estate) -> Workload | None:
    """The workload that runs as the role."""
    return next((one for one in workloads.values() if workload_role(one, estate) == role_arn), None)


def callers(case: RoleCase, world: World) -> Iterator[Actor]:
    """Every class of principals that could ask for a session of the role."""
    estate = world.estate
    central = estate.central.account
    own = world.organizations
    in_templates = {role.arn: role for role in world.other_roles}
    in_templates |= {role.arn: role for alike in world.tenant_roles for role in alike}
    apart = in_templates.keys() | {
        workload_role(w, estate) for w in estate.workloads.values() if w.access != "web-identity"
    }
    found = outsiders(case.trust, own, apart, resource_of_role(case), estate.central.partition, world.declared)
    for arn, role in sorted(in_templates.items()):
        # A session of an access role has the role's own policies; a role of another account may have everything.
        known = arn.split(":")[4] == central and not role.unknown_policies
        identity = role.identity if known else everything()
        for tags in _caller_tags(case, identity, role.tags):
            for session, one in product(found.session_names(arn), within(arn.split(":")[4], found, own)):
                yield role_session(arn, organization=one, identity=identity, tags=tags, session=session)
    for actor in persons(found, own, _caller_tags(case, (), {}), frozenset(in_templates)):
        if actor.principal.kind is PrincipalKind.FEDERATED_USER:
            continue  # "You cannot call any AWS STS operations except GetCallerIdentity" (STS API, GetFederationToken)
        yield replace(actor, label=f"a session of {actor.label}") if actor.role_arn else actor
    resource = resource_of_role(case)
    for name in services(case.trust, resource):
        if name != CERTIFICATES:
            yield service(name)
    yield from certificate_holders(case.trust, running_as(case.arn, estate.workloads, estate), world.anchors, resource)
    yield from token_holders(case.trust, estate, resource)
    yield anonymous()


def _caller_tags(case: RoleCase, identity: tuple[Document, ...], own: Mapping[str, str]) -> list[Mapping[str, str]]:
    """Tags that the caller's own session carries, where the trust policy asks for any."""
    return tag_sets((case.trust, *identity), resource_of_role(case), "a-tenant", own=own, always=False)


def resource_of_role(case: RoleCase) -> dict[str, Value]:
    """What the role decides, by the condition key with which it is compared."""
    return {RESOURCE: case.arn, "aws:resourceaccount": case.arn.split(":")[4]}
