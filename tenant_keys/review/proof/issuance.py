"""The second half of the proof: who obtains which session. A shared role's session is a tenant's only by its tag.

For every role through which a key is reached, each class of callers, tags and contexts is tried against the role's
trust policy. A tag is in the request, so it is allowed only if both the assumption and sts:TagSession are (IAM guide,
id_session-tags). Policies of other accounts are not ours: there everything is taken to be allowed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, product
from typing import Final

from tenant_keys.manifest import Custodian, Estate, Workload
from tenant_keys.review.iam import Policies, PrincipalKind, Request, authorize
from tenant_keys.review.iam.catalogue import is_listed
from tenant_keys.review.iam.decision import Decision
from tenant_keys.review.iam.errors import UnsupportedPolicy
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
from tenant_keys.review.proof.certificates import certificate_holders, is_own_certificate
from tenant_keys.review.proof.document import RESOURCE, Condition, Document, is_fixed
from tenant_keys.review.proof.domain import ABSENT, ARN, LIKE, candidates, resolved, spellings, text_classes
from tenant_keys.review.proof.findings import Finding, Kind
from tenant_keys.review.proof.obtaining import (
    PLACES,
    Attempt,
    assumptions,
    not_obtained,
    starts,
    unread_parameters,
)
from tenant_keys.review.proof.outcome import NotProved
from tenant_keys.review.proof.outsiders import outsiders, persons, within
from tenant_keys.review.proof.promise import TAG, access_role_arn, issuer_arn, workload_role
from tenant_keys.review.proof.reach import beyond, reaching
from tenant_keys.review.proof.tags import tag_sets
from tenant_keys.review.proof.tokens import POD_AUDIENCE, audience_of, claim, pods_of, subject, token_holders
from tenant_keys.review.proof.world import RoleCase, World

MOST_REQUESTS: Final = 50_000
_REQUEST_TAG: Final = "aws:requesttag/"
_TAG_KEYS: Final = "aws:tagkeys"
_EXTRA_TAG: Final = "another-tag"
MOST_SESSION_TAGS: Final = 5
"""Names of session tags of which every set is tried."""


@dataclass(frozen=True, slots=True)
class Step:
    """A session that can be obtained: whose, of which role, with which tag."""

    actor: str
    role_arn: str
    tag: str | None
    """None: the session carries no tenant; "any": whichever the caller chooses."""
    caller: str | None = None
    """The role whose session asks; None for a service, a user or the holder of a token."""


@dataclass(slots=True)
class Issuance:
    """What the second half found."""

    findings: list[Finding] = field(default_factory=list)
    steps: set[Step] = field(default_factory=set)
    requests: int = 0


def prove_issuance(world: World) -> Issuance:
    """Try to obtain a session of every role through which a key is reached, and what is declared too."""
    result = Issuance()
    workloads = {workload.name: workload for workload in world.estate.workloads.values()}
    central = world.estate.central.account
    custody = {one.import_role: one.custodian for one in world.promises.values() if one.custodian}
    for case in [alike[0] for alike in world.tenant_roles] + world.other_roles:
        if case.arn in custody:
            _prove_custody(case, custody[case.arn], world, result)
            continue
        serving = _serving(case, world.estate)
        if serving is None and not _reaches(case, world.estate):
            result.findings += _ways_out(case, world, result)
            continue
        if case.arn.split(":")[4] == central:
            _prove_role(case, serving, world, result)
        else:
            _proveworkload_role(case, workloads, world, result)
    for workload in workloads.values():
        result.findings += unread_parameters(workload, world)
    return result


def _prove_custody(case: RoleCase, custodian: Custodian, world: World, result: Issuance) -> None:
    """Only the customer's own principal, with its external id and without tags, obtains a session that imports."""
    sends: dict[str, Value] = {"sts:externalid": custodian.external_id}
    for actor in _callers(case, world):
        own = actor.role_arn == custodian.role
        if own and any(not tags for tags, _ in _sessions(case, actor, result)):
            result.steps.add(Step(actor.label, case.arn, None, actor.role_arn))
        for tags, decision in _sessions(case, actor, result, declared=sends if own else None):
            result.findings.append(_obtained(case, actor, tags, decision, None, world.estate))
            break
    asking = Attempt(role_session(custodian.role), ("sts:AssumeRole",), sends)
    what = f"{custodian.role} cannot obtain a session of {case.arn}, by which it is to import key material"
    result.findings += not_obtained(case, [asking], world, what, "restore the trust policy")


