"""The association that lets a service account of an EKS cluster run as its workload's role."""

from __future__ import annotations

from aws_cdk import aws_eks as eks
from constructs import Construct

from tenant_constructs.logical_id import logical_id
from tenant_constructs.tags import estate_tags
from tenant_keys.manifest import Estate, Workload


class PodIdentity(Construct):
    """One association in the cluster's Region. The role is global and may be in the stack of another Region."""

    def __init__(
        self, scope: Construct, construct_id: str, *, workload: Workload, role_arn: str, estate: Estate
    ) -> None:
        """`role_arn`: `WorkloadTrustRole.role_arn` where the role is in the same stack, which then makes it first.

        Raises:
            ValueError: the workload has no pod identity.
        """
        if workload.pod_identity is None:
            raise ValueError(f"workload {workload.name} has no pod identity")
        super().__init__(scope, construct_id)
        association = eks.CfnPodIdentityAssociation(
            self,
            "Association",
            cluster_name=workload.pod_identity.cluster,
            namespace=workload.pod_identity.namespace,
            service_account=workload.pod_identity.service_account,
            role_arn=role_arn,
            disable_session_tags=True,
            tags=estate_tags(estate),
        )
        association.override_logical_id(logical_id("PodIdentity", workload.name))
