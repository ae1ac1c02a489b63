"""What remains to be done by people after an offboarding command, with the exact commands."""

from __future__ import annotations

from tenant_keys.manifest import Estate, Tenant, stack_names
from tenant_keys.operations.tenant_view import stacks
from tenant_keys.policy import names

FEWEST, MOST = 7, 30
"""Days that a deletion may be pending (AWS KMS API, ScheduleKeyDeletion)."""


def after_offboarding(tenant: Tenant, estate: Estate) -> list[str]:
    """Between the two steps: the key is disabled, and whoever still needs it notices."""
    region = tenant.primary_region
    return [
        "# 1. deploy: roles go, the key is disabled",
        f"node_modules/.bin/cdk deploy {' '.join([*stacks(tenant, estate), *_role_stacks(tenant, estate)])}",
        "# 2. look at the last use, as a reader; to stop here: tenant-keys tenant resume " + tenant.manifest_id,
        f"aws kms get-key-last-usage --region {region} --key-id {names.alias_name(tenant.id, estate.naming)}",
        "# 3. when nobody has missed it",
        f"tenant-keys tenant offboard {tenant.manifest_id} --final --yes",
    ]


def after_offboarded(tenant: Tenant, estate: Estate) -> list[str]:
    """After the last step: deploy, then break-glass schedules the deletion. Replicas go first.

    ScheduleKeyDeletion takes no alias (AWS KMS API), and a primary waits for its replicas (PendingReplicaDeletion).
    """
    primary, days = tenant.primary_region, tenant.deletion_window_days
    regions = [r for r in names.alias_regions(tenant, estate) if r != primary] + [primary]
    lines = [
        "# 1. deploy: key and alias leave their stack and stay in AWS, disabled",
        f"node_modules/.bin/cdk deploy {' '.join(stacks(tenant, estate))}",
        f"# 2. as {estate.central.break_glass}: schedule the deletion, {FEWEST} to {MOST} days from now",
    ]
    for region in regions:
        key = f"KEY=$(aws kms describe-key --region {region} --key-id {names.alias_name(tenant.id, estate.naming)}"
        lines += [
            f"{key} --query KeyMetadata.Arn --output text)",
            f'aws kms schedule-key-deletion --region {region} --key-id "$KEY" --pending-window-in-days {days}',
        ]
    lines += [
        f"# until then it can be undone: aws kms cancel-key-deletion --region {primary} --key-id KEY",
        "# after that everything that was encrypted for this tenant is lost for ever",
    ]
    return lines


def _role_stacks(tenant: Tenant, estate: Estate) -> list[str]:
    return [stack_names.role_stack(cell, estate.naming) for cell in sorted(set(tenant.role_cells.values()))]
