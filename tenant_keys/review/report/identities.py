"""By what a workload is distinguished from others before it obtains a session: its pods, certificate, token, provider.

Read from the templates where they hold it; what is in other accounts or apps is the manifest's declaration.
"""

from __future__ import annotations

from collections.abc import Iterator

from tenant_keys.manifest import Workload
from tenant_keys.review.assembly import Resource
from tenant_keys.review.proof.promise import workload_role
from tenant_keys.review.proof.reviewed import ReviewedEstate


def identified_by(workload: Workload, reviewed: ReviewedEstate) -> list[str]:
    """Each way in, as a sentence."""
    return [
        *_pods(workload, reviewed),
        *_irsa(workload),
        *_certificates(workload, reviewed),
        *_tokens(workload, reviewed),
    ]


def _pods(workload: Workload, reviewed: ReviewedEstate) -> Iterator[str]:
    role = workload_role(workload, reviewed.estate)
    for one in _resources(reviewed, "AWS::EKS::PodIdentityAssociation"):
        given = one.properties
        if workload.access != "web-identity" and given.get("RoleArn") == role:
            yield (
                f"pods of service account {given.get('ServiceAccount')}, namespace {given.get('Namespace')}, cluster "
                f"{given.get('ClusterName')} in {one.region} (EKS Pod Identity)"
            )


def _irsa(workload: Workload) -> Iterator[str]:
    if workload.irsa:
        irsa = workload.irsa
        yield (
            f"pods of service account {irsa.service_account}, namespace {irsa.namespace}, by tokens of "
            f"{irsa.oidc_provider} (IRSA; the provider is not in these templates)"
        )


def _certificates(workload: Workload, reviewed: ReviewedEstate) -> Iterator[str]:
    if not workload.roles_anywhere:
        return
    name = workload.roles_anywhere.common_name
    for one in _resources(reviewed, "AWS::RolesAnywhere::TrustAnchor"):
        if one.account == workload.account and str(one.properties.get("Name", "")).endswith(f"-{workload.name}"):
            source = one.properties.get("Source", {})
            data = source.get("SourceData", {}) if isinstance(source, dict) else {}
            authority = data.get("AcmPcaArn", "a certificate bundle of the template")
            yield f"certificates with common name {name}, issued by {authority} (trust anchor in {one.region})"


def _tokens(workload: Workload, reviewed: ReviewedEstate) -> Iterator[str]:
    if workload.identity_provider is None:
        return
    issuer = workload.identity_provider.issuer
    found = [one for one in _resources(reviewed, "AWS::IAM::OIDCProvider") if one.properties.get("Url") == issuer]
    admits = ", ".join(str(name) for one in found for name in one.properties.get("ClientIdList", ()))
    provider = f"its provider admits {admits or 'no audience'}" if found else "its provider is not in these templates"
    yield f"tokens of {issuer} for audience {workload.audience}; {provider}"


def _resources(reviewed: ReviewedEstate, kind: str) -> Iterator[Resource]:
    return (one for one in reviewed.resources.values() if one.type == kind)
