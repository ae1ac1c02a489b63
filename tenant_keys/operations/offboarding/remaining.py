"""What remains to be done by people after an edit of manifest and lock, with the exact commands."""

from __future__ import annotations

from tenant_keys.manifest import Estate, Tenant, stack_names
from tenant_keys.operations.tenant_view import stacks


def after_offboarding(tenant: Tenant, estate: Estate) -> list[str]:
    """Between the two edits: the key is disabled, and anyone who still needs it notices."""
    if tenant.held is not None:
        shared = any(workload.access != "tenant-role" for workload in tenant.workloads)
        also = [stack_names.shared_access(estate.naming)] if shared else []
        stacks_of_roles = [*_role_stacks(tenant, estate), *also]
        return [
            "# 1. deploy: the roles go; the key stays with the tenant, who deletes it",
            f"node_modules/.bin/cdk deploy {' '.join(stacks_of_roles)}",
            "# 2. when nobody has missed it",
            f"tenant-keys tenant offboard {tenant.id} --final --yes",
        ]
    return [
        "# 1. deploy: roles go, the key is disabled",
        f"node_modules/.bin/cdk deploy {' '.join([*stacks(tenant, estate), *_role_stacks(tenant, estate)])}",
        "# 2. look at the last use, as a reader; to stop here: tenant-keys tenant resume " + tenant.manifest_id,
        f"tenant-keys tenant offboard {tenant.manifest_id}",
        "# 3. when nobody has missed it",
        f"tenant-keys tenant offboard {tenant.manifest_id} --final --yes",
    ]


def after_offboarded(tenant: Tenant, estate: Estate) -> list[str]:
    """After the last edit: deploy, then break-glass schedules the deletion."""
    if tenant.held is not None:
        return ["# nothing is left here; what becomes of the key is the tenant's to decide and to show"]
    days, unused = tenant.deletion_window_days, tenant.unused_days_before_deletion
    wait = f", {unused} days after the last use" if unused else ""
    return [
        "# 1. deploy: key and alias leave their stack and stay in AWS, disabled",
        f"node_modules/.bin/cdk deploy {' '.join(stacks(tenant, estate))}",
        f"# 2. as {estate.central.break_glass}{wait}: schedule the deletion, {days} days ahead",
        f"tenant-keys tenant offboard {tenant.manifest_id} --yes",
        f"# until then it can be undone: tenant-keys tenant offboard {tenant.manifest_id} --cancel --yes",
        "# after that everything that was encrypted for this tenant is inaccessible for ever",
        "# 3. when AWS KMS has deleted the key in every Region: the same command writes the certificate",
        f"tenant-keys tenant offboard {tenant.manifest_id} --yes",
    ]


def _role_stacks(tenant: Tenant, estate: Estate) -> list[str]:
    return [stack_names.role_stack(cell, estate.naming) for cell in sorted(set(tenant.role_cells.values()))]
