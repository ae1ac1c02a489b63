"""Roles: does a principal obtain a session that the manifest does not declare?

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html (sts:TagSession is asked for with the same call)
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html (OIDC keys: aud, oaud)
https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from tenant_keys.manifest import Custodian, Estate, Workload
from tenant_keys.review.second_opinion.conditions import several
from tenant_keys.review.second_opinion.errors import NotUnderstood
from tenant_keys.review.second_opinion.inventory import Inventory, Role
from tenant_keys.review.second_opinion.keys import accounts_of
from tenant_keys.review.second_opinion.permission import Policies, allowed
from tenant_keys.review.second_opinion.principals import (
    ROLE,
    ROOT,
    SERVICE,
    TAG,
    TOKEN,
    USER,
    Principal,
    anonymous,
    any_of_kind,
    certificate_holder,
    is_one_of,
    role,
    service,
    token,
    token_of_another,
)
from tenant_keys.review.second_opinion.promise import (
    TENANT,
    access_role,
    import_role,
    is_shared,
    is_workloads,
    shared_role,
    workload_role,
)
from tenant_keys.review.second_opinion.question import Case, Pending, Question, ask_about, rests_on
from tenant_keys.review.second_opinion.request import Asked, OneAction
from tenant_keys.review.second_opinion.statements import TRUST, Statement
from tenant_keys.review.second_opinion.terms import (
    Formula,
    Text,
    all_of,
    any_of,
    choose,
    equal,
    flag,
    negate,
    text,
)
from tenant_keys.review.second_opinion.values import Value

_TAG_SENT: Final = f"aws:requesttag/{TENANT}"
_PLACES: Final = {
    "lambda": "lambda.amazonaws.com",
    "ecs": "ecs-tasks.amazonaws.com",
    "batch": "ecs-tasks.amazonaws.com",
    "ec2": "ec2.amazonaws.com",
    "eks": "pods.eks.amazonaws.com",
}
_POD_AUDIENCE: Final = "sts.amazonaws.com"
"""Of tokens of a cluster's pods (Amazon EKS guide, IAM roles for service accounts)."""


@dataclass(frozen=True)
class Token:
    """A token of an OpenID Connect provider, as its issuer signed it."""

    host: str
    aud: Text
    azp: Text
    has_azp: Formula
    sub: Text

    @staticmethod
    def of(provider: str) -> Token:
        """Any token of a provider."""
        host = provider.partition("oidc-provider/")[2].lower()
        return Token(host, text("aud"), text("azp"), flag("the token has azp"), text("sub"))

    @property
    def client(self) -> Text:
        """Whom STS takes it to be for: azp where the token has one.

        That STS compares this with the provider's client ids only takes away; the trust policy alone must suffice.
        """
        return choose(self.has_azp, self.azp, self.aud)

    def keys(self) -> dict[str, Value]:
        """The condition keys that STS fills."""
        return {
            f"{self.host}:aud": Value(f"{self.host}:aud", True, self.client),
            f"{self.host}:oaud": Value(f"{self.host}:oaud", self.has_azp, self.aud),
            f"{self.host}:sub": Value(f"{self.host}:sub", True, self.sub),
        }


def session_questions(inventory: Inventory, estate: Estate) -> Iterator[Pending]:
    """One question for each role through which a key is reached and each kind of caller."""
    facts = (inventory.providers, inventory.anchors, sorted(inventory.roles))
    for one in inventory.roles.values():
        if not _matters(one, inventory, estate):
            continue
        trust = inventory.statements(one.trust, TRUST, f"trust policy of {one.arn}")
        if not all(pattern.startswith("sts:") for statement in trust for pattern in statement.actions[1]):
            raise NotUnderstood(f"trust policy of {one.arn}: an action that is not STS's")
        for principal in _callers(one, trust, inventory, estate):
            yield Pending(
                rests_on("session", one.arn, principal, one.trust, facts, one.unknown_policies),
                partial(_question, one, trust, principal, inventory, estate),
            )


