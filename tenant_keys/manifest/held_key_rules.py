"""Rules of keys that tenants hold in accounts of their own: whose they are, and that no two tenants name one."""

from __future__ import annotations

from tenant_keys.aws_facts.regions import partition_of
from tenant_keys.manifest.model import Manifest, Tenant
from tenant_keys.manifest.rules import Report, check_region

KeyIdentity = tuple[str, str, str]
"""Partition, account and id: alike for the replicas of one multi-Region key (AWS KMS guide, multi-region-keys)."""


def identity(arn: str) -> KeyIdentity:
    """Which key an ARN names, in whatever Region."""
    _, partition, _, _, account, key = arn.split(":", 5)
    return partition, account, key.removeprefix("key/")


def check_held_keys(manifest: Manifest, report: Report) -> None:
    """Every tenant that holds its key itself."""
    ours = {workload.account: f"the account of workload {name}" for name, workload in manifest.workloads.items()}
    ours[manifest.central.account] = "the central account"
    owners: dict[KeyIdentity, str] = {}
    for name, tenant in manifest.tenants.items():
        if tenant.key.held_by is None:
            continue
        _check_fields(name, tenant, report)
        path = ("tenants", name, "key", "arns")
        if not tenant.key.arns:
            report(path, "missing; name the tenant's key in at least one Region")
        for region, arn in tenant.key.arns.items():
            _, partition, _, there, account, _ = arn.split(":", 5)
            if check_region(region, (*path, region), report):
                if there != region:
                    report((*path, region), f"got {arn}, a key in {there}; name one in {region}, or move it to {there}")
                elif partition != partition_of(region):
                    report((*path, region), f"got {arn}; {region} is in the partition {partition_of(region)}")
            if account in ours:
                message = f"got {arn}, a key in {ours[account]}; the tenant's key is in an account of the tenant"
                report((*path, region), f"{message}, or leave out held_by")
            other = owners.setdefault(identity(arn), name)
            if other != name:
                message = f"got {arn}, the key of {other}, in some Region"
                report((*path, region), f"{message}; no two tenants share a key, name this tenant's own")


def _check_fields(name: str, tenant: Tenant, report: Report) -> None:
    """What the owner of the key decides is nothing that a manifest of ours could say."""
    key, path = tenant.key, ("tenants", name)
    custodian = None if key.custodian is None else key.custodian.role
    of_key = {"origin": key.origin, "multi_region": key.multi_region, "region": key.region, "expires": key.expires}
    of_key |= {"import_role": key.import_role, "custodian": custodian}
    for field, value in of_key.items():
        if value is not None:
            got = str(value).lower() if isinstance(value, bool) else value
            report((*path, "key", field), f"got {got}; the tenant decides it as the owner of the key; remove it")
    for setting in ("rotation_days", "deletion_window_days", "unused_days_before_deletion", "decrypt_by"):
        got = getattr(tenant, setting)
        if got is not None:
            report(
                (*path, setting),
                f"got {got}; it applies only to keys in the central account, and the tenant holds this key; remove it",
            )
