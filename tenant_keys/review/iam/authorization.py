"""The decision: which policies must allow, and which may deny.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
"""

from collections.abc import Iterable

from tenant_keys.aws_facts.operations import BEYOND_RCPS, WITHIN_ACCOUNT_ONLY
from tenant_keys.review.iam.decision import Decider, Decision, Outcome
from tenant_keys.review.iam.errors import InvalidRequest
from tenant_keys.review.iam.policy import Policies, Policy
from tenant_keys.review.iam.principal import PrincipalKind
from tenant_keys.review.iam.principal_element import DIRECT, NOT, ROLE, Naming
from tenant_keys.review.iam.request import Request

_CALLED = {
    "identity": "an identity-based policy",
    "resource": "a resource-based policy",
    "session": "a session policy",
    "boundary": "a permissions boundary",
    "scp": "a service control policy",
    "rcp": "a resource control policy",
}


def authorize(request: Request, policies: Policies) -> Decision:
    """Decide one request. Raises UnsupportedPolicy rather than guess."""
    action = request.action_key
    must_allow = _needs_resource_policy(request)
    if must_allow and policies.resource is None:
        raise InvalidRequest(f"{request.resource}: a key without its key policy, or a role without its trust policy")
    bounded = policies.boundary is not None
    in_account = request.principal.in_account
    scps = policies.scps if in_account else ()
    rcps = () if action in BEYOND_RCPS else policies.rcps

    denies = [
        statement.decider
        for policy in (_all(policies, scps, rcps) if scps or rcps else policies.direct)
        for statement in policy.relevant(action)[0]
        if statement.naming(request, bounded=bounded)
    ]
    if denies:
        why = f"with an explicit deny in {_CALLED[denies[0].kind]}"
        return Decision(Outcome.EXPLICIT_DENY, tuple(denies), _denied(request, why))

    allows: list[Decider] = []
    for kind, levels in (("scp", scps), ("rcp", rcps)):
        for level in levels:
            if not (found := _allows(request, level)):
                return _implicit(request, kind)
            allows += found
    granted = [
        Decider(grant.name, "grant", None, index)
        for index, grant in enumerate(policies.grants)
        if grant.allows(request)
    ]
    allowed, lacking = _sources(request, policies, must_allow=must_allow)
    if lacking and not granted:
        return _implicit(request, lacking)
    reason = f"{_who(request)} is authorized to perform: {request.action} on resource: {request.resource}"
    return Decision(Outcome.ALLOWED, tuple(allowed + granted + allows), reason)


def _sources(request: Request, policies: Policies, *, must_allow: bool) -> tuple[list[Decider], str]:
    """Who allows, or else which kind of policy lacks the Allow. Denies and organisation policies are dealt with."""
    principal = request.principal
    best, named = _named(request, policies.resource)
    same_account = principal.account == request.resource_account
    if not principal.in_account:
        required = direct = True
    else:
        required = must_allow or not same_account
        direct = (same_account and best is DIRECT) or principal.kind is PrincipalKind.ROOT_USER
        if not same_account and request.action_key in WITHIN_ACCOUNT_ONLY:
            best = NOT
    if required and not best:
        return [], "resource"
    if direct:
        return named, ""
    own, lacking = _callers_side(request, policies, named_role=same_account and best is ROLE)
    return named + own, lacking


def _named(request: Request, policy: Policy | None) -> tuple[Naming, list[Decider]]:
    """How directly the resource's policy names the principal in an Allow, and where."""
    best: Naming = NOT
    named: list[Decider] = []
    for statement in () if policy is None else policy.relevant(request.action_key)[1]:
        naming = statement.naming(request, bounded=False)
        if naming:
            named.append(statement.decider)
            best = max(best, naming)
    return best, named


def _callers_side(request: Request, policies: Policies, *, named_role: bool) -> tuple[list[Decider], str]:
    """What the caller's own policies allow. A key or trust policy that names the role replaces the identity policy."""
    allowed = _allows(request, policies.identity)
    if not allowed and not named_role:
        return [], "identity"
    if policies.boundary is not None:
        if not (found := _allows(request, (policies.boundary,))):
            return [], "boundary"
        allowed += found
    if policies.session is not None:
        if not (found := _allows(request, policies.session)):
            return [], "session"
        allowed += found
    return allowed, ""


def _needs_resource_policy(request: Request) -> bool:
    """Key policies and role trust policies must allow; elsewhere in one account an identity policy is enough."""
    action = request.action_key
    if action.startswith("kms:"):
        return ":key/" in request.resource
    return action.startswith("sts:") and ":role/" in request.resource


def _allows(request: Request, policies: Iterable[Policy]) -> list[Decider]:
    return [
        statement.decider
        for policy in policies
        for statement in policy.relevant(request.action_key)[1]
        if statement.naming(request, bounded=False)
    ]


def _all(
    policies: Policies, scps: tuple[tuple[Policy, ...], ...], rcps: tuple[tuple[Policy, ...], ...]
) -> list[Policy]:
    return [*(policy for level in (*scps, *rcps) for policy in level), *policies.direct]


def _implicit(request: Request, kind: str) -> Decision:
    called = _CALLED[kind].partition(" ")[2]
    why = f"because no {called} allows the {request.action} action"
    return Decision(Outcome.IMPLICIT_DENY, (), _denied(request, why))


def _denied(request: Request, why: str) -> str:
    return f"{_who(request)} is not authorized to perform: {request.action} on resource: {request.resource} {why}"


def _who(request: Request) -> str:
    return f"User: {request.principal.arn or 'anonymous'}"
