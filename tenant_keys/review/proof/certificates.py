"""Who becomes a role by IAM Roles Anywhere: holders of certificates, by trust anchor and by what the certificate says.

The service asks for the session with the certificate's subject, issuer and alternative names as principal tags, and the
trust anchor as aws:SourceArn (IAM Roles Anywhere guide, trust-model and attribute-mapping-and-trust-policy).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from tenant_keys.manifest import Workload
from tenant_keys.review.errors import as_json
from tenant_keys.review.iam import Principal, PrincipalKind
from tenant_keys.review.iam.principal import CERTIFICATES
from tenant_keys.review.iam.variables import Value
from tenant_keys.review.proof.actor import Actor, service
from tenant_keys.review.proof.document import Document
from tenant_keys.review.proof.domain import text_classes
from tenant_keys.review.proof.tags import tag_sets

COMMON_NAME: Final = "x509subject/cn"
ANCHOR: Final = "aws:sourcearn"


def certificate_holders(
    trust: Document, workload: Workload | None, anchors: Mapping[str, str], resource: dict[str, Value]
) -> Iterator[Actor]:
    """One for each trust anchor and certificate that the trust policy or the manifest distinguishes.

    Args:
        trust: of the role that is asked for.
        workload: that runs as the role, if any.
        anchors: certificate authorities by the ARN of the trust anchor, from the templates.
        resource: what the role decides, with which a policy variable may compare.
    """
    place = workload.roles_anywhere if workload else None
    common_name = place.common_name if place else "a-name"
    for anchor in text_classes(trust.conditions_on(ANCHOR), resource, tuple(anchors)):
        authority = f"issued by {anchors[anchor]}" if anchor in anchors else f"under {anchor}"
        for tags in tag_sets((trust,), resource | {ANCHOR: anchor}, common_name, own={}, always=False):
            says = tags.get(COMMON_NAME)
            named = "any common name" if says is None else f"common name {as_json(says)}"
            yield replace(
                service(CERTIFICATES),
                label=f"a holder of a certificate of {named} {authority}",
                principal=Principal(PrincipalKind.SERVICE, arn=CERTIFICATES, tags=tags),
                presents={ANCHOR: anchor},
            )


def is_own_certificate(actor: Actor, workload: Workload, anchors: Mapping[str, str]) -> bool:
    """Whether the actor holds a certificate of the workload's own name, issued by its own authority."""
    place = workload.roles_anywhere
    return (
        place is not None
        and actor.principal.arn == CERTIFICATES
        and actor.principal.tags.get(COMMON_NAME) == place.common_name
        and anchors.get(actor.presents.get(ANCHOR, "")) == place.certificate_authority
    )