def _ways_out(case: RoleCase, world: World, result: Issuance) -> Iterator[Finding]:
    """Sessions of ours that obtain one of a role that does other things than the proof understands."""
    allowed = sorted({one for document in case.identity for one in beyond(document.tree)})
    if not allowed:
        return
    declared = {use.role_arn for promise in world.promises.values() for use in promise.uses}
    declared |= {workload_role(workload, world.estate) for workload in world.estate.workloads.values()}
    for actor in _callers(case, world):
        if actor.role_arn in declared and any(True for _ in _sessions(case, actor, result)):
            told = (
                f"{actor.label} obtains a session of {case.arn}, which is allowed {', '.join(allowed[:4])}; by whose "
            )
            told += "permissions that acts is in no template"
            yield Finding(Kind.NOT_PROVED, told, "take the role out of the app, or its policies out of the role")
            return


def _reaches(case: RoleCase, estate: Estate) -> bool:
    """Whether anything hangs on who obtains a session of a role that is not an access role."""
    own = {workload_role(replace(w, existing_role=None), estate).rpartition("/")[2] for w in estate.workloads.values()}
    policies = any(True for document in case.identity for _ in reaching(document.tree))
    return policies or bool(case.unknown_policies) or case.arn.rpartition("/")[2] in own


def _proveworkload_role(case: RoleCase, workloads: Mapping[str, Workload], world: World, result: Issuance) -> None:
    """Only the place where the workload runs becomes its role."""
    workload = _running_as(case.arn, workloads, world.estate)
    for actor in _callers(case, world):
        for _tags, decision in _sessions(case, actor, result):
            result.steps.add(Step(actor.label, case.arn, None, actor.role_arn))
            if workload is None or not _runs(workload, actor, world.anchors):
                result.findings.append(_obtained(case, actor, {}, decision, workload, world.estate))
            break
    if workload is not None and workload.existing_role is None:
        what = f"nothing obtains a session of {case.arn}, which workload {workload.name} runs as"
        result.findings += not_obtained(case, starts(workload, world.anchors), world, what, "restore the trust policy")


def _running_as(role_arn: str, workloads: Mapping[str, Workload], estate: Estate) -> Workload | None:
    return next((one for one in workloads.values() if workload_role(one, estate) == role_arn), None)


def _runs(workload: Workload, actor: Actor, anchors: Mapping[str, str]) -> bool:
    if workload.roles_anywhere is not None:
        return is_own_certificate(actor, workload, anchors)
    if workload.irsa is not None:
        provider = pods_of(workload)
        right = audience_of(provider, actor.presents) == POD_AUDIENCE
        own = actor.presents.get(claim(provider, "sub")) == subject(workload)
        return actor.principal.arn == provider and right and own
    place = PLACES.get(workload.runs_on or "")
    return place is not None and actor.principal.arn == place


def _serving(case: RoleCase, estate: Estate) -> Workload | None:
    """The workload whose access role it is, by the name that the design gives it."""
    if case.use is not None:
        return estate.workloads[case.use.workload]
    shared = (one for one in estate.workloads.values() if one.access != "tenant-role")
    return next((one for one in shared if access_role_arn("", one, estate) == case.arn), None)


def _prove_role(case: RoleCase, workload: Workload | None, world: World, result: Issuance) -> None:
    for actor in _callers(case, world):
        reported = False
        for tags, decision in _sessions(case, actor, result):
            result.steps.add(Step(actor.label, case.arn, _shown_tag(tags), actor.role_arn))
            declared = workload is not None and _declared(workload, actor, tags, world.estate)
            if not declared and not reported:
                reported = True
                result.findings.append(_obtained(case, actor, tags, decision, workload, world.estate))
    if workload is not None:
        whom = workload_role(workload, world.estate)
        what = f"{whom} cannot obtain a session of {case.arn}, which is declared"
        if workload.access == "web-identity":
            what = f"nobody obtains a session of {case.arn}, which is declared for workload {workload.name}"
        fix = "restore the trust policy and the caller's own"
        result.findings += not_obtained(case, assumptions(case, workload, world), world, what, fix)


