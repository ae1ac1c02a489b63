"""Tried and refused, one step earlier: who asks for a session of the roles through which a key is used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tenant_keys.manifest import Workload
from tenant_keys.review.errors import as_json
from tenant_keys.review.iam import Policies, Request, authorize
from tenant_keys.review.iam.decision import Decision
from tenant_keys.review.iam.variables import Value
from tenant_keys.review.proof.actor import FOREIGN_ACCOUNT, OTHER_ORGANIZATION, Actor, role_session, token_holder
from tenant_keys.review.proof.promise import TAG, issuer_arn, workload_role
from tenant_keys.review.proof.world import RoleCase
from tenant_keys.review.report import names
from tenant_keys.review.report.attempts import Attempt, attempt
from tenant_keys.review.report.key_evaluator import KeyEvaluator


def sessions_tried(evaluator: KeyEvaluator) -> Iterator[Attempt]:
    """Everything that is tried against the trust policies of the tenant's roles."""
    for use in evaluator.promise.uses:
        role = evaluator.role(use.role_arn)
        if role is not None:
            workload = evaluator.estate.workloads[use.workload]
            resource = use.role_arn if use.shared else names.role(use.workload)
            if workload.access == "web-identity":
                yield from _with_token(evaluator, role, workload, resource)
            else:
                yield from _with_role(evaluator, role, workload, resource)


def _with_role(evaluator: KeyEvaluator, role: RoleCase, workload: Workload, resource: str) -> Iterator[Attempt]:
    estate, tenant = evaluator.estate, evaluator.promise.tenant
    own = _caller(evaluator, workload_role(workload, estate))
    shared = workload.access == "session-tag"
    right: Mapping[str, str] = {TAG: tenant} if shared else {}
    tries: list[tuple[str, Actor, Mapping[str, str], bool]] = [(f"workload {workload.name}", own, right, True)]
    if shared:
        tries += [
            (f"workload {workload.name}", own, {}, False),
            (f"workload {workload.name}", own, {TAG: ""}, False),
            (f"workload {workload.name}", own, {TAG: tenant, "another-tag": "x"}, False),
        ]
    else:
        tries.append((f"workload {workload.name}", own, {TAG: tenant}, False))
    for other in estate.workloads.values():
        if other.name != workload.name and workload_role(other, estate) != workload_role(workload, estate):
            if other.access == "web-identity":
                continue
            tries.append((f"workload {other.name}", _caller(evaluator, workload_role(other, estate)), right, False))
    account, organization, partition = workload.account, estate.organization, workload.partition
    outside = role_session(f"arn:{partition}:iam::{FOREIGN_ACCOUNT}:role/Admin", organization=OTHER_ORGANIZATION)
    breaker = evaluator.session(estate.central.break_glass)
    tries += [
        (
            f"another role of account {account} with administrator rights",
            role_session(f"arn:{partition}:iam::{account}:role/other", organization=organization),
            right,
            False,
        ),
        (f"break-glass, {estate.central.break_glass.rpartition('/')[2]}", breaker, right, False),
        (f"an administrator of foreign account {FOREIGN_ACCOUNT}", outside, right, False),
    ]
    for who, actor, tags, allowed in tries:
        decision = _obtain(role, actor, "sts:AssumeRole", tags, {})
        yield attempt("session", who, "sts:AssumeRole", resource, _shown(tags, tenant), decision, allowed=allowed)


def _with_token(evaluator: KeyEvaluator, role: RoleCase, workload: Workload, resource: str) -> Iterator[Attempt]:
    if workload.identity_provider is None:
        return
    tenant, estate = evaluator.promise.tenant, evaluator.estate
    host = workload.identity_provider.issuer.removeprefix("https://")
    holder = token_holder(issuer_arn(host, estate))
    stranger = token_holder(issuer_arn("other.example.com", estate))
    audience = str(workload.audience)
    tries: list[tuple[str, Actor, str, str, Mapping[str, str], bool]] = [
        (f"a token of {host} for audience {audience}", holder, host, audience, {TAG: tenant}, True),
        (f"a token of {host} for audience {audience}", holder, host, audience, {}, False),
        (f"a token of {host} for another audience", holder, host, "another-audience", {TAG: tenant}, False),
        ("a token of other.example.com", stranger, "other.example.com", audience, {TAG: tenant}, False),
    ]
    for who, actor, issuer, meant_for, tags, allowed in tries:
        action = "sts:AssumeRoleWithWebIdentity"
        decision = _obtain(role, actor, action, tags, {f"{issuer}:aud": meant_for})
        yield attempt("session", who, action, resource, _shown(tags, tenant), decision, allowed=allowed)


def _obtain(role: RoleCase, actor: Actor, action: str, tags: Mapping[str, str], fixed: Mapping[str, str]) -> Decision:
    """A tag in the request asks for sts:TagSession too (IAM guide, id_session-tags)."""
    account = role.arn.split(":")[4]
    context: dict[str, Value] = dict(fixed)
    context |= {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    if tags:
        context["aws:TagKeys"] = tuple(tags)
    policies = Policies(tuple(one.policy for one in actor.identity), resource=role.trust.policy)
    decision = authorize(Request(actor.principal, action, role.arn, account, context), policies)
    if not decision.allowed or not tags:
        return decision
    return authorize(Request(actor.principal, "sts:TagSession", role.arn, account, context), policies)


def _caller(evaluator: KeyEvaluator, arn: str) -> Actor:
    """A role of another account: its own policies are that account's, so they are taken to allow everything."""
    return role_session(arn, organization=evaluator.estate.organization)


def _shown(tags: Mapping[str, str], tenant: str) -> str:
    if not tags:
        return "no session tag"
    return "session tags " + ", ".join(
        f"{key}={names.TENANT if value == tenant else as_json(value)}" for key, value in tags.items()
    )
