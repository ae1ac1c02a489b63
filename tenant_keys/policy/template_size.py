"""How many bytes of a template each tenant takes, and what makes a template large.

A template has at most 1,000,000 bytes, and a key never changes its stack. So a cell is filled by what its tenants may
come to take: with one Region more, and with the old and the new deployment roles in every key policy at once, as the
change of deployment roles needs (docs/deploy.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from tenant_keys.aws_facts.quotas import TEMPLATE_BYTES
from tenant_keys.manifest import Central, Estate, Tenant, Workload
from tenant_keys.manifest.places import Sizes
from tenant_keys.policy.access_role import tenant_role_policy, tenant_role_trust
from tenant_keys.policy.acknowledged import INLINE_POLICY_METADATA, key_metadata
from tenant_keys.policy.import_role import import_role_policy, import_role_trust
from tenant_keys.policy.key_policy import key_policy
from tenant_keys.policy.limits import compact
from tenant_keys.policy.statement import Document

ADDED_BY_CDK: Final = 4_096
"""Bytes kept for what a template holds beside resources: parameter and rule of the bootstrap, metadata."""
FURTHER_REGION: Final = "ap-southeast-99"
"""Represents a Region that may be added: as long as the longest name."""
_KEY_FRAME: Final = 590
"""Bytes of a key and its alias beside policy, tags and what the id adds; a test compares them with real templates."""
_ROLE_FRAME: Final = 312
"""Bytes of a role beside policies, tags and what the names add."""
_TAG_FRAME: Final = 21
"""`{"Key":"","Value":""},`"""


def reserved_sizes(estate: Estate) -> Sizes:
    """What each tenant may come to take of a template, in bytes, and the room of a template."""
    later = replace(estate, central=with_room(estate.central))
    keys: dict[str, int] = {}
    roles: dict[tuple[str, str], int] = {}
    known: dict[object, int] = {}
    for tenant in estate.tenants.values():
        alike = _alike(tenant)
        if alike not in known:
            known[alike] = key_bytes(tenant, later) + import_role_bytes(tenant, later)
        keys[tenant.manifest_id] = known[alike]
        for workload in tenant.workloads:
            if workload.access == "tenant-role":
                alike_role = (*alike, workload.name)
                if alike_role not in known:
                    known[alike_role] = role_bytes(tenant, workload, later)
                roles[tenant.manifest_id, workload.name] = known[alike_role]
    return Sizes(TEMPLATE_BYTES - ADDED_BY_CDK, keys, roles)


def with_room(central: Central) -> Central:
    """The key account with one Region more, and with a second set of deployment roles, one for each Region."""
    regions = (*central.regions, FURTHER_REGION)
    prefix = f"arn:{central.partition}:iam::{central.account}:role/cdk-{'x' * 10}-cfn-exec-role-{central.account}"
    return replace(
        central,
        regions=regions,
        deployers=(*central.deployers, f"{prefix}-further", *(f"{prefix}-{region}" for region in regions)),
    )


def key_bytes(tenant: Tenant, estate: Estate) -> int:
    """Bytes, at most, of the tenant's key and alias, or of its replica and alias, in a template."""
    if tenant.held is not None:
        return 0
    metadata = key_metadata(tenant)
    documents = key_policy(tenant, estate), {"Metadata": metadata} if metadata else {}
    return _KEY_FRAME + 5 * len(tenant.id) + sum(len(compact(each)) for each in documents) + _tag_bytes(tenant, estate)


def role_bytes(tenant: Tenant, workload: Workload, estate: Estate) -> int:
    """Bytes, at most, of the tenant's access role for a workload."""
    documents = (
        tenant_role_policy(tenant, workload, estate),
        tenant_role_trust(workload, estate),
        INLINE_POLICY_METADATA,
    )
    named = 4 * len(tenant.id) + 5 * len(workload.name) + len(estate.naming.role_prefix)
    if boundary := estate.central.permissions_boundary:
        named += len('"PermissionsBoundary":"",') + len(boundary)
    return _ROLE_FRAME + named + sum(len(compact(each)) for each in documents) + _tag_bytes(tenant, estate)


def import_role_bytes(tenant: Tenant, estate: Estate) -> int:
    """Bytes, at most, of the import role that is beside the tenant's key; 0 where none is made."""
    if tenant.custodian is None:
        return 0
    documents = (
        import_role_policy(tenant, estate),
        import_role_trust(tenant.custodian, estate),
        INLINE_POLICY_METADATA,
    )
    named = 4 * len(tenant.id) + len(estate.naming.role_path) + len(estate.naming.role_prefix)
    if boundary := estate.central.permissions_boundary:
        named += len('"PermissionsBoundary":"",') + len(boundary)
    return _ROLE_FRAME + named + sum(len(compact(each)) for each in documents) + _tag_bytes(tenant, estate)


def _tag_bytes(tenant: Tenant, estate: Estate) -> int:
    own = {"tenant-keys:tenant": tenant.id, "tenant-keys:cell": "x" * 24, "tenant-keys:project": "tenant-keys"}
    tags = {**estate.tags, **tenant.tags, **own}
    return sum(_TAG_FRAME + len(key) + len(value) for key, value in tags.items())


def _alike(tenant: Tenant) -> tuple[object, ...]:
    """Tenants alike in this take the same number of bytes."""
    return (
        len(tenant.id),
        tuple(workload.name for workload in tenant.workloads),
        tenant.state,
        tenant.origin,
        tenant.rotation_days is None,
        tenant.multi_region,
        tenant.primary_region,
        tenant.decrypt_by,
        len(str(tenant.unused_days_before_deletion or "")),
        len(tenant.import_role or ""),
        tenant.held and sum(map(len, tenant.held.arns)),
        tenant.custodian and (len(tenant.custodian.role), len(tenant.custodian.external_id)),
        tenant.material_expires,
        sum(len(key) + len(value) for key, value in tenant.tags.items()),
        len(tenant.tags),
    )


_BY_STATEMENT: Final = {
    "deployment roles": "Deploy",
    "workloads of a tenant": "DenyUseByAnyoneElse",
    "other roles of central": "Read",
}
"""What a role is called in a message, by the statement that names it."""


def what_is_large(resources: Iterable[Mapping[str, Any]]) -> str:
    """Where a template's bytes go, largest first: `deployment roles (14) 512,000 bytes, tags ...`.

    The roles are those of the statements `Deploy`, `DenyUseByAnyoneElse` and `Read` of key policies.
    """
    size: Counter[str] = Counter()
    most: Counter[str] = Counter()
    for resource in resources:
        properties = resource.get("Properties", {})
        if tags := properties.get("Tags"):
            size["tags"] += len(compact(tags))
            most["tags"] = max(most["tags"], len(tags))
        if policy := properties.get("KeyPolicy"):
            text = compact(policy)
            seen: set[str] = set()
            for name, sid in _BY_STATEMENT.items():
                roles = [role for role in _named_by(policy, sid) if role not in seen]
                seen.update(roles)
                size[name] += sum(text.count(f'"{arn}"') * (len(arn) + len('"",')) for arn in roles)
                most[name] = max(most[name], len(roles))
    return ", ".join(f"{name} ({most[name]}) {taken:,} bytes" for name, taken in size.most_common())


def _named_by(policy: Document, sid: str) -> list[str]:
    """The roles of a statement's one condition on `aws:PrincipalArn`."""
    for statement in policy["Statement"]:
        if statement["Sid"] == sid:
            for operator in statement.get("Condition", {}).values():
                found = operator.get("aws:PrincipalArn", [])
                return [found] if isinstance(found, str) else list(found)
    return []