def _matters(one: Role, inventory: Inventory, estate: Estate) -> bool:
    """Whether keys, sessions or roles are within reach of its own policies, or it has the name of a workload's role."""
    # Names of roles are unique in an account whatever their path and case (IAM guide, reference_iam-quotas).
    names = {_name(workload_role(each, estate)) for each in estate.workloads.values()}
    if one.unknown_policies or _name(one.arn) in names:
        return True
    own = inventory.own(tuple(one.identity)) or ()
    return any(each.allow and (each.actions[0] or any(map(_reaches, each.actions[1]))) for each in own)


def _name(arn: str) -> str:
    return arn.rpartition("/")[2].lower()


def _reaches(pattern: str) -> bool:
    return pattern.partition(":")[0] in ("*", "kms", "sts", "iam")


def _callers(one: Role, trust: tuple[Statement, ...], inventory: Inventory, estate: Estate) -> Iterator[Principal]:
    accounts = accounts_of(estate)
    for each in inventory.roles.values():
        known = each.arn.split(":")[4] == estate.central.account and not each.unknown_policies
        yield role(each.arn, accounts, tags=each.tags, identity=tuple(each.identity) if known else None)
    yield any_of_kind(ROLE, accounts, but=inventory.roles)
    yield any_of_kind(USER, accounts)
    yield any_of_kind(ROOT, accounts)
    yield service()
    yield certificate_holder()
    yield anonymous()
    named = [each.raw.get("Principal", {}) for each in trust]
    providers = {name for each in named if isinstance(each, dict) for name in several(each.get("Federated", ()))}
    account = one.arn.split(":")[4]
    providers |= {arn for arn in inventory.providers if arn.split(":")[4] == account}
    for provider in sorted(map(str, providers)):
        yield token(provider)
    yield token_of_another(account, accounts.partition, sorted(map(str, providers)))


def _question(
    one: Role, trust: tuple[Statement, ...], principal: Principal, inventory: Inventory, estate: Estate
) -> Question:
    identity = inventory.own(principal.identity)
    account = one.arn.split(":")[4]
    provider = principal.arn if principal.kind == TOKEN and isinstance(principal.arn, str) else ""
    held = Token.of(provider) if ":oidc-provider/" in provider else None
    keys = (_TAG_SENT, "aws:tagkeys", "sts:externalid")
    facts = held.keys() if held else {}
    if held:
        # STS takes a token for one of the provider's client ids, each of a character at least (IAM API,
        # CreateOpenIDConnectProvider, ClientIDList).
        principal.limits.append(negate(equal(held.client, "")))
    asked = ask_about(principal, one.arn, account, [*trust, *(identity or ())], keys=keys, facts=facts)
    assume = asked.of(_action_of(principal), None)
    tag = asked.of("sts:tagsession", None)
    policies = Policies(trust, identity)
    tagged = any_of(value.present for value in assume.members("aws:tagkeys"))
    can = all_of(
        [
            allowed(assume, policies, crosses=True, account=account),
            any_of([negate(tagged), allowed(tag, policies, crosses=True, account=account)]),
        ]
    )
    may = _declared(one, assume, held, tagged, inventory, estate) if can is not False else False
    breach = all_of([can, negate(may)])
    cases = () if breach is False else (Case((str(assume.action),), assume, breach, (tag, tagged)),)
    return Question("session", principal.label, f"a session of {one.arn}", None, asked, cases, one.trust)


def _action_of(principal: Principal) -> str:
    if principal.kind != TOKEN:
        return "sts:assumerole"
    saml = isinstance(principal.arn, str) and ":saml-provider/" in principal.arn
    return "sts:assumerolewithsaml" if saml else "sts:assumerolewithwebidentity"


