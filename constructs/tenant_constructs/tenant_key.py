"""A tenant's key and the alias that names it."""

from __future__ import annotations

from typing import Any

from tenant_constructs.logical_id import logical_id
from tenant_constructs.resource_batch import ResourceBatch
from tenant_constructs.tags import tenant_tags
from tenant_keys.aws_facts.quotas import KEY_POLICY_BYTES
from tenant_keys.manifest import Estate, Tenant
from tenant_keys.policy import names
from tenant_keys.policy.acknowledged import key_metadata
from tenant_keys.policy.key_policy import key_policy
from tenant_keys.policy.limits import FEWER_DEPLOYERS, check_size
from tenant_keys.policy.statement import Document

KEPT = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
"""A key, also on a rollback: CloudFormation must never schedule a deletion."""
KEPT_ONCE_MADE = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}
"""An alias: losing it is losing access, but a leftover of a failed first deployment would block the next."""


class TenantKey:
    """One customer-managed key and its alias, retained in every state."""

    def __init__(self, batch: ResourceBatch, *, tenant: Tenant, estate: Estate, cell: str) -> None:
        key = logical_id("Key", tenant.id)
        properties = _key(tenant, estate, cell)
        batch.add(key, {"Type": "AWS::KMS::Key", **key_metadata(tenant), "Properties": properties, **KEPT})
        batch.add(logical_id("Alias", tenant.id), alias(tenant, key, estate))


class TenantReplicaKey:
    """A replica of a tenant's multi-Region key, with an alias of the same name and the same policy.

    Aliases, policies, tags and the enabled state are not synchronised by KMS (AWS KMS guide, multi-region-keys).
    """

    def __init__(self, batch: ResourceBatch, *, tenant: Tenant, estate: Estate, cell: str) -> None:
        key = logical_id("Replica", tenant.id)
        central = estate.central
        where = f"arn:{central.partition}:kms:{tenant.primary_region}:{central.account}"
        primary = f"{where}:key/{tenant.multi_region_key_id}"
        properties = {"PrimaryKeyArn": primary, **_common(tenant, estate, cell)}
        batch.add(key, {"Type": "AWS::KMS::ReplicaKey", "Properties": properties, **KEPT})
        batch.add(logical_id("Alias", tenant.id), alias(tenant, key, estate))


def alias(tenant: Tenant, key: str, estate: Estate) -> dict[str, Any]:
    """The alias that names the key of this logical id."""
    properties = {"AliasName": names.alias_name(tenant.id, estate.naming), "TargetKeyId": {"Ref": key}}
    return {"Type": "AWS::KMS::Alias", "Properties": properties, **KEPT_ONCE_MADE}


def _key(tenant: Tenant, estate: Estate, cell: str) -> dict[str, Any]:
    properties = {
        **_common(tenant, estate, cell),
        "KeySpec": "SYMMETRIC_DEFAULT",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "Origin": "EXTERNAL" if tenant.origin == "imported" else "AWS_KMS",
        "MultiRegion": tenant.multi_region,
    }
    if tenant.origin == "imported":
        return properties  # automatic rotation does not exist for imported material (AWS::KMS::Key)
    properties["EnableKeyRotation"] = tenant.rotation_days is not None
    if tenant.rotation_days is not None:
        properties["RotationPeriodInDays"] = tenant.rotation_days
    return properties


def _common(tenant: Tenant, estate: Estate, cell: str) -> dict[str, Any]:
    return {
        "Description": f"Tenant {tenant.id}",
        "Enabled": tenant.state == "active" or tenant.origin == "imported",
        "KeyPolicy": _policy(tenant, estate),
        "PendingWindowInDays": tenant.deletion_window_days,
        "Tags": tenant_tags(tenant, estate, cell),
    }


def _policy(tenant: Tenant, estate: Estate) -> Document:
    way_out = f"let fewer workloads serve this tenant, which has {len(tenant.workloads)}, or {FEWER_DEPLOYERS}"
    return check_size(key_policy(tenant, estate), KEY_POLICY_BYTES, f"key policy of tenant {tenant.id}", way_out)
