"""Tried and refused: requests that must not go through, decided for a tenant of each class, beside those that must.

A list of refusals alone would also be had from a policy that refuses everything; so what is declared is tried as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from tenant_keys.manifest import Workload
from tenant_keys.review.iam.decision import Decision
from tenant_keys.review.proof.actor import (
    FOREIGN_ACCOUNT,
    OTHER_ORGANIZATION,
    Actor,
    anonymous,
    role_session,
    root_user,
    service,
)
from tenant_keys.review.proof.key_access import of_unused_key
from tenant_keys.review.proof.promise import Promise, alias_of, workload_role
from tenant_keys.review.report import names
from tenant_keys.review.report.key_evaluator import KeyEvaluator, by

_VERBS: Final = ("kms:Decrypt", "kms:GenerateDataKey")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request, with tokens for the tenants' names."""

    group: str
    """"own session", "another tenant", "administration", "outsider" or "session"."""
    who: str
    action: str
    resource: str
    """How the request names the key; the role, where a session is asked for."""
    context: str
    """The encryption context or the session tags."""
    expected: str
    """"ALLOWED" or "DENIED"."""
    outcome: str
    by: tuple[str, ...]
    others: tuple[str, ...] = ()
    """Whom the token of another tenant represents: the first that is not the tenant itself."""

    @property
    def as_expected(self) -> bool:
        """Whether IAM decides as is declared."""
        return (self.outcome == "ALLOWED") == (self.expected == "ALLOWED")


def attempt(
    group: str, who: str, action: str, resource: str, context: str, decision: Decision, *, allowed: bool = False
) -> Attempt:
    """Write down what was decided."""
    policy = "trust policy" if group == "session" else "key policy"
    deciders = tuple(dict.fromkeys(by(one, policy) for one in decision.deciders)) or (_why(decision, policy),)
    expected = "ALLOWED" if allowed else "DENIED"
    return Attempt(group, who, action, resource, context, expected, decision.outcome.value, deciders)


def _why(decision: Decision, policy: str) -> str:
    """IAM names no statement where none allows; it names the kind of policy that should have."""
    lacking = decision.reason.rpartition(" because no ")[2].partition(" allows ")[0]
    return f"no statement of the {policy} allows it" if lacking.startswith("resource") else f"no {lacking} allows it"


OWN_CONTEXT: Final = f"tenant_id={names.TENANT}"
OTHER_CONTEXT: Final = f"tenant_id={names.OTHER}"
KEY_ARN: Final = "the key's ARN"


def attempts(evaluator: KeyEvaluator, other: Callable[[Workload], Promise | None]) -> Iterator[Attempt]:
    """Everything that is tried against the key.

    `other` finds another tenant that uses the workload.
    """
    for use in evaluator.promise.uses:
        workload = evaluator.estate.workloads[use.workload]
        yield from _own(evaluator, workload)
        yield from _others(evaluator, workload, other(workload))
    yield from _administration(evaluator)
    yield from _outsiders(evaluator)


def _own(evaluator: KeyEvaluator, workload: Workload) -> Iterator[Attempt]:
    """The tenant's own session: as declared, and as not."""
    promise, tenant, alias = evaluator.promise, evaluator.promise.tenant, evaluator.promise.alias
    session, who = evaluator.user_of(tenant, workload), f"its own session, through {workload.name}"
    allowed = promise.usable
    for action in _declared(workload):
        rows = (
            (names.ALIAS, OWN_CONTEXT, alias, tenant, allowed),
            (KEY_ARN, OWN_CONTEXT, None, tenant, allowed and promise.by_key and action == "kms:Decrypt"),
            (names.ALIAS, OTHER_CONTEXT, alias, evaluator.nobody, False),
            (names.ALIAS, "none", alias, None, False),
        )
        for resource, context, named, sent, expected in rows:
            decision = evaluator.decide(session, action, alias=named, context=sent)
            made = attempt("own session", who, action, resource, context, decision, allowed=expected)
            yield _with_others(made, (evaluator.nobody,)) if context == OTHER_CONTEXT else made
    for action in ("kms:PutKeyPolicy", "kms:CreateGrant", "kms:ScheduleKeyDeletion"):
        decision = evaluator.decide(session, action, alias=alias, context=None)
        yield attempt("own session", who, action, names.ALIAS, "none", decision)
    if workload.access != "tenant-role":
        bare = evaluator.user_of(tenant, workload, tag="")
        decision = evaluator.decide(bare, "kms:Decrypt", alias=alias, context=tenant)
        who = f"a session of {workload.name} without a tenant tag"
        yield attempt("own session", who, "kms:Decrypt", names.ALIAS, OWN_CONTEXT, decision)


