"""The estate as a first attempt would write it: one L2 object per key, alias and role. What our synth is measured by.

The policies are the very same documents, handed over whole, which favours this app: statement objects cost more.

    python tools/benchmarks/naive_app.py MANIFEST OUTPUT_FOLDER [checked]

`checked` adds what our synth checks: the CDK's own validation, cdk-nag and the proof. Nothing is acknowledged here, so
findings are reported and fail nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path

from aws_cdk import App, Duration, Environment, RemovalPolicy, Stack, Tags, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from cdk_nag import AwsSolutionsChecks

from tenant_keys.manifest import Estate, Tenant, load_estate
from tenant_keys.policy import names
from tenant_keys.policy.access_role import shared_role_policy, shared_role_trust, tenant_role_policy, tenant_role_trust
from tenant_keys.policy.key_policy import key_policy
from tenant_stacks.isolation import IsolationProof


def add_key(stack: Stack, tenant: Tenant, estate: Estate) -> None:
    key = kms.Key(
        stack,
        f"Key-{tenant.id}",
        policy=iam.PolicyDocument.from_json(key_policy(tenant, estate)),
        description=f"Tenant {tenant.id}",
        enabled=tenant.state == "active",
        enable_key_rotation=True,
        rotation_period=Duration.days(tenant.rotation_days or 365),
        pending_window=Duration.days(tenant.deletion_window_days),
        multi_region=tenant.multi_region,
        removal_policy=RemovalPolicy.RETAIN,
    )
    key.add_alias(names.alias_name(tenant.id, estate.naming))
    Tags.of(key).add("tenant-keys:tenant", tenant.id)


def add_role(stack: Stack, name: str, path: str, trust: dict[str, object], policy: dict[str, object]) -> None:
    role = iam.Role(
        stack,
        name,
        role_name=name,
        path=path,
        assumed_by=iam.AccountRootPrincipal(),
        inline_policies={"UseTenantKey": iam.PolicyDocument.from_json(policy)},
    )
    resource = role.node.default_child
    if isinstance(resource, iam.CfnRole):
        resource.assume_role_policy_document = trust


def main() -> None:
    manifest, output, *checked = sys.argv[1:]
    estate = load_estate(Path(manifest))
    app = App(
        outdir=output,
        builtin_cloud_formation_validation=bool(checked),
        context={"@aws-cdk/core:failSynthOnValidationErrors": False},
    )
    if checked:
        Validations.of(app).add_plugins(AwsSolutionsChecks(app), IsolationProof(estate))
    stacks: dict[str, Stack] = {}

    def stack(name: str, region: str) -> Stack:
        if name not in stacks:
            stacks[name] = Stack(app, name, env=Environment(account=estate.central.account, region=region))
        return stacks[name]

    for tenant in estate.tenants.values():
        add_key(stack(f"keys-{tenant.primary_region}-{tenant.cell}", tenant.primary_region), tenant, estate)
        for workload in tenant.workloads:
            if workload.access == "tenant-role":
                name = names.tenant_role_name(tenant.id, workload, estate)
                trust, policy = tenant_role_trust(workload, estate), tenant_role_policy(tenant, workload, estate)
                cell = stack(f"roles-{tenant.role_cells[workload.name]}", estate.central.home_region)
                add_role(cell, name, names.access_role_path(workload, estate), trust, policy)
    for workload in estate.workloads.values():
        if workload.access == "session-tag":
            trust, policy = shared_role_trust(workload, estate), shared_role_policy(workload, estate)
            cell = stack("shared", estate.central.home_region)
            add_role(
                cell, names.shared_role_name(workload, estate), names.access_role_path(workload, estate), trust, policy
            )
    app.synth()


if __name__ == "__main__":
    main()
