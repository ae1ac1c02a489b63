"""OpenID Connect providers of the key account, whose tokens STS verifies for web identity."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from aws_cdk import aws_iam as iam
from constructs import Construct

from tenant_constructs.logical_id import logical_id
from tenant_constructs.tags import estate_tags
from tenant_keys.manifest import Estate, Workload
from tenant_keys.policy import names


class TokenIssuer(Construct):
    """One issuer: a provider of ours with the audiences of its workloads, or one that exists already."""

    def __init__(
        self, scope: Construct, construct_id: str, *, issuer: str, workloads: Sequence[Workload], estate: Estate
    ) -> None:
        super().__init__(scope, construct_id)
        self.provider_arn = names.oidc_provider_arn(issuer, estate)
        """ARN of the provider; of one that is created here, an attribute that CloudFormation resolves."""
        provider = workloads[0].identity_provider
        if provider is None or provider.existing:
            return
        resource = iam.CfnOIDCProvider(
            self,
            "Provider",
            url=issuer,
            client_id_list=sorted(workload.audience or "" for workload in workloads),
            tags=estate_tags(estate),
        )
        resource.override_logical_id(logical_id("Issuer", sha256(issuer.encode()).hexdigest()[:16]))
        self.provider_arn = resource.ref  # its ARN (AWS::IAM::OIDCProvider, return values)
