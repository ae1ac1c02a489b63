"""Tags on what belongs to a tenant or to the project."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import CfnTag

from tenant_keys.manifest import Estate, Tenant

PROJECT = {"tenant-keys:project": "tenant-keys"}


def tenant_tags(tenant: Tenant, estate: Estate, cell: str) -> list[CfnTag]:
    """Tags of a tenant's key or role. Never `tenant_id`: a role's tag becomes a tag of its sessions' principal."""
    own = {"tenant-keys:tenant": tenant.id, "tenant-keys:cell": cell}
    return _as_list({**estate.tags, **tenant.tags, **PROJECT, **own})


def estate_tags(estate: Estate) -> list[CfnTag]:
    """Tags of what all tenants share."""
    return _as_list({**estate.tags, **PROJECT})


def _as_list(tags: Mapping[str, str]) -> list[CfnTag]:
    return [CfnTag(key=key, value=value) for key, value in sorted(tags.items())]
