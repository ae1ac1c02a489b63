"""The access roles of the key account: one per tenant and workload, or one per workload."""

from __future__ import annotations

from typing import Any

from tenant_constructs.logical_id import logical_id
from tenant_constructs.resource_batch import ResourceBatch
from tenant_constructs.tags import estate_tags, tenant_tags
from tenant_keys.aws_facts.quotas import INLINE_POLICY_CHARACTERS
from tenant_keys.manifest import Custodian, Estate, Tenant, Workload
from tenant_keys.manifest.naming_rules import import_role_name
from tenant_keys.policy import names
from tenant_keys.policy.access_role import (
    shared_role_policy,
    shared_role_trust,
    tenant_role_policy,
    tenant_role_trust,
    web_identity_trust,
)
from tenant_keys.policy.acknowledged import INLINE_POLICY_METADATA
from tenant_keys.policy.import_role import import_role_policy, import_role_trust
from tenant_keys.policy.limits import check_size
from tenant_keys.policy.statement import Document


class TenantAccessRole:
    """The role through which one workload uses one tenant's key."""

    def __init__(self, batch: ResourceBatch, *, tenant: Tenant, workload: Workload, estate: Estate, cell: str) -> None:
        name = names.tenant_role_name(tenant.id, workload, estate)
        path, trust = names.access_role_path(workload, estate), tenant_role_trust(workload, estate)
        role = _role(name, path, trust, tenant_role_policy(tenant, workload, estate))
        role["Description"] = f"Key of tenant {tenant.id}, for workload {workload.name}"
        role |= bounded(estate.central.permissions_boundary)
        role["Tags"] = tenant_tags(tenant, estate, cell)
        batch.add(
            logical_id("Role", tenant.id, workload.name),
            {"Type": "AWS::IAM::Role", "Metadata": INLINE_POLICY_METADATA, "Properties": _checked(role, estate)},
        )


class SharedAccessRole:
    """The role through which one workload uses the key of whichever tenant its session carries."""

    def __init__(self, batch: ResourceBatch, *, workload: Workload, estate: Estate, provider: object = None) -> None:
        """`provider` is the ARN of the OIDC provider, or an intrinsic that yields it, for web identity."""
        if workload.access == "web-identity":
            trust = web_identity_trust(workload, provider)
        else:
            trust = shared_role_trust(workload, estate)
        name, path = names.shared_role_name(workload, estate), names.access_role_path(workload, estate)
        role = _role(name, path, trust, shared_role_policy(workload, estate))
        role["Description"] = f"Keys of the tenants of workload {workload.name}"
        role |= bounded(estate.central.permissions_boundary)
        role["Tags"] = estate_tags(estate)
        batch.add(
            logical_id("SharedRole", workload.name),
            {"Type": "AWS::IAM::Role", "Metadata": INLINE_POLICY_METADATA, "Properties": _checked(role, estate)},
        )


class CustodianImportRole:
    """The role through which a customer's own principal brings, rotates and withdraws its key material.

    It stands beside the key: a tenant that is leaving keeps it as long as its key is in the stack.
    """

    def __init__(
        self, batch: ResourceBatch, *, tenant: Tenant, custodian: Custodian, estate: Estate, cell: str
    ) -> None:
        name = import_role_name(tenant.id, estate.naming)
        trust = import_role_trust(custodian, estate)
        role = _role(name, estate.naming.role_path, trust, import_role_policy(tenant, estate), "BringOwnKey")
        role["Description"] = f"Key material of tenant {tenant.id}, for its custodian"
        role |= bounded(estate.central.permissions_boundary)
        role["Tags"] = tenant_tags(tenant, estate, cell)
        batch.add(
            logical_id("ImportRole", tenant.id),
            {"Type": "AWS::IAM::Role", "Metadata": INLINE_POLICY_METADATA, "Properties": _checked(role, estate)},
        )


def bounded(boundary: str | None) -> dict[str, str]:
    """The property of a role that the organisation bounds; nothing where it does not."""
    return {} if boundary is None else {"PermissionsBoundary": boundary}


def _role(name: str, path: str, trust: Document, policy: Document, policy_name: str = "UseTenantKey") -> dict[str, Any]:
    return {
        "RoleName": name,
        "Path": path,
        "MaxSessionDuration": 3600,  # role chaining allows no more (STS API, AssumeRole)
        "AssumeRolePolicyDocument": trust,
        "Policies": [{"PolicyName": policy_name, "PolicyDocument": policy}],
    }


def _checked(role: dict[str, Any], estate: Estate) -> dict[str, Any]:
    whose = f"role {role['RoleName']}"
    trust_limit = estate.central.quotas.trust_policy_characters
    raised = "shorten the names in it, or have AWS raise the quota and say so in central.quotas.trust_policy_characters"
    check_size(role["AssumeRolePolicyDocument"], trust_limit, f"trust policy of {whose}", raised)
    policy = role["Policies"][0]["PolicyDocument"]
    check_size(policy, INLINE_POLICY_CHARACTERS, f"policy of {whose}", "name fewer Regions in central.regions")
    return role