def _declared(workload: Workload, actor: Actor, tags: Mapping[str, str], estate: Estate) -> bool:
    if workload.access == "web-identity":
        provider = workload.identity_provider
        issuer = issuer_arn(provider.issuer if provider else "", estate)
        # The audience is asked for apart: a token of another audience must not do.
        right = actor.principal.arn == issuer and audience_of(issuer, actor.presents) == workload.audience
        return right and _is_tenant_alone(tags)
    if actor.role_arn != workload_role(workload, estate):
        return False
    return not tags if workload.access == "tenant-role" else _is_tenant_alone(tags)


def _is_tenant_alone(tags: Mapping[str, str]) -> bool:
    return [key.lower() for key in tags] == [TAG] and "" not in tags.values()


def _callers(case: RoleCase, world: World) -> Iterator[Actor]:
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
    for name in services(case.trust):
        if name != CERTIFICATES:
            yield service(name)
    yield from certificate_holders(case.trust, _running_as(case.arn, estate.workloads, estate), world.anchors)
    yield from token_holders(case.trust, estate)
    yield anonymous()


def _caller_tags(case: RoleCase, identity: tuple[Document, ...], own: Mapping[str, str]) -> list[Mapping[str, str]]:
    """Tags that the caller's own session carries, where the trust policy asks for any."""
    return tag_sets((case.trust, *identity), resource_of_role(case), "a-tenant", own=own, always=False)


def resource_of_role(case: RoleCase) -> dict[str, Value]:
    """What the role decides, by the condition key with which it is compared."""
    return {RESOURCE: case.arn, "aws:resourceaccount": case.arn.split(":")[4]}


def _action_of(actor: Actor) -> str:
    """How the actor asks for a role: with a SAML assertion, with a token, or signed (STS API reference, Actions)."""
    if actor.principal.kind is not PrincipalKind.FEDERATED:
        return "sts:AssumeRole"
    saml = ":saml-provider/" in str(actor.principal.arn)
    return "sts:AssumeRoleWithSAML" if saml else "sts:AssumeRoleWithWebIdentity"


def _sessions(
    case: RoleCase, actor: Actor, result: Issuance, *, declared: Mapping[str, Value] | None = None
) -> Iterator[tuple[Mapping[str, str], Decision]]:
    """Tags with which the actor obtains a session, each once; not the declared request, which has this and no tags."""
    action, account = _action_of(actor), case.arn.split(":")[4]
    fixed: dict[str, Value] = dict(actor.presents)
    base = Request(actor.principal, action, case.arn, account, fixed)
    allowing = case.trust.speaking(base.action_key, allow=True)
    if not any(clause.static.naming(base, bounded=False) for clause in allowing):
        return
    conditions = [
        condition
        for document in (case.trust, *actor.identity)
        for clause in document.clauses
        if clause.statement.speaks_of(base.action_key) or clause.statement.speaks_of("sts:tagsession")
        for condition in clause.conditions
    ]
    keys = sorted(
        {condition.key for condition in conditions if not _is_tag(condition.key) and not is_fixed(condition.key)}
        - set(fixed)
    )
    domains = [[ABSENT] if _is_of_kms(key) else candidates(key, conditions, base.keys) for key in keys]
    policies = Policies(identity=tuple(document.policy for document in actor.identity), resource=case.trust.policy)
    tried = 0
    for tags in _tag_sets(conditions, base.keys):
        sent: dict[str, Value] = {f"{_REQUEST_TAG}{key.lower()}": value for key, value in tags.items()}
        if tags:
            sent[_TAG_KEYS] = tuple(tags)
        for row in product(*domains):
            tried += 1
            if tried > MOST_REQUESTS:
                raise NotProved(f"trust policy of {case.arn}: more than {MOST_REQUESTS:,} classes of requests")
            context = fixed | sent | {k: v for k, v in zip(keys, row, strict=True) if v is not ABSENT}
            if declared and not tags and declared.items() <= context.items():
                continue
            decision = _obtains(actor, action, case.arn, account, context, policies, tagged=bool(tags))
            result.requests += 1
            if decision is not None:
                yield tags, decision
                break


def _obtains(
    actor: Actor,
    action: str,
    role: str,
    account: str,
    context: Mapping[str, Value],
    policies: Policies,
    *,
    tagged: bool,
) -> Decision | None:
    try:
        decision = authorize(Request(actor.principal, action, role, account, context), policies)
        if not decision.allowed or not tagged:
            return decision if decision.allowed else None
        tag = authorize(Request(actor.principal, "sts:TagSession", role, account, context), policies)
    except UnsupportedPolicy as problem:
        raise NotProved(str(problem)) from problem
    return tag if tag.allowed else None


