"""A tenant's key and the alias that names it."""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnResource, RemovalPolicy
from aws_cdk import aws_kms as kms
from constructs import Construct

from tenant_constructs.logical_id import logical_id
from tenant_constructs.metadata import add_metadata
from tenant_constructs.tags import tenant_tags
from tenant_keys.aws_facts.quotas import KEY_POLICY_BYTES
from tenant_keys.manifest import Estate, Tenant
from tenant_keys.policy import names
from tenant_keys.policy.acknowledged import key_metadata
from tenant_keys.policy.key_policy import key_policy
from tenant_keys.policy.limits import FEWER_DEPLOYERS, check_size
from tenant_keys.policy.statement import Document


class TenantKey(Construct):
    """One customer-managed key and its alias, retained in every state."""

    def __init__(self, scope: Construct, construct_id: str, *, tenant: Tenant, estate: Estate, cell: str) -> None:
        """`cell`: name of the stack's cell, a tag of the key (`eu-west-1-001`).

        Raises:
            PolicyTooLarge: KMS would refuse the key policy for its size.
        """
        super().__init__(scope, construct_id)
        self._key = kms.CfnKey(self, "Key", **key_properties(tenant, estate, cell))
        _keep(self._key, logical_id("Key", tenant.id))
        add_metadata(self._key, key_metadata(tenant))
        self.alias_name = _add_alias(self, self._key, tenant, estate)
        """`alias/tenant-acme`, the name by which callers use the key."""

    @property
    def key_arn(self) -> str:
        """ARN of the key: an attribute that CloudFormation resolves at deployment."""
        return self._key.attr_arn

    @property
    def key_id(self) -> str:
        """Id of the key: an attribute that CloudFormation resolves at deployment."""
        return self._key.attr_key_id


class TenantReplicaKey(Construct):
    """A replica of a tenant's multi-Region key, with an alias of the same name and the same policy.

    Aliases, policies, tags and the enabled state are not synchronised by KMS (AWS KMS guide, multi-region-keys).
    """

    def __init__(self, scope: Construct, construct_id: str, *, tenant: Tenant, estate: Estate, cell: str) -> None:
        """`cell`: name of the primary's cell, a tag of the replica.

        Raises:
            PolicyTooLarge: KMS would refuse the key policy for its size.
        """
        super().__init__(scope, construct_id)
        self._key = kms.CfnReplicaKey(self, "Replica", **replica_properties(tenant, estate, cell))
        _keep(self._key, logical_id("Replica", tenant.id))
        self.alias_name = _add_alias(self, self._key, tenant, estate)
        """`alias/tenant-acme`, the same as the primary's."""

    @property
    def key_arn(self) -> str:
        """ARN of the replica: an attribute that CloudFormation resolves at deployment."""
        return self._key.attr_arn


def key_properties(tenant: Tenant, estate: Estate, cell: str) -> dict[str, Any]:
    """The arguments of the tenant's `CfnKey`."""
    properties = {
        **_common(tenant, estate, cell),
        "key_spec": "SYMMETRIC_DEFAULT",
        "key_usage": "ENCRYPT_DECRYPT",
        "origin": "EXTERNAL" if tenant.origin == "imported" else "AWS_KMS",
        "multi_region": tenant.multi_region,
    }
    if tenant.origin == "imported":
        return properties  # automatic rotation does not exist for imported material (AWS::KMS::Key)
    properties["enable_key_rotation"] = tenant.rotation_days is not None
    if tenant.rotation_days is not None:
        properties["rotation_period_in_days"] = tenant.rotation_days
    return properties


def replica_properties(tenant: Tenant, estate: Estate, cell: str) -> dict[str, Any]:
    """The arguments of the tenant's `CfnReplicaKey`; the primary's ARN is literal, since a changed one replaces it."""
    central = estate.central
    where = f"arn:{central.partition}:kms:{tenant.primary_region}:{central.account}"
    return {"primary_key_arn": f"{where}:key/{tenant.multi_region_key_id}", **_common(tenant, estate, cell)}


def _common(tenant: Tenant, estate: Estate, cell: str) -> dict[str, Any]:
    return {
        "description": f"Tenant {tenant.id}",
        "enabled": tenant.state == "active" or tenant.origin == "imported",
        "key_policy": _policy(tenant, estate),
        "pending_window_in_days": tenant.deletion_window_days,
        "tags": tenant_tags(tenant, estate, cell),
    }


def _policy(tenant: Tenant, estate: Estate) -> Document:
    way_out = f"let fewer workloads serve this tenant, which has {len(tenant.workloads)}, or {FEWER_DEPLOYERS}"
    return check_size(key_policy(tenant, estate), KEY_POLICY_BYTES, f"key policy of tenant {tenant.id}", way_out)


def _keep(key: CfnResource, name: str) -> None:
    """A key is kept also on a rollback: CloudFormation must never schedule a deletion."""
    key.override_logical_id(name)
    key.apply_removal_policy(RemovalPolicy.RETAIN)


def _add_alias(scope: Construct, key: kms.CfnKey | kms.CfnReplicaKey, tenant: Tenant, estate: Estate) -> str:
    """An alias is kept once made: losing it is losing access, but a leftover of a failed first deployment would block
    the next.
    """
    name = names.alias_name(tenant.id, estate.naming)
    alias = kms.CfnAlias(scope, "Alias", alias_name=name, target_key_id=key.ref)
    alias.override_logical_id(logical_id("Alias", tenant.id))
    alias.apply_removal_policy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
    return name
