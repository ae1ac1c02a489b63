"""What is in a workload account: the role that may assume access roles, and the parameter that tells it which."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from tenant_constructs.access_role import bounded
from tenant_constructs.logical_id import logical_id
from tenant_constructs.resource_batch import ResourceBatch
from tenant_constructs.tags import PROJECT, estate_tags
from tenant_keys.aws_facts.quotas import (
    INLINE_POLICY_CHARACTERS,
    MANAGED_POLICY_CHARACTERS,
    PARAMETER_CHARACTERS,
    TRUST_POLICY_CHARACTERS,
)
from tenant_keys.manifest import Estate, Tenant, Workload
from tenant_keys.policy import names
from tenant_keys.policy.acknowledged import INLINE_POLICY_METADATA
from tenant_keys.policy.limits import PolicyTooLarge, check_size
from tenant_keys.policy.workload_role import workload_role_policy, workload_role_trust


class WorkloadTrustRole:
    """The role that a workload runs as, trusted by where it runs; or a policy on the role it has already."""

    def __init__(self, batch: ResourceBatch, *, workload: Workload, estate: Estate) -> None:
        self._role = logical_id("Role", workload.name)
        name = names.workload_role_name(workload, estate)
        fewer = f"name fewer Regions in workloads.{workload.name}.regions"
        limit = MANAGED_POLICY_CHARACTERS if workload.existing_role else INLINE_POLICY_CHARACTERS
        policy = check_size(workload_role_policy(workload, estate), limit, f"policy of workload {workload.name}", fewer)
        if workload.existing_role:
            properties: dict[str, Any] = {
                "ManagedPolicyName": name,
                "PolicyDocument": policy,
                "Roles": [workload.existing_role.rsplit("/", 1)[-1]],
            }
            batch.add(
                logical_id("Policy", workload.name), {"Type": "AWS::IAM::ManagedPolicy", "Properties": properties}
            )
            return
        trust = workload_role_trust(workload, self._trust_anchor(batch, workload, estate))
        check_size(trust, TRUST_POLICY_CHARACTERS, f"trust policy of role {name}", fewer)
        properties = {
            "RoleName": name,
            "Description": f"Workload {workload.name}",
            "AssumeRolePolicyDocument": trust,
            "Policies": [{"PolicyName": "AssumeAccessRoles", "PolicyDocument": policy}],
            **bounded(workload.permissions_boundary),
            "Tags": estate_tags(estate),
        }
        batch.add(self._role, {"Type": "AWS::IAM::Role", "Metadata": INLINE_POLICY_METADATA, "Properties": properties})
        self._attach(batch, workload, estate)

    def _trust_anchor(self, batch: ResourceBatch, workload: Workload, estate: Estate) -> object:
        if workload.roles_anywhere is None:
            return None
        anchor = logical_id("TrustAnchor", workload.name)
        source = {
            "SourceType": "AWS_ACM_PCA",
            "SourceData": {"AcmPcaArn": workload.roles_anywhere.certificate_authority},
        }
        properties = {
            "Name": names.workload_role_name(workload, estate),
            "Enabled": True,
            "Source": source,
            "Tags": estate_tags(estate),
        }
        batch.add(anchor, {"Type": "AWS::RolesAnywhere::TrustAnchor", "Properties": properties})
        return {"Fn::GetAtt": [anchor, "TrustAnchorArn"]}

    def _attach(self, batch: ResourceBatch, workload: Workload, estate: Estate) -> None:
        """What else the place needs in order to run as the role."""
        name, role_arn = names.workload_role_name(workload, estate), {"Fn::GetAtt": [self._role, "Arn"]}
        if workload.runs_on == "ec2":
            properties: dict[str, Any] = {"InstanceProfileName": name, "Roles": [{"Ref": self._role}]}
            batch.add(
                logical_id("InstanceProfile", workload.name),
                {"Type": "AWS::IAM::InstanceProfile", "Properties": properties},
            )
        elif workload.roles_anywhere is not None:
            properties = {"Name": name, "Enabled": True, "RoleArns": [role_arn], "Tags": estate_tags(estate)}
            batch.add(
                logical_id("Profile", workload.name), {"Type": "AWS::RolesAnywhere::Profile", "Properties": properties}
            )


class WorkloadParameter:
    """Tells a workload, in its own account and Region, which roles to assume and which aliases to name."""

    def __init__(self, batch: ResourceBatch, *, workload: Workload, estate: Estate, region: str) -> None:
        value = json.dumps(workload_configuration(workload, estate, region), separators=(",", ":"))
        if len(value) > PARAMETER_CHARACTERS:
            raise PolicyTooLarge(
                f"parameter of workload {workload.name} in {region}: got {len(value):,} characters, SSM accepts "
                f"{PARAMETER_CHARACTERS:,}; give fewer of its tenants a key.region, or make them multi_region"
            )
        properties = {
            "Name": names.parameter_name(workload, estate),
            "Type": "String",
            "Description": f"Roles and aliases of workload {workload.name}",
            "Value": value,
            "Tags": {**estate.tags, **PROJECT},
        }
        batch.add(logical_id("Parameter", workload.name), {"Type": "AWS::SSM::Parameter", "Properties": properties})


def workload_configuration(workload: Workload, estate: Estate, region: str) -> dict[str, Any]:
    """What the runtime client reads in one Region. `{tenant_id}` stands for the tenant's id.

    The aliases' Region is the one that serves most of its tenants from here; `exceptions` are the whole alias ARNs of
    the others; `held` are the keys of tenants who hold theirs themselves, once they are active.
    """
    served = [tenant for tenant in estate.tenants.values() if workload in tenant.workloads]
    tenants = [tenant for tenant in served if tenant.held is None]
    held = {
        tenant.id: {"key_arn": arn, "grace_seconds": 60 * tenant.held.grace_minutes}
        for tenant in served
        if tenant.held is not None and (arn := tenant.held.nearest(region)) is not None
    }
    nearest = {tenant.id: _nearest(tenant, estate, region) for tenant in tenants}
    usual = Counter(nearest.values()).most_common(1)[0][0] if nearest else estate.central.home_region
    role = names.shared_role_arn(workload, estate)
    if workload.access == "tenant-role":
        role = names.tenant_role_arn("{tenant_id}", workload, estate)
    return {
        "version": 1,
        "workload": workload.name,
        "access": workload.access,
        "role_arn": role,
        "alias_arn": names.alias_arn("{tenant_id}", usual, estate),
        "operations": list(workload.operations),
        "exceptions": {
            tenant: names.alias_arn(tenant, where, estate) for tenant, where in nearest.items() if where != usual
        },
        **({"held": held} if held else {}),
    }


def _nearest(tenant: Tenant, estate: Estate, region: str) -> str:
    """The workload's own Region where the tenant's alias is in it, else the Region of the tenant's key."""
    return region if region in names.alias_regions(tenant, estate) else tenant.primary_region
