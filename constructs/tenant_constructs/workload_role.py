"""What is in a workload account: the role that may assume access roles, and the parameter that tells it which."""

from __future__ import annotations

import json

from aws_cdk import aws_iam as iam
from aws_cdk import aws_rolesanywhere as rolesanywhere
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from tenant_constructs.logical_id import logical_id
from tenant_constructs.metadata import add_metadata
from tenant_constructs.tags import PROJECT, estate_tags
from tenant_keys.aws_facts.quotas import (
    INLINE_POLICY_CHARACTERS,
    MANAGED_POLICY_CHARACTERS,
    PARAMETER_CHARACTERS,
    TRUST_POLICY_CHARACTERS,
)
from tenant_keys.manifest import Estate, Workload
from tenant_keys.policy import names
from tenant_keys.policy.acknowledged import INLINE_POLICY_METADATA
from tenant_keys.policy.limits import PolicyTooLarge, check_size
from tenant_keys.policy.workload_configuration import workload_configuration
from tenant_keys.policy.workload_role import workload_role_policy, workload_role_trust


class WorkloadTrustRole(Construct):
    """The role that a workload runs as, trusted by where it runs; or a policy on the role it has already."""

    def __init__(self, scope: Construct, construct_id: str, *, workload: Workload, estate: Estate) -> None:
        """Raises:
        PolicyTooLarge: IAM would refuse a document for its size.
        """
        super().__init__(scope, construct_id)
        self.role_arn = names.workload_role_arn(workload, estate)
        """ARN of the role; of one that is created here, an attribute that CloudFormation resolves at deployment."""
        name = names.workload_role_name(workload, estate)
        fewer = f"name fewer Regions in workloads.{workload.name}.regions"
        limit = MANAGED_POLICY_CHARACTERS if workload.existing_role else INLINE_POLICY_CHARACTERS
        policy = check_size(workload_role_policy(workload, estate), limit, f"policy of workload {workload.name}", fewer)
        if workload.existing_role:
            managed = iam.CfnManagedPolicy(
                self,
                "Policy",
                managed_policy_name=name,
                policy_document=policy,
                roles=[workload.existing_role.rsplit("/", 1)[-1]],
            )
            managed.override_logical_id(logical_id("Policy", workload.name))
            return
        trust = workload_role_trust(workload, self._trust_anchor_arn(workload, estate))
        role = iam.CfnRole(
            self,
            "Role",
            role_name=name,
            description=f"Workload {workload.name}",
            assume_role_policy_document=check_size(
                trust, TRUST_POLICY_CHARACTERS, f"trust policy of role {name}", fewer
            ),
            policies=[iam.CfnRole.PolicyProperty(policy_name="AssumeAccessRoles", policy_document=policy)],
            permissions_boundary=workload.permissions_boundary,
            tags=estate_tags(estate),
        )
        role.override_logical_id(logical_id("Role", workload.name))
        add_metadata(role, INLINE_POLICY_METADATA)
        self.role_arn = role.attr_arn
        self._attach(role, workload, estate)

    def _trust_anchor_arn(self, workload: Workload, estate: Estate) -> str | None:
        if workload.roles_anywhere is None:
            return None
        source = rolesanywhere.CfnTrustAnchor.SourceProperty(
            source_type="AWS_ACM_PCA",
            source_data=rolesanywhere.CfnTrustAnchor.SourceDataProperty(
                acm_pca_arn=workload.roles_anywhere.certificate_authority
            ),
        )
        anchor = rolesanywhere.CfnTrustAnchor(
            self,
            "TrustAnchor",
            name=names.workload_role_name(workload, estate),
            enabled=True,
            source=source,
            tags=estate_tags(estate),
        )
        anchor.override_logical_id(logical_id("TrustAnchor", workload.name))
        return anchor.attr_trust_anchor_arn

    def _attach(self, role: iam.CfnRole, workload: Workload, estate: Estate) -> None:
        """What else the place needs in order to run as the role."""
        name = names.workload_role_name(workload, estate)
        if workload.runs_on == "ec2":
            instance_profile = iam.CfnInstanceProfile(
                self, "InstanceProfile", instance_profile_name=name, roles=[role.ref]
            )
            instance_profile.override_logical_id(logical_id("InstanceProfile", workload.name))
        elif workload.roles_anywhere is not None:
            profile = rolesanywhere.CfnProfile(
                self, "Profile", name=name, enabled=True, role_arns=[role.attr_arn], tags=estate_tags(estate)
            )
            profile.override_logical_id(logical_id("Profile", workload.name))


class WorkloadParameter(Construct):
    """Tells a workload, in its own account and Region, which roles to assume and which aliases to name."""

    def __init__(self, scope: Construct, construct_id: str, *, workload: Workload, estate: Estate, region: str) -> None:
        """`region`: that of the stack, where the workload reads the parameter.

        Raises:
            PolicyTooLarge: Systems Manager would refuse the value for its size.
        """
        value = json.dumps(workload_configuration(workload, estate, region), separators=(",", ":"))
        if len(value) > PARAMETER_CHARACTERS:
            raise PolicyTooLarge(
                f"parameter of workload {workload.name} in {region}: got {len(value):,} characters, SSM accepts "
                f"{PARAMETER_CHARACTERS:,}; give fewer of its tenants a key.region, make them multi_region, or make "
                "fewer of them opaque"
            )
        super().__init__(scope, construct_id)
        self.parameter_name = names.parameter_name(workload, estate)
        """`/tenant-keys/orders`, the name by which the runtime client reads it."""
        parameter = ssm.CfnParameter(
            self,
            "Parameter",
            name=self.parameter_name,
            type="String",
            description=f"Roles and aliases of workload {workload.name}",
            value=value,
            tags={**estate.tags, **PROJECT},
        )
        parameter.override_logical_id(logical_id("Parameter", workload.name))