def _tag_sets(conditions: Sequence[Condition], context: Mapping[str, Value]) -> Iterator[Mapping[str, str]]:
    """Sets of tags that a caller could pass: none, each mentioned tag, and one that nobody mentions."""
    mentioned = {
        condition.key.removeprefix(_REQUEST_TAG) for condition in conditions if condition.key.startswith(_REQUEST_TAG)
    }
    on_list = [condition for condition in conditions if condition.key == _TAG_KEYS]
    if any(one.base in LIKE | ARN for one in on_list):
        texts = text_classes(on_list, context)
    else:
        texts = tuple(value for one in on_list if one.base != "Null" for value in resolved(one, context))
    named = [*sorted(mentioned | {TAG}), *texts, _EXTRA_TAG]
    keys = list(dict.fromkeys(spelt for name in named for spelt in spellings(name, on_list, context)))
    several = {key.lower() for key in keys}
    if len(several) > MOST_SESSION_TAGS:
        raise NotProved(f"{len(several)} session tags are distinguished: {', '.join(sorted(several))}")
    for size in range(len(keys) + 1):
        for chosen in combinations(keys, size):
            if len({key.lower() for key in chosen}) < size:
                continue  # the names of tags ignore case: STS refuses one twice
            options = [[*_values(key.lower(), conditions, context)] for key in chosen]
            for values in product(*options):
                yield dict(zip(chosen, values, strict=True))


def _values(key: str, conditions: Sequence[Condition], context: Mapping[str, Value]) -> Iterator[str]:
    on_key = [condition for condition in conditions if condition.key == _REQUEST_TAG + key]
    yield from dict.fromkeys(["a-tenant", "", *text_classes(on_key, context)])


def _is_of_kms(key: str) -> bool:
    """Whether it is a key that KMS alone sets, so that no request to STS carries it."""
    return key.startswith("kms:") and is_listed("kms", key)


def _is_tag(key: str) -> bool:
    return key == _TAG_KEYS or key.startswith(_REQUEST_TAG)


def _shown_tag(tags: Mapping[str, str]) -> str | None:
    return "any" if any(value and key.lower() == TAG for key, value in tags.items()) else None


def _obtained(
    case: RoleCase, actor: Actor, tags: Mapping[str, str], decision: Decision, workload: Workload | None, estate: Estate
) -> Finding:
    with_tags = f" with tags {dict(tags)}" if tags else ""
    return Finding(
        Kind.OBTAINS_SESSION,
        f"{actor.label} obtains a session of {case.arn}{with_tags}",
        _fix(case, workload, estate),
        case.tenant,
        {
            "principal": actor.principal.arn or "anonymous",
            "action": _action_of(actor),
            "role": case.arn,
            **_credential(actor),
            **({"session tags": dict(tags)} if tags else {}),
        },
        tuple(f"{one.policy}: {one.sid or f'statement {one.index}'}" for one in decision.deciders),
    )


def _credential(actor: Actor) -> Mapping[str, Mapping[str, str]]:
    if actor.principal.arn == CERTIFICATES:
        return {"certificate": {**actor.principal.tags, **actor.presents}}
    return {"token": dict(actor.presents)} if actor.presents else {}


def _fix(case: RoleCase, workload: Workload | None, estate: Estate) -> str:
    if any(one.custodian and one.import_role == case.arn for one in estate.tenants.values()):
        return "let the trust policy name the custodian's role alone, with its sts:ExternalId and no session tag"
    if workload is None:
        return "take the role out of the app, or its policies out of the role"
    if case.arn == workload_role(workload, estate):
        one = (
            "certificate by trust anchor and common name" if workload.roles_anywhere else "pod by audience and subject"
        )
        return f"let the trust policy name the place where the workload runs alone, a {one}"
    if workload.access == "web-identity":
        whom = f"tokens of {workload.identity_provider.issuer if workload.identity_provider else ''} for its audience"
    else:
        whom = "the workload's role alone, by aws:PrincipalArn"
    only = f' but {TAG}, which must be there (StringLike aws:RequestTag/{TAG} "?*")'
    return f"let the trust policy name {whom}, and no session tag{only if workload.access != 'tenant-role' else ''}"
