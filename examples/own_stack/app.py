"""A tenant's key and role in a stack of another app, beside resources of that app.

The constructs are ordinary: they live in any stack, take keyword arguments, and offer attributes such as `key_arn`.

    python examples/own_stack/app.py tenants.yaml
"""

from __future__ import annotations

import sys
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from tenant_constructs.access_role import TenantAccessRole
from tenant_constructs.tenant_key import TenantKey
from tenant_keys.manifest import Estate, load_estate


class TenantStack(cdk.Stack):
    """One tenant on its own, with an alarm on the age of its key and outputs for anyone who deploys the workload."""

    def __init__(self, scope: Construct, construct_id: str, *, tenant_id: str, estate: Estate) -> None:
        tenant = estate.tenants[tenant_id]
        environment = cdk.Environment(account=estate.central.account, region=tenant.primary_region)
        super().__init__(scope, construct_id, env=environment)
        key = TenantKey(self, "Key", tenant=tenant, estate=estate, cell=construct_id)
        for workload in tenant.workloads:
            if workload.access == "tenant-role":
                role = TenantAccessRole(
                    self, f"Role-{workload.name}", tenant=tenant, workload=workload, estate=estate, cell=construct_id
                )
                cdk.CfnOutput(self, f"RoleArn-{workload.name}", value=role.role_arn)
        cdk.CfnOutput(self, "KeyArn", value=key.key_arn)
        cdk.CfnOutput(self, "AliasName", value=key.alias_name)
        cloudwatch.CfnAlarm(
            self,
            "MaterialExpires",
            namespace="AWS/KMS",
            metric_name="SecondsUntilKeyMaterialExpiration",
            dimensions=[cloudwatch.CfnAlarm.DimensionProperty(name="KeyId", value=key.key_id)],
            comparison_operator="LessThanThreshold",
            threshold=cdk.Duration.days(14).to_seconds(),
            evaluation_periods=1,
            period=300,
            statistic="Minimum",
        )


def main() -> None:
    """Synthesize a stack for each tenant of the manifest that is active."""
    estate = load_estate(Path(sys.argv[1]))
    app = cdk.App()
    for tenant in estate.tenants.values():
        if tenant.state == "active":
            TenantStack(app, f"tenant-{tenant.id}", tenant_id=tenant.id, estate=estate)
    app.synth()


if __name__ == "__main__":
    main()
