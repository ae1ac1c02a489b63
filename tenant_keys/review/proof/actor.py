"""Who could ask: one representative for each class of principals that no document distinguishes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from tenant_keys.review.iam import Principal, PrincipalKind
from tenant_keys.review.proof.document import Document

FOREIGN_ACCOUNT = "999999999999"
OTHER_ORGANIZATION = "o-zzzzzzzzzz"
"""An account and an organization for examples; the proof takes those that no document and no manifest names."""
SESSION = "any-session"


@dataclass(frozen=True, slots=True)
class Actor:
    """A principal with its identity policies, and what to call it."""

    label: str
    principal: Principal
    identity: tuple[Document, ...]
    """Its own policies where the templates hold them; elsewhere everything is allowed, which is the worst case."""
    tenant: str | None = None
    """Whose session it is, if a tenant's."""
    known: bool = field(default=False)
    """Whether the manifest names it."""
    presents: Mapping[str, str] = field(default_factory=dict)
    """The claims of its token, or the trust anchor of its certificate; by context key in lower case."""
    issuer: str = ""
    """Whose token it holds, or opened its session: what condition keys of its claims begin with, in lower case."""

    @property
    def role_arn(self) -> str | None:
        """The role of a session."""
        return self.principal.role_arn


@cache
def everything() -> tuple[Document, ...]:
    """The identity policy of anyone who is not in the templates: full administrator rights."""
    raw = {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "Everything", "Effect": "Allow", "Action": "*", "Resource": "*"}],
    }
    return (Document.parse(raw, name="full administrator rights", kind="identity"),)


def role_session(
    role_arn: str,
    *,
    label: str = "",
    organization: str | None = None,
    tags: Mapping[str, str] | None = None,
    identity: tuple[Document, ...] | None = None,
    tenant: str | None = None,
    known: bool = False,
    session: str = SESSION,
    issuer: str = "",
) -> Actor:
    """A session of a role; its name is the caller's choice."""
    _, partition, _, _, account, _ = role_arn.split(":", 5)
    name = role_arn.rpartition("/")[2]
    principal = Principal(
        PrincipalKind.ROLE_SESSION,
        arn=f"arn:{partition}:sts::{account}:assumed-role/{name}/{session}",
        account=account,
        role_arn=role_arn,
        organization=organization,
        tags=dict(tags or {}),
    )
    own = everything() if identity is None else identity
    return Actor(label or f"a session of {role_arn}", principal, own, tenant, known, issuer=issuer)


def root_user(arn: str, organization: str | None) -> Actor:
    """The root user of an account, given by its ARN."""
    account = arn.split(":")[4]
    principal = Principal(PrincipalKind.ROOT_USER, arn=arn, account=account, organization=organization)
    return Actor(f"the root user of account {account}", principal, everything())


def user(arn: str, organization: str | None, tags: Mapping[str, str] | None = None) -> Actor:
    """An IAM user, with the tags that it has in IAM."""
    account = arn.split(":")[4]
    principal = Principal(
        PrincipalKind.USER, arn=arn, account=account, organization=organization, tags=dict(tags or {})
    )
    return Actor(f"the user {arn}", principal, everything())


def federated_user(arn: str, organization: str | None, tags: Mapping[str, str] | None = None) -> Actor:
    """A session of sts:GetFederationToken; its name and tags are the caller's choice."""
    account = arn.split(":")[4]
    principal = Principal(
        PrincipalKind.FEDERATED_USER, arn=arn, account=account, organization=organization, tags=dict(tags or {})
    )
    return Actor(f"the federated user {arn}", principal, everything())


def service(name: str) -> Actor:
    """An AWS service acting for itself."""
    return Actor(f"the service {name}", Principal(PrincipalKind.SERVICE, arn=name), ())


def anonymous() -> Actor:
    """Any caller on the internet."""
    return Actor("anybody", Principal(PrincipalKind.ANONYMOUS), ())


def token_holder(provider_arn: str) -> Actor:
    """Anyone who holds a token of an identity provider, and no role yet."""
    principal = Principal(PrincipalKind.FEDERATED, arn=provider_arn)
    issuer = provider_arn.partition("/")[2] or provider_arn
    return Actor(f"a holder of a token of {issuer}", principal, (), issuer=issuer.lower())
