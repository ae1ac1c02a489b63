"""What is declared of sessions, tried: the place where a workload runs becomes its role, and that one each tenant's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Final

from tenant_keys.manifest import Workload
from tenant_keys.review import syntax
from tenant_keys.review.iam import Policy, Principal, PrincipalKind
from tenant_keys.review.iam.principal import CERTIFICATES
from tenant_keys.review.iam.variables import Value
from tenant_keys.review.proof.actor import Actor, everything, role_session, service, token_holder
from tenant_keys.review.proof.certificates import ANCHOR, COMMON_NAME
from tenant_keys.review.proof.document import Document
from tenant_keys.review.proof.findings import Finding, Kind
from tenant_keys.review.proof.key_records import tagged
from tenant_keys.review.proof.liveness import works
from tenant_keys.review.proof.promise import TAG, issuer_arn, parameter_arn, workload_role
from tenant_keys.review.proof.requests import Carries, Target
from tenant_keys.review.proof.tokens import POD_AUDIENCE, claim, pods_of, subject
from tenant_keys.review.proof.world import RoleCase, World

PLACES: Final[Mapping[str, str]] = {
    "lambda": "lambda.amazonaws.com",
    "ecs": "ecs-tasks.amazonaws.com",
    "batch": "ecs-tasks.amazonaws.com",
    "ec2": "ec2.amazonaws.com",
    "eks": "pods.eks.amazonaws.com",
}
"""Who runs a workload, by `runs_on`."""
_BY_TOKEN: Final = "sts:AssumeRoleWithWebIdentity"  # noqa: S105 - an action


@dataclass(frozen=True, slots=True)
class Attempt:
    """A session that is to be obtained."""

    actor: Actor
    actions: tuple[str, ...]
    """All of them must be allowed."""
    context: Mapping[str, Value] = field(default_factory=dict)
    tenant: str | None = None
    """Whose session it is."""
    attached: tuple[Document, ...] | None = None
    """All that the templates attach to a role that exists already and may have more; the actor has everything."""


def starts(workload: Workload, anchors: Mapping[str, str]) -> Iterator[Attempt]:
    """How the workload comes to its own role, in each Region where it runs."""
    if workload.roles_anywhere is not None:
        place = workload.roles_anywhere
        for anchor in (arn for arn, authority in anchors.items() if authority == place.certificate_authority):
            tags = {COMMON_NAME: place.common_name}
            actor = replace(service(CERTIFICATES), principal=Principal(PrincipalKind.SERVICE, CERTIFICATES, tags=tags))
            # Roles Anywhere always sets tags and source identity (IAM Roles Anywhere guide, trust-model).
            yield Attempt(actor, ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"), {ANCHOR: anchor})
    elif workload.irsa is not None:
        provider = pods_of(workload)
        token = {claim(provider, "aud"): POD_AUDIENCE, claim(provider, "sub"): subject(workload)}
        yield Attempt(replace(token_holder(provider), presents=token), (_BY_TOKEN,), token)
    elif workload.runs_on is not None and workload.runs_on in PLACES:
        # EKS refuses to associate a role without sts:TagSession (Amazon EKS guide, pod-id-role).
        tagging = ("sts:TagSession",) if workload.runs_on == "eks" else ()
        for region in workload.regions:
            actions = ("sts:AssumeRole", *tagging)
            yield Attempt(service(PLACES[workload.runs_on]), actions, _sources(workload, region))


def _sources(workload: Workload, region: str) -> dict[str, Value]:
    """On whose behalf a service asks, where it says so (Amazon ECS guide, task-iam-roles; EKS guide, pod-id-role)."""
    account = workload.account
    if workload.runs_on in ("ecs", "batch"):
        return {
            "aws:sourceaccount": account,
            "aws:sourcearn": f"arn:{workload.partition}:ecs:{region}:{account}:task/any",
        }
    if workload.runs_on == "eks" and workload.pod_identity is not None:
        cluster = f"arn:{workload.partition}:eks:{region}:{account}:cluster/{workload.pod_identity.cluster}"
        return {"aws:sourceaccount": account, "aws:sourcearn": cluster}
    return {}


def assumptions(case: RoleCase, workload: Workload, world: World) -> Iterator[Attempt]:
    """How the workload comes to an access role: for a shared one with the tag of each tenant that represents others."""
    sources = ("sts:SetSourceIdentity",) if workload.runs_on == "roles-anywhere" else ()
    asking = Attempt(_caller(workload, world), ("sts:AssumeRole", *sources), attached=_attached(workload, world))
    if workload.access == "tenant-role":
        yield asking
        return
    promises = {key.promise.tenant: key.promise for key in world.keys}.values()
    served = [one.tenant for one in promises if any(use.role_arn == case.arn for use in one.uses)]
    for tenant in served or ["a-tenant"]:
        context: dict[str, Value] = {f"aws:requesttag/{TAG}": tenant, "aws:tagkeys": (TAG,)}
        if workload.access == "session-tag":
            actions = ("sts:AssumeRole", "sts:TagSession", *sources)
            yield replace(asking, actions=actions, context=context, tenant=tenant)
        elif workload.identity_provider is not None and workload.audience is not None:
            provider = issuer_arn(workload.identity_provider.issuer, world.estate)
            token = {claim(provider, "aud"): workload.audience}
            actor = replace(token_holder(provider), presents=token)
            yield Attempt(actor, (_BY_TOKEN, "sts:TagSession"), {**token, **context}, tenant)


def unread_parameters(workload: Workload, world: World) -> Iterator[Finding]:
    """Whether the workload's role may read its parameter where it runs (Systems Manager API, GetParameter)."""
    if workload.access == "web-identity":
        return  # no role is made for it
    attempt = Attempt(_caller(workload, world), ("ssm:GetParameter",), attached=_attached(workload, world))
    for region in workload.regions:
        name = parameter_arn(workload, region, world.estate)
        what = f"{workload_role(workload, world.estate)} may not read {name}, which tells it its roles and aliases"
        fixed: dict[str, Sequence[Value | None]] = {"aws:requestedregion": [region]}
        target = Target(
            name,
            workload.account,
            _no_policy(),
            {},
            fixed | world.of_account(workload.account),
            controls=world.controls,
        )
        yield from _not_working(attempt, target, None, what, "restore its policy")


