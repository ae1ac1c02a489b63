"""What things are called in AWS: aliases, roles, parameters and their ARNs, as the manifest's `naming` has them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tenant_keys.aws_facts.regions import partition_of
from tenant_keys.manifest import Estate, Tenant, Workload
from tenant_keys.manifest.model import Naming

TENANT_TAG = "tenant_id"
"""Session tag and encryption-context key that carry the tenant."""
LONGEST_ROLE_NAME: Final = 64
"""Characters (IAM quotas)."""


def alias_name(tenant_id: str, naming: Naming) -> str:
    """`alias/tenant-<id>` by default: what a request must name as its key."""
    return naming.alias.replace("{id}", tenant_id)


def alias_arn(tenant_id: str, region: str, estate: Estate) -> str:
    """The alias in one Region of the key account; across accounts a bare alias name means the caller's own account."""
    return (
        f"arn:{estate.central.partition}:kms:{region}:{estate.central.account}:{alias_name(tenant_id, estate.naming)}"
    )


def keys_of_account(regions: Iterable[str], account: str) -> list[str]:
    """All keys of the account in these Regions. Never `*`: an alias name says nothing about the account.

    Source: AWS KMS guide, iam-policies-best-practices.
    """
    return [f"arn:{partition_of(region)}:kms:{region}:{account}:key/*" for region in regions]


def access_role_path(workload: Workload, estate: Estate) -> str:
    """IAM path of a workload's access roles, which its own policy names as a whole."""
    return f"{estate.naming.role_path}{workload.name}/"


def tenant_role_name(tenant_id: str, workload: Workload, estate: Estate) -> str:
    """At most 64 characters: 7 + 40 + 1 + 16 (IAM quotas); with a prefix, the manifest's rules count."""
    return f"{estate.naming.role_prefix}tenant-{tenant_id}.{workload.name}"


def shared_role_name(workload: Workload, estate: Estate) -> str:
    """The one access role of a workload whose sessions carry the tenant as a tag."""
    return f"{estate.naming.role_prefix}shared.{workload.name}"


def access_roles_arn(workload: Workload, estate: Estate) -> str:
    """The beginning of the ARN of each of a workload's access roles."""
    central = estate.central
    return f"arn:{central.partition}:iam::{central.account}:role{access_role_path(workload, estate)}"


def tenant_role_arn(tenant_id: str, workload: Workload, estate: Estate) -> str:
    return f"{access_roles_arn(workload, estate)}{tenant_role_name(tenant_id, workload, estate)}"


def shared_role_arn(workload: Workload, estate: Estate) -> str:
    return f"{access_roles_arn(workload, estate)}{shared_role_name(workload, estate)}"


def workload_role_name(workload: Workload, estate: Estate) -> str:
    return f"{estate.naming.role_prefix}tenant-keys-{workload.name}"


def forwarder_role_name(region: str, estate: Estate) -> str:
    """The role that reports refused sessions from a workload account; no workload's name has a dot."""
    further = f"-{estate.further}" if estate.further else ""
    return f"{estate.naming.role_prefix}tenant-keys-audit{further}.{region}"


def workload_role_arn(workload: Workload, estate: Estate) -> str:
    """The role that assumes access roles: ours, or the one that the manifest names."""
    own = f"arn:{workload.partition}:iam::{workload.account}:role/{workload_role_name(workload, estate)}"
    return workload.existing_role or own


def oidc_provider_arn(issuer: str, estate: Estate) -> str:
    """The key account's provider of the issuer.

    A slash at the issuer's end is part of ARN and condition keys (IAM API reference, CreateOpenIDConnectProvider: Url).
    """
    central = estate.central
    return f"arn:{central.partition}:iam::{central.account}:oidc-provider/{issuer.removeprefix('https://')}"


def parameter_name(workload: Workload, estate: Estate) -> str:
    """The SSM parameter from which a workload learns its role and alias ARNs."""
    return f"{estate.naming.role_path}{workload.name}"


def key_regions(tenant: Tenant, estate: Estate) -> tuple[str, ...]:
    """Regions in which the tenant's key or a replica of it is."""
    return estate.central.regions if tenant.multi_region else (tenant.primary_region,)


def alias_regions(tenant: Tenant, estate: Estate) -> tuple[str, ...]:
    """Regions in which the alias can be named today: replicas wait until the primary's id is in the lock."""
    return key_regions(tenant, estate) if tenant.multi_region_key_id else (tenant.primary_region,)
