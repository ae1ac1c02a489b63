"""Findings about requests on a key that differ from the declared ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tenant_keys.review.assembly import is_unresolved
from tenant_keys.review.iam.decision import Decider
from tenant_keys.review.iam.variables import Value
from tenant_keys.review.proof.actor import Actor
from tenant_keys.review.proof.findings import Finding, Kind, describe_request
from tenant_keys.review.proof.key_actions import gives_plaintext, is_cryptographic, is_later
from tenant_keys.review.proof.liveness import Works
from tenant_keys.review.proof.outsiders import shown_tags
from tenant_keys.review.proof.promise import UNUSED_DAYS
from tenant_keys.review.proof.requests import Answer
from tenant_keys.review.proof.world import KeyCase


def excess(case: KeyCase, actor: Actor, group: list[str], answer: Answer) -> Finding:
    """A request that is allowed and not declared."""
    kind = _kind(case, actor, group)
    own = "its own key" if actor.tenant == case.promise.tenant else f"the key of tenant {case.promise.tenant}"
    return Finding(
        kind,
        f"{actor.label} may {_named_actions(group)} with {own} in {case.record.region}{_although(case, actor, answer)}",
        _fix(case, actor, group, kind),
        case.promise.tenant,
        _shown(case, actor, group[0], answer),
        tuple(map(named_decider, answer.decision.deciders)),
        case.represents - 1,
    )


def not_working(case: KeyCase, actor: Actor, group: list[str], named: str | None, outcome: Works) -> Finding:
    """A declared request that is denied, or of which it depends on something else whether it is."""
    what = f"{_named_actions(group)} with the key of tenant {case.promise.tenant} in {case.record.region}"
    by = "" if named else ", named by its ARN"
    deciders = tuple(map(named_decider, outcome.decision.deciders)) if outcome.decision else ()
    if outcome.sometimes:
        return Finding(
            Kind.NOT_PROVED,
            f"{actor.label} is declared to have {what}{by}; whether it is allowed depends on {outcome.depends_on}",
            "remove conditions on what the manifest does not say",
            case.promise.tenant,
            statements=deciders,
            others=case.represents - 1,
        )
    return Finding(
        Kind.REFUSED,
        f"{actor.label} may not {what}{by}, which is declared",
        "restore the Allow, remove the Deny, or correct the manifest",
        case.promise.tenant,
        {"principal": actor.principal.arn, "action": group[0], "named by": f"KeyId={named or case.record.arn}"},
        deciders,
        case.represents - 1,
    )


def _named_actions(group: list[str]) -> str:
    known = [action.partition(":")[2] for action in group if not is_later(action)]
    named = ", ".join(known[:6]) + (" ..." if len(known) > 6 else "")
    later = next(filter(is_later, group), None)
    if later is None:
        return named
    return f"{f'{named} or ' if named else ''}call an action that AWS may add, such as {later},"


def _although(case: KeyCase, actor: Actor, answer: Answer) -> str:
    """What of a deletion by the role that is declared to schedule it is not as declared."""
    promise = case.promise
    if answer.request.action != _DELETION or not promise.administers(actor.role_arn, _DELETION.lower()):
        return ""
    days = answer.request.keys.get(UNUSED_DAYS)
    worked = f"after {days} days without use" if isinstance(days, str) else "however recently the key was used"
    return f" {worked}; declared is: after {promise.unused_days}"


def _fix(case: KeyCase, actor: Actor, group: list[str], kind: Kind) -> str:
    action, promise = group[0].lower(), case.promise
    if kind is Kind.MORE_THAN_DECLARED and not promise.usable and is_cryptographic(group[0]):
        return "restore the Deny of all use: the tenant is not active"
    if promise.administers(actor.role_arn, action):  # the role is declared, and the request is not
        if group[0] == _DELETION:
            return f"restore the Deny on kms:TrailingDaysWithoutKeyUsage below {promise.unused_days}"
        return "restore the conditions of the statement above" + _OF_IMPORT.get(action, "")
    return _FIXES[kind]


_DELETION: Final = "kms:ScheduleKeyDeletion"
_OF_IMPORT: Final = {
    "kms:getparametersforimport": ": kms:WrappingAlgorithm and kms:WrappingKeySpec",
    "kms:importkeymaterial": ": kms:ExpirationModel",
}


def _kind(case: KeyCase, actor: Actor, group: list[str]) -> Kind:
    if actor.tenant is not None and actor.tenant != case.promise.tenant:
        return Kind.OTHER_TENANT
    if actor.tenant == case.promise.tenant:
        return Kind.MORE_THAN_DECLARED
    if any(gives_plaintext(action) for action in group):
        return Kind.OUTSIDER
    return Kind.ADMINISTRATION


_FIXES: Final[Mapping[Kind, str]] = {
    Kind.OTHER_TENANT: "bind the statements above to this tenant: its role by aws:PrincipalArn, its tag by "
    "aws:PrincipalTag/tenant_id, its alias by kms:RequestAlias",
    Kind.OUTSIDER: "name the roles that may use the key by aws:PrincipalArn, and deny use to anyone else",
    Kind.ADMINISTRATION: "remove the action from the statements above, or name the role in the manifest",
    Kind.MORE_THAN_DECLARED: "restore the conditions on kms:RequestAlias and kms:EncryptionContext:tenant_id, or take "
    "the action out of the statements above",
}


def _shown(case: KeyCase, actor: Actor, action: str, answer: Answer) -> dict[str, object]:
    named = answer.request.keys.get("kms:requestalias")
    known = "the key's id or ARN" if is_unresolved(case.record.key_id) else case.record.arn
    context: dict[str, Value] = dict(answer.context)
    principal = actor.principal.arn or "anonymous"
    tags = shown_tags(actor.principal.tags)
    return describe_request(principal, tags, action, case.promise.alias, f"KeyId={named or known}", context)


def named_decider(decider: Decider) -> str:
    """A statement that decided, with its policy."""
    return f"{decider.policy}: {decider.sid or f'statement {decider.index}'}"


def caller_name(case: KeyCase, actor: Actor) -> str:
    """The actor as the report names it: every session of the key's own tenant is one."""
    if actor.tenant == case.promise.tenant:
        return "the tenant's own sessions"
    return case.promise.administrator(actor.role_arn) if actor.role_arn else actor.label
