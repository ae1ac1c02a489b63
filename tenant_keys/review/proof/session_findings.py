"""Findings about sessions that are obtained and not declared."""

from __future__ import annotations

from collections.abc import Mapping

from tenant_keys.manifest import Estate, Workload
from tenant_keys.review.iam.decision import Decision
from tenant_keys.review.iam.principal import CERTIFICATES
from tenant_keys.review.proof.actor import (
    Actor,
)
from tenant_keys.review.proof.findings import Finding, Kind
from tenant_keys.review.proof.promise import TAG, workload_role
from tenant_keys.review.proof.session_requests import action_of
from tenant_keys.review.proof.world import RoleCase


def obtained(
    case: RoleCase, actor: Actor, tags: Mapping[str, str], decision: Decision, workload: Workload | None, estate: Estate
) -> Finding:
    """A session that is obtained and not declared."""
    with_tags = f" with tags {dict(tags)}" if tags else ""
    return Finding(
        Kind.OBTAINS_SESSION,
        f"{actor.label} obtains a session of {case.arn}{with_tags}",
        _fix(case, workload, estate),
        case.tenant,
        {
            "principal": actor.principal.arn or "anonymous",
            "action": action_of(actor),
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
        return "remove the role from the app, or its policies from the role"
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
