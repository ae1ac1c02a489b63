"""The second half of the proof: who obtains which session. A shared role's session is a tenant's only by its tag.

For every role through which a key is reached, each class of callers, tags and contexts is tried against the role's
trust policy. The templates do not have the policies of other accounts: there everything is taken to be allowed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from tenant_keys.manifest import Custodian, Estate, Workload
from tenant_keys.review.iam.variables import Value
from tenant_keys.review.proof.actor import (
    Actor,
    role_session,
)
from tenant_keys.review.proof.certificates import is_own_certificate
from tenant_keys.review.proof.findings import Finding, Kind
from tenant_keys.review.proof.obtained_sessions import Issuance, Step, shown_tag
from tenant_keys.review.proof.obtaining import (
    PLACES,
    Attempt,
    assumptions,
    not_obtained,
    starts,
    unread_parameters,
)
from tenant_keys.review.proof.promise import TAG, access_role_arn, issuer_arn, workload_role
from tenant_keys.review.proof.reach import beyond, reaching
from tenant_keys.review.proof.session_callers import callers, running_as
from tenant_keys.review.proof.session_findings import obtained
from tenant_keys.review.proof.session_requests import sessions
from tenant_keys.review.proof.tokens import POD_AUDIENCE, audience_of, claim, pods_of, subject
from tenant_keys.review.proof.world import RoleCase, World


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
            _prove_workload_role(case, workloads, world, result)
    for workload in workloads.values():
        result.findings += unread_parameters(workload, world)
    return result


def _prove_custody(case: RoleCase, custodian: Custodian, world: World, result: Issuance) -> None:
    """Only the customer's own principal, with its external id and without tags, obtains a session that imports."""
    sends: dict[str, Value] = {"sts:externalid": custodian.external_id}
    for actor in callers(case, world):
        own = actor.role_arn == custodian.role
        if own and any(not tags for tags, _ in sessions(case, actor, result)):
            result.steps.add(Step(actor.label, case.arn, None, actor.role_arn))
        for tags, decision in sessions(case, actor, result, declared=sends if own else None):
            result.findings.append(obtained(case, actor, tags, decision, None, world.estate))
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
    for actor in callers(case, world):
        if actor.role_arn in declared and any(True for _ in sessions(case, actor, result)):
            message = (
                f"{actor.label} obtains a session of {case.arn}, which is allowed {', '.join(allowed[:4])}; by whose "
            )
            message += "permissions that acts is in no template"
            yield Finding(Kind.NOT_PROVED, message, "remove the role from the app, or its policies from the role")
            return


def _reaches(case: RoleCase, estate: Estate) -> bool:
    """Whether anything hangs on who obtains a session of a role that is not an access role."""
    own = {workload_role(replace(w, existing_role=None), estate).rpartition("/")[2] for w in estate.workloads.values()}
    policies = any(True for document in case.identity for _ in reaching(document.tree))
    return policies or bool(case.unknown_policies) or case.arn.rpartition("/")[2] in own


def _prove_workload_role(case: RoleCase, workloads: Mapping[str, Workload], world: World, result: Issuance) -> None:
    """Only the place where the workload runs becomes its role."""
    workload = running_as(case.arn, workloads, world.estate)
    for actor in callers(case, world):
        for _tags, decision in sessions(case, actor, result):
            result.steps.add(Step(actor.label, case.arn, None, actor.role_arn))
            if workload is None or not _runs(workload, actor, world.anchors):
                result.findings.append(obtained(case, actor, {}, decision, workload, world.estate))
            break
    if workload is not None and workload.existing_role is None:
        what = f"nothing obtains a session of {case.arn}, which workload {workload.name} runs as"
        result.findings += not_obtained(case, starts(workload, world.anchors), world, what, "restore the trust policy")


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
    for actor in callers(case, world):
        reported = False
        for tags, decision in sessions(case, actor, result):
            result.steps.add(Step(actor.label, case.arn, shown_tag(tags), actor.role_arn))
            declared = workload is not None and _declared(workload, actor, tags, world.estate)
            if not declared and not reported:
                reported = True
                result.findings.append(obtained(case, actor, tags, decision, workload, world.estate))
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