@cache
def _no_policy() -> Document:
    nothing = Policy("no policy", "resource", ())
    return Document(nothing, (), syntax.Document(None, (), frozenset()), {}, {}, frozenset(), _strict=[nothing])


def _caller(workload: Workload, world: World) -> Actor:
    arn = workload_role(workload, world.estate)
    role = next((one for one in world.other_roles if one.arn == arn), None)
    known = role is not None and not role.unknown_policies and not workload.existing_role
    identity = role.identity if role is not None and known else everything()
    tags = role.tags if role is not None else {}
    issuer = pods_of(workload).partition("/")[2].lower() if workload.irsa else ""
    return role_session(arn, organization=world.estate.organization, identity=identity, tags=tags, issuer=issuer)


def _attached(workload: Workload, world: World) -> tuple[Document, ...] | None:
    arn = workload.existing_role
    if arn is None:
        return None
    role = next((one for one in world.other_roles if one.arn == arn), None)
    return role.identity if role is not None else world.existing.get(arn, ())


def _carries(attempt: Attempt) -> Carries:
    """Tags and audiences that the attempt does not bring are absent; any other key may be there."""
    mine = ("aws:requesttag/", "aws:tagkeys")
    return lambda _, key: key in attempt.context or not (key.startswith(mine) or key.endswith(":oaud"))


def not_obtained(case: RoleCase, attempts: Iterable[Attempt], world: World, what: str, fix: str) -> list[Finding]:
    """A finding where an attempt fails, or where there is none to make."""
    account = case.arn.split(":")[4]
    fixed = world.of_account(account) | tagged(case.tags)
    target = Target(case.arn, account, case.trust, {}, fixed, controls=world.controls)
    tried = list(attempts)
    if not tried:
        return [Finding(Kind.REFUSED, what, f"{fix}, or correct the manifest", case.tenant)]
    return [finding for attempt in tried for finding in _not_working(attempt, target, case.tenant, what, fix)][:1]


def _not_working(attempt: Attempt, target: Target, tenant: str | None, what: str, fix: str) -> Iterator[Finding]:
    whose = f" for tenant {attempt.tenant}" if attempt.tenant else ""
    asked = f"{' and '.join(attempt.actions)} on {target.arn}{whose}"
    outcome = works(attempt.actor, attempt.actions, target, _carries(attempt), attempt.context, {}, {})
    if not outcome.sometimes:
        yield Finding(Kind.REFUSED, what + whose, f"{fix}, or correct the manifest", tenant)
    elif not outcome.always:
        message = (
            f"{attempt.actor.label} is declared to have {asked}; whether it is allowed depends on {outcome.depends_on}"
        )
        yield Finding(Kind.NOT_PROVED, message, "remove conditions on what the manifest leaves open", tenant)
    elif attempt.attached is not None:
        alone = replace(attempt, actor=replace(attempt.actor, identity=attempt.attached), attached=None)
        if any(_not_working(alone, target, tenant, what, fix)):
            message = (
                f"{attempt.actor.label} is declared to have {asked}; no policy in the templates certainly allows it"
            )
            yield Finding(Kind.NOT_PROVED, message, "attach the policy that is synthesized to the role", tenant)