def _others(evaluator: KeyEvaluator, workload: Workload, other: Promise | None) -> Iterator[Attempt]:
    """Another tenant's session, with whatever the caller can choose."""
    stranger = other.tenant if other else evaluator.nobody
    session = evaluator.user_of(stranger, workload)
    others = (stranger, evaluator.promise.tenant)
    who = f"tenant {names.OTHER}, through {workload.name}"
    rows = (
        (names.ALIAS, OWN_CONTEXT, evaluator.promise.alias, evaluator.promise.tenant),
        (KEY_ARN, OWN_CONTEXT, None, evaluator.promise.tenant),
        (KEY_ARN, OTHER_CONTEXT, None, stranger),
        (
            f"{alias_of(names.OTHER, evaluator.estate)}, re-pointed to this key",
            OTHER_CONTEXT,
            alias_of(stranger, evaluator.estate),
            stranger,
        ),
    )
    for action in _VERBS:
        for resource, context, named, sent in rows:
            decision = evaluator.decide(session, action, alias=named, context=sent)
            made = attempt("another tenant", who, action, resource, context, decision)
            yield _with_others(made, others)


def _with_others(made: Attempt, others: tuple[str, ...]) -> Attempt:
    return replace(made, others=others)


def _administration(evaluator: KeyEvaluator) -> Iterator[Attempt]:
    """Those who administer keys use none, and each does its own office only."""
    central = evaluator.estate.central
    offices = {
        "an administrator": central.administrators[:1],
        "break-glass": (central.break_glass,),
        "a deployment role": central.deployers[:1],
        "a reader": central.readers[:1],
        "an auditor of AWS": tuple(central.auditors.values()),
    }
    for title, arns in offices.items():
        for arn in arns:
            session, who = evaluator.session(arn), f"{title}, {arn.rpartition('/')[2]}"
            actions = ["kms:Decrypt", "kms:GenerateDataKey", "kms:CreateGrant", "kms:UpdateAlias"]
            for action in [*actions, "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"]:
                allowed = arn in evaluator.promise.administration.get(action.lower(), ())
                context = OWN_CONTEXT if action in _VERBS else "none"
                decision = evaluator.decide(
                    session,
                    action,
                    alias=evaluator.promise.alias,
                    context=evaluator.promise.tenant,
                    extra=of_unused_key(evaluator.promise, action),
                )
                yield attempt("administration", who, action, names.ALIAS, context, decision, allowed=allowed)


def _outsiders(evaluator: KeyEvaluator) -> Iterator[Attempt]:
    """Anyone whom the manifest does not name, with full rights in its own account."""
    estate = evaluator.estate
    partition, organization = estate.central.partition, estate.organization
    central = f"arn:{partition}:iam::{estate.central.account}"
    people: list[tuple[str, Actor]] = [
        (
            "a role of the key account with administrator rights",
            evaluator.session(f"{central}:role/other"),
        ),
        ("the root user of the key account", root_user(f"{central}:root", organization)),
        (
            f"an administrator of foreign account {FOREIGN_ACCOUNT}",
            role_session(f"arn:{partition}:iam::{FOREIGN_ACCOUNT}:role/Admin", organization=OTHER_ORGANIZATION),
        ),
        ("an AWS service, s3.amazonaws.com", service("s3.amazonaws.com")),
        ("anybody, without credentials", anonymous()),
    ]
    people += [
        (
            f"the role of workload {workload.name} itself",
            evaluator.session(workload_role(workload, estate)),
        )
        for workload in estate.workloads.values()
        if workload.access != "web-identity"
    ]
    for who, actor in people:
        for action in (*_VERBS, "kms:PutKeyPolicy"):
            decision = evaluator.decide(actor, action, alias=evaluator.promise.alias, context=evaluator.promise.tenant)
            context = OWN_CONTEXT if action in _VERBS else "none"
            yield attempt("outsider", who, action, names.ALIAS, context, decision)


def _declared(workload: Workload) -> list[str]:
    """One action of each kind of operation that the workload has."""
    kinds = {"encrypt": "kms:GenerateDataKey", "decrypt": "kms:Decrypt", "re-encrypt": "kms:ReEncryptFrom"}
    return [kinds[operation] for operation in workload.operations]
