"""The stack set that forwards refused sessions from the workload accounts, in place of a part of each one's stack."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby

from aws_cdk import CfnStackSet
from constructs import Construct

from tenant_constructs.tags import PROJECT, estate_tags
from tenant_keys.manifest import Estate
from tenant_keys.manifest.stack_names import forwarding_stack_set
from tenant_keys.policy.audit.forwarding import forwarding_template


class ForwardingStackSet(Construct):
    """Deploys a rule and its role to exactly the accounts and Regions of the workloads, one stack in each.

    AutoDeployment is off: an account that joins a unit is no workload account before the manifest names it. All
    accounts at once, in all Regions; the first failure fails the deployment, since an account that reports nothing is
    not noticed otherwise. The set goes with its stack: its resources hold no data, and would bar those of workloads'
    stacks, which have the same names. A delegated administrator acts as DELEGATED_ADMIN (CloudFormation API reference,
    CreateStackSet, StackSetOperationPreferences; template reference, AWS::CloudFormation::StackSet).
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, places: Sequence[tuple[str, str]], estate: Estate
    ) -> None:
        """`places`: account and Region of each stack."""
        super().__init__(scope, construct_id)
        if not places or estate.audit is None:
            return
        by_region = sorted(places, key=lambda place: (place[1], place[0]))
        groups = [
            CfnStackSet.StackInstancesProperty(
                deployment_targets=CfnStackSet.DeploymentTargetsProperty(
                    account_filter_type="INTERSECTION",
                    accounts=[account for account, _ in here],
                    organizational_unit_ids=list(estate.audit.forward_from),
                ),
                regions=[region],
            )
            for region, here in groupby(by_region, key=lambda place: place[1])
        ]
        stack_set = CfnStackSet(
            self,
            "StackSet",
            stack_set_name=forwarding_stack_set(estate.central.account, estate.naming),
            description="Forwards refused sessions of access roles to the key account",
            permission_model="SERVICE_MANAGED",
            call_as="DELEGATED_ADMIN",
            auto_deployment=CfnStackSet.AutoDeploymentProperty(enabled=False),
            managed_execution={"Active": True},
            operation_preferences=CfnStackSet.OperationPreferencesProperty(
                concurrency_mode="SOFT_FAILURE_TOLERANCE",
                failure_tolerance_count=0,
                max_concurrent_percentage=100,
                region_concurrency_type="PARALLEL",
            ),
            capabilities=["CAPABILITY_NAMED_IAM"],
            stack_instances_group=groups,
            template_body=json.dumps(
                forwarding_template(estate, {**estate.tags, **PROJECT}), separators=(",", ":"), sort_keys=True
            ),
            tags=estate_tags(estate),
        )
        stack_set.override_logical_id("AuditForwarding")
