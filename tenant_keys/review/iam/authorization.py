"""Whether a request is allowed, as IAM's guide defines it: a function for each step of its evaluation logic.

[logic] https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
[single] https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html
[cross] https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
[keys] https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
"""

from collections.abc import Sequence

from tenant_keys.aws_facts.operations import BEYOND_RCPS, WITHIN_ACCOUNT_ONLY
from tenant_keys.review.iam.decision import CALLED, Decider, Decision, Outcome, PolicyKind
from tenant_keys.review.iam.errors import InvalidRequest
from tenant_keys.review.iam.policy import Policies, Policy
from tenant_keys.review.iam.principal import PrincipalKind
from tenant_keys.review.iam.principal_element import DIRECT, NOT, ROLE, Naming
from tenant_keys.review.iam.request import Request

Required = Sequence[tuple[PolicyKind, Sequence[Policy]]]
"""Kinds of policies, each of which must allow."""
Allows = tuple[list[Decider], PolicyKind | None]
"""The Allows found, and the kind of policy in which one is missing, if any."""


def authorize(request: Request, policies: Policies) -> Decision:
    """Decide one request. Raises UnsupportedPolicy rather than guess."""
    if _needs_resource_policy(request) and policies.resource is None:
        raise InvalidRequest(f"{request.resource}: a key without its key policy, or a role without its trust policy")
    controls = _control_policies(request, policies)
    if denies := _explicit_denies(request, policies, controls):
        why = f" with an explicit deny in {CALLED[denies[0].kind]}"
        return Decision(Outcome.EXPLICIT_DENY, tuple(denies), _reason(request, "is not authorized", why))
    permitted, missing = _each_allows(request, controls)
    allowed, missing = ([], missing) if missing else _grants_and_policies(request, policies)
    if missing:
        why = f" because no {CALLED[missing].partition(' ')[2]} allows the {request.action} action"
        return Decision(Outcome.IMPLICIT_DENY, (), _reason(request, "is not authorized", why))
    return Decision(Outcome.ALLOWED, (*allowed, *permitted), _reason(request, "is authorized"))


def _explicit_denies(request: Request, policies: Policies, controls: Required) -> list[Decider]:
    """Deny evaluation: "an explicit deny overrides an explicit allow", in whichever policy it is [logic]."""
    bounded = policies.boundary is not None
    every = [*(one for _, level in controls for one in level), *policies.direct] if controls else policies.direct
    return [
        statement.decider
        for policy in every
        for statement in policy.relevant(request.action_key)[0]
        if statement.naming(request, bounded=bounded)
    ]


def _control_policies(request: Request, policies: Policies) -> Required:
    """Organizations SCPs of principals, RCPs of resources: each level, from the root down, must allow [logic]."""
    scps = policies.scps if request.principal.in_account else ()
    rcps = () if request.action_key in BEYOND_RCPS else policies.rcps
    return [*(("scp", level) for level in scps), *(("rcp", level) for level in rcps)] if scps or rcps else ()


def _grants_and_policies(request: Request, policies: Policies) -> Allows:
    """KMS grants are a source of Allow beside the policies (AWS KMS guide, grants)."""
    principal = request.principal
    within = principal.in_account and principal.account == request.resource_account
    allows, missing = (_within_account if within else _across_accounts)(request, policies)
    named = enumerate(policies.grants)
    granted = [Decider(grant.name, "grant", None, index) for index, grant in named if grant.allows(request)]
    return allows + granted, None if granted else missing


def _within_account(request: Request, policies: Policies) -> Allows:
    """Resource-based or identity-based policies must allow [single]; for a key or a role, the resource's own [keys].

    A resource-based Allow to the user, the session or everyone is final; one to the role is limited by the permissions
    boundary and session policies alone; one to the account delegates to identity-based policies.
    """
    naming, named = _resource_based(request, policies.resource)
    if not naming and _needs_resource_policy(request):
        return [], "resource"
    if naming is DIRECT:
        return named, None
    own, missing = _identity_based(request, policies, role_named=naming is ROLE)
    return named + own, missing


def _across_accounts(request: Request, policies: Policies) -> Allows:
    """Resource-based and identity-based policies must both allow [cross]; some operations never cross accounts."""
    naming, named = _resource_based(request, policies.resource)
    if not naming or (request.principal.in_account and request.action_key in WITHIN_ACCOUNT_ONLY):
        return [], "resource"
    own, missing = _identity_based(request, policies, role_named=False)
    return named + own, missing


def _resource_based(request: Request, policy: Policy | None) -> tuple[Naming, list[Decider]]:
    """How directly the resource-based policy names the principal in an Allow, and where."""
    naming: Naming = NOT
    named: list[Decider] = []
    for statement in () if policy is None else policy.relevant(request.action_key)[1]:
        if found := statement.naming(request, bounded=False):
            named.append(statement.decider)
            naming = max(naming, found)
    return naming, named


def _identity_based(request: Request, policies: Policies, *, role_named: bool) -> Allows:
    """Identity-based policies, then permissions boundary, then session policies: those that exist must allow [logic].

    "AWS account root user […] has full access"; services, tokens and anonymous callers have no such policies.
    """
    if request.principal.kind is PrincipalKind.ROOT_USER or not request.principal.in_account:
        return [], None
    identity = _allows(request, policies.identity)
    if not identity and not role_named:
        return [], "identity"
    boundary: Required = () if policies.boundary is None else (("boundary", (policies.boundary,)),)
    session: Required = () if policies.session is None else (("session", policies.session),)
    found, missing = _each_allows(request, (*boundary, *session))
    return [] if missing else identity + found, missing


def _needs_resource_policy(request: Request) -> bool:
    """Whether the resource's own policy must allow even within the account: key policies and role trust policies do."""
    action = request.action_key
    if action.startswith("kms:"):
        return ":key/" in request.resource
    return action.startswith("sts:") and ":role/" in request.resource


def _each_allows(request: Request, required: Required) -> Allows:
    found: list[Decider] = []
    for kind, policies in required:
        if not (allows := _allows(request, policies)):
            return [], kind
        found += allows
    return found, None


def _allows(request: Request, policies: Sequence[Policy]) -> list[Decider]:
    return [
        statement.decider
        for policy in policies
        for statement in policy.relevant(request.action_key)[1]
        if statement.naming(request, bounded=False)
    ]


def _reason(request: Request, verdict: str, why: str = "") -> str:
    who, what = request.principal.arn or "anonymous", f"{request.action} on resource: {request.resource}"
    return f"User: {who} {verdict} to perform: {what}{why}"
