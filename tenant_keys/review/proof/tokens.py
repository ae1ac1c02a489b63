"""Who holds tokens of identity providers: the customers of a workload, and the pods of a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from tenant_keys.manifest import Estate, Workload
from tenant_keys.review.iam.variables import Value
from tenant_keys.review.proof.actor import Actor, token_holder
from tenant_keys.review.proof.document import Document
from tenant_keys.review.proof.domain import text_classes
from tenant_keys.review.proof.examples import fresh_word
from tenant_keys.review.proof.promise import issuer_arn

POD_AUDIENCE: Final = "sts.amazonaws.com"
"""Of the tokens that EKS gives to pods (EKS guide, IAM roles for service accounts)."""


def token_holders(trust: Document, estate: Estate, resource: Mapping[str, Value]) -> Iterator[Actor]:
    """One for each provider, audience and subject that the trust policy or the manifest distinguishes.

    STS fills ISSUER:aud from the claim `azp` where a token has one, and ISSUER:oaud from `aud` then; else ISSUER:aud is
    the token's `aud` (IAM guide, reference_policies_iam-condition-keys). `resource`: what the role decides, with which
    a policy variable may compare a claim.
    """
    issuers = {w.identity_provider.issuer for w in estate.workloads.values() if w.identity_provider}
    named = {*_federated(trust), *(issuer_arn(issuer, estate) for issuer in issuers)}
    other = fresh_word([arn.partition(".")[0] for arn in named])
    own = tuple(dict.fromkeys(w.audience for w in estate.workloads.values() if w.audience))
    for arn in sorted(named | {issuer_arn(f"{other}.example.com", estate)}):
        if ":saml-provider/" in arn:
            yield token_holder(arn)
            continue
        holder = token_holder(arn)
        subjects = [subject(w) for w in estate.workloads.values() if w.irsa and pods_of(w) == arn]
        audiences = (*own, *([POD_AUDIENCE] if subjects else []))
        for label, token in _tokens(trust, arn, audiences, resource):
            conditions = trust.conditions_on(claim(arn, "sub"))
            if not conditions and not subjects:
                yield replace(holder, label=f"{holder.label} {label}", presents=token)
                continue
            for presented_subject in text_classes(conditions, resource, tuple(subjects)):
                presented = {**token, claim(arn, "sub"): presented_subject}
                yield replace(
                    holder, label=f"{holder.label} {label} and subject {presented_subject}", presents=presented
                )


def _tokens(
    trust: Document, provider: str, audiences: tuple[str, ...], resource: Mapping[str, Value]
) -> Iterator[tuple[str, dict[str, str]]]:
    aud, oaud = claim(provider, "aud"), claim(provider, "oaud")
    # STS takes a token for one of the provider's client ids, each of a character at least (IAM API,
    # CreateOpenIDConnectProvider, ClientIDList): the empty text is a class of its own, which no token is in.
    for seen in filter(None, text_classes(trust.conditions_on(aud), resource, (*audiences, ""))):
        yield f"for audience {seen}", {aud: seen}
        for audience in text_classes(trust.conditions_on(oaud), resource, audiences):
            yield f"for audience {audience} with azp {seen}", {aud: seen, oaud: audience}


def audience_of(provider: str, presents: Mapping[str, str]) -> str | None:
    """The audience of a token: its claim `aud`, whichever key STS puts it in."""
    return presents.get(claim(provider, "oaud"), presents.get(claim(provider, "aud")))


def claim(provider: str, name: str) -> str:
    """The context key of a claim of a provider's tokens."""
    return f"{provider.rpartition('oidc-provider/')[2]}:{name}".lower()


def pods_of(workload: Workload) -> str:
    """The provider of the tokens of a cluster's pods (EKS guide, IAM roles for service accounts)."""
    provider = workload.irsa.oidc_provider if workload.irsa else ""
    return f"arn:{workload.partition}:iam::{workload.account}:oidc-provider/{provider}"


def subject(workload: Workload) -> str:
    """The subject of the tokens of the workload's pods; empty where it has none."""
    irsa = workload.irsa
    return f"system:serviceaccount:{irsa.namespace}:{irsa.service_account}" if irsa else ""


def _federated(document: Document) -> Iterator[str]:
    for clause in document.clauses:
        if clause.statement.principals is not None:
            yield from clause.statement.principals.federated