def _declared(
    one: Role, request: OneAction, held: Token | None, tagged: Formula, inventory: Inventory, estate: Estate
) -> Formula:
    """Whether the manifest lets the caller have such a session."""
    found: list[Formula] = []
    for workload in estate.workloads.values():
        if workload_role(workload, estate) == one.arn:
            found.append(_runs_as(workload, request, held, inventory))
        for tenant in estate.tenants.values():
            if workload in tenant.workloads and access_role(tenant, workload, estate) == one.arn:
                found.append(_reaches_key(workload, request, held, tagged, estate))
                break
        else:
            if is_shared(workload) and one.arn == shared_role(workload, estate):
                found.append(_reaches_key(workload, request, held, tagged, estate))
    found += [
        _is_custodian(tenant.custodian, request, tagged)
        for tenant in estate.tenants.values()
        if tenant.custodian is not None and import_role(tenant, estate) == one.arn
    ]
    return any_of(found)


def _is_custodian(custodian: Custodian, request: OneAction, tagged: Formula) -> Formula:
    """The customer's own principal, with its external id and no session tags."""
    if request.principal.kind != ROLE:
        return False
    sent = request.value("sts:externalid")
    external = all_of([sent.present, equal(sent.held(), custodian.external_id)])
    return all_of([is_one_of(request.principal, [custodian.role]), external, negate(tagged)])


def _reaches_key(
    workload: Workload, request: OneAction, held: Token | None, tagged: Formula, estate: Estate
) -> Formula:
    """A workload's sessions of the roles that use keys, each for one tenant."""
    if workload.access == "tenant-role":
        return all_of([is_workloads(request.principal, workload, estate), negate(tagged)])
    if workload.access == "session-tag":
        return all_of([is_workloads(request.principal, workload, estate), _is_tenant_alone(request.asked)])
    provider = workload.identity_provider
    if held is None or provider is None or workload.audience is None:
        return False
    host, central = provider.issuer.removeprefix("https://"), estate.central
    issuer = f"arn:{central.partition}:iam::{central.account}:oidc-provider/{host}"
    if request.principal.arn != issuer:
        return False
    # The audience that the issuer signed, not whatever STS compares: a token for another audience must not do.
    return all_of([equal(held.aud, workload.audience), _is_tenant_alone(request.asked)])


def _is_tenant_alone(asked: Asked) -> Formula:
    sent = asked.open_value(_TAG_SENT)
    others = [one.present for one in asked.open_members("aws:tagkeys") if not one.name.endswith(f"#{_TAG_SENT}")]
    return all_of([sent.present, negate(equal(sent.held(), "")), negate(any_of(others))])


def _runs_as(workload: Workload, request: OneAction, held: Token | None, inventory: Inventory) -> Formula:
    """The place where the workload runs, and no other, becomes its role."""
    principal = request.principal
    if workload.roles_anywhere is not None:
        if not (principal.kind == SERVICE and principal.tagged):
            return False
        name, anchor = request.value(f"{TAG}x509subject/cn"), request.value("aws:sourcearn")
        own = [arn for arn, one in inventory.anchors.items() if one == workload.roles_anywhere.certificate_authority]
        named = all_of([name.present, equal(name.held(), workload.roles_anywhere.common_name)])
        return all_of([named, anchor.present, any_of(equal(anchor.held(), arn) for arn in own)])
    if workload.irsa is not None:
        provider = f"arn:{workload.partition}:iam::{workload.account}:oidc-provider/{workload.irsa.oidc_provider}"
        if held is None or principal.arn != provider:
            return False
        pods = f"system:serviceaccount:{workload.irsa.namespace}:{workload.irsa.service_account}"
        # The subject tells whose token it is; its audience, as the cluster signed it, that it is meant for STS.
        return all_of([equal(held.aud, _POD_AUDIENCE), equal(held.sub, pods)])
    place = _PLACES.get(workload.runs_on or "")
    return equal(principal.arn, place) if place and principal.kind == SERVICE else False
