"""Requests for a session of a role: every class of tags and contexts with which a caller could obtain one.

A tag is in the request, so it is allowed only if both the assumption and sts:TagSession are (IAM guide,
id_session-tags).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import Final

from tenant_keys.review.iam import Policies, PrincipalKind, Request, authorize
from tenant_keys.review.iam.catalogue import is_listed
from tenant_keys.review.iam.decision import Decision
from tenant_keys.review.iam.variables import Value
from tenant_keys.review.proof.actor import (
    Actor,
)
from tenant_keys.review.proof.document import Condition, is_fixed
from tenant_keys.review.proof.domain import ABSENT, ARN, LIKE, candidates, resolved, spellings, text_classes
from tenant_keys.review.proof.obtained_sessions import Issuance
from tenant_keys.review.proof.outcome import NotProved
from tenant_keys.review.proof.promise import TAG
from tenant_keys.review.proof.world import RoleCase

MOST_REQUESTS: Final = 50_000
_REQUEST_TAG: Final = "aws:requesttag/"
_TAG_KEYS: Final = "aws:tagkeys"
_EXTRA_TAG: Final = "another-tag"
MOST_SESSION_TAGS: Final = 5
"""Names of session tags of which every set is tried."""


def action_of(actor: Actor) -> str:
    """How the actor asks for a role: with a SAML assertion, with a token, or signed (STS API reference, Actions)."""
    if actor.principal.kind is not PrincipalKind.FEDERATED:
        return "sts:AssumeRole"
    saml = ":saml-provider/" in str(actor.principal.arn)
    return "sts:AssumeRoleWithSAML" if saml else "sts:AssumeRoleWithWebIdentity"


def sessions(
    case: RoleCase, actor: Actor, result: Issuance, *, declared: Mapping[str, Value] | None = None
) -> Iterator[tuple[Mapping[str, str], Decision]]:
    """Tags with which the actor obtains a session, each once; not the declared request, which has this and no tags."""
    action, account = action_of(actor), case.arn.split(":")[4]
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
    for tags in tag_requests(conditions, base.keys):
        sent = context_of(tags)
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
    decision = authorize(Request(actor.principal, action, role, account, context), policies)
    if not decision.allowed or not tagged:
        return decision if decision.allowed else None
    tag = authorize(Request(actor.principal, "sts:TagSession", role, account, context), policies)
    return tag if tag.allowed else None


def context_of(tags: Mapping[str, str]) -> dict[str, Value]:
    """The context of a request that passes these tags."""
    sent: dict[str, Value] = {f"{_REQUEST_TAG}{key.lower()}": value for key, value in tags.items()}
    return {**sent, _TAG_KEYS: tuple(tags)} if tags else sent


def tag_requests(conditions: Sequence[Condition], context: Mapping[str, Value]) -> Iterator[Mapping[str, str]]:
    """Sets of tags that a caller could pass: none, each mentioned tag, and one that no document mentions.

    Args:
        conditions: all that could matter.
        context: the fixed part of the request's context, for policy variables.

    Raises:
        NotProved: the documents distinguish too many tags.
    """
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
