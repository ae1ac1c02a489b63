"""What things are called in AWS: aliases, roles, parameters and their ARNs."""

from __future__ import annotations

from collections.abc import Iterable

from tenant_keys.manifest import Estate, Tenant, Workload

TENANT_TAG = "tenant_id"
"""Session tag and encryption-context key that carry the tenant."""


def alias_name(tenant_id: str) -> str:
    """`alias/tenant-<id>`: what a request must name as its key."""
    return f"alias/tenant-{tenant_id}"


def alias_arn(tenant_id: str, region: str, account: str) -> str:
    """The alias in one Region of the key account; across accounts a bare alias name means the caller's own account."""
    return f"arn:aws:kms:{region}:{account}:{alias_name(tenant_id)}"


def keys_of_account(regions: Iterable[str], account: str) -> list[str]:
    """All keys of the account in these Regions. Never `*`: an alias name says nothing about the account.

    Source: AWS KMS guide, iam-policies-best-practices.
    """
    return [f"arn:aws:kms:{region}:{account}:key/*" for region in regions]


def access_role_path(workload: Workload) -> str:
    """IAM path of a workload's access roles, which its own policy names as a whole."""
    return f"/tenant-keys/{workload.name}/"


def tenant_role_name(tenant_id: str, workload: Workload) -> str:
    """At most 64 characters: 7 + 40 + 1 + 16 (IAM quotas)."""
    return f"tenant-{tenant_id}.{workload.name}"


def shared_role_name(workload: Workload) -> str:
    """The one access role of a workload whose sessions carry the tenant as a tag."""
    return f"shared.{workload.name}"


def tenant_role_arn(tenant_id: str, workload: Workload, account: str) -> str:
    return f"arn:aws:iam::{account}:role{access_role_path(workload)}{tenant_role_name(tenant_id, workload)}"


def shared_role_arn(workload: Workload, account: str) -> str:
    return f"arn:aws:iam::{account}:role{access_role_path(workload)}{shared_role_name(workload)}"


def workload_role_name(workload: Workload) -> str:
    return f"tenant-keys-{workload.name}"


def workload_role_arn(workload: Workload) -> str:
    """The role that assumes access roles: ours, or the one that the manifest names."""
    return workload.existing_role or f"arn:aws:iam::{workload.account}:role/{workload_role_name(workload)}"


def oidc_provider_arn(issuer: str, account: str) -> str:
    return f"arn:aws:iam::{account}:oidc-provider/{issuer.removeprefix('https://')}"


def parameter_name(workload: Workload) -> str:
    """The SSM parameter from which a workload learns its role and alias ARNs."""
    return f"/tenant-keys/{workload.name}"


def key_regions(tenant: Tenant, estate: Estate) -> tuple[str, ...]:
    """Regions in which the tenant's key or a replica of it stands."""
    return estate.central.regions if tenant.multi_region else (tenant.primary_region,)


def alias_regions(tenant: Tenant, estate: Estate) -> tuple[str, ...]:
    """Regions in which the alias can be named today: replicas wait until the primary's id is in the lock."""
    return key_regions(tenant, estate) if tenant.multi_region_key_id else (tenant.primary_region,)
