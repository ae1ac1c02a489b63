"""OpenID Connect providers of the key account, whose tokens STS verifies for web identity."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from tenant_constructs.logical_id import logical_id
from tenant_constructs.resource_batch import ResourceBatch
from tenant_constructs.tags import estate_tags
from tenant_keys.manifest import Estate, Workload
from tenant_keys.policy import names


class TokenIssuer:
    """One issuer: a provider of ours with the audiences of its workloads, or one that exists already."""

    def __init__(self, batch: ResourceBatch, *, issuer: str, workloads: Sequence[Workload], estate: Estate) -> None:
        self.arn: object = names.oidc_provider_arn(issuer, estate)
        provider = workloads[0].identity_provider
        if provider is None or provider.existing:
            return
        name = logical_id("Issuer", sha256(issuer.encode()).hexdigest()[:16])
        properties = {
            "Url": issuer,
            "ClientIdList": sorted(workload.audience or "" for workload in workloads),
            "Tags": estate_tags(estate),
        }
        batch.add(name, {"Type": "AWS::IAM::OIDCProvider", "Properties": properties})
        self.arn = {"Ref": name}  # its ARN (AWS::IAM::OIDCProvider, return values)
