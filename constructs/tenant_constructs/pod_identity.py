"""The association that lets a service account of an EKS cluster run as its workload's role."""

from __future__ import annotations

from tenant_constructs.logical_id import logical_id
from tenant_constructs.resource_batch import ResourceBatch
from tenant_constructs.tags import estate_tags
from tenant_keys.manifest import Estate, Workload
from tenant_keys.policy import names


class PodIdentity:
    """One association in the cluster's Region. The role is global and may be in the stack of another Region."""

    def __init__(self, batch: ResourceBatch, *, workload: Workload, estate: Estate, with_role: bool) -> None:
        """`with_role`: the role is in the same stack, which then makes it first."""
        if workload.pod_identity is None:
            raise ValueError(f"workload {workload.name} has no pod identity")
        role = {"Fn::GetAtt": [logical_id("Role", workload.name), "Arn"]}
        properties = {
            "ClusterName": workload.pod_identity.cluster,
            "Namespace": workload.pod_identity.namespace,
            "ServiceAccount": workload.pod_identity.service_account,
            "RoleArn": role if with_role else names.workload_role_arn(workload, estate),
            "DisableSessionTags": True,
            "Tags": estate_tags(estate),
        }
        batch.add(
            logical_id("PodIdentity", workload.name),
            {"Type": "AWS::EKS::PodIdentityAssociation", "Properties": properties},
        )
