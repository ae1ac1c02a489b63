"""What `tenants.yaml` declares about keys and sessions, as formulas. Written from the design, for this engine alone."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from tenant_keys.manifest import Estate, Tenant, Workload
from tenant_keys.review.second_opinion.principals import ROLE, SERVICE, Principal, is_one_of
from tenant_keys.review.second_opinion.statements import Request
from tenant_keys.review.second_opinion.terms import Formula, Text, all_of, any_of, at_most, equal

TENANT: Final = "tenant_id"
OPERATIONS: Final = {
    "encrypt": ("Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext"),
    "decrypt": ("Decrypt",),
    "re-encrypt": ("ReEncryptFrom", "ReEncryptTo"),
}
_DEPLOY: Final = (
    "PutKeyPolicy",
    "TagResource",
    "UntagResource",
    "UpdateKeyDescription",
    "EnableKeyRotation",
    "DisableKeyRotation",
    "EnableKey",
    "ReplicateKey",
    "CreateAlias",
    "DeleteAlias",
)
_READ: Final = (
    "DescribeKey",
    "GetKeyPolicy",
    "ListKeyPolicies",
    "GetKeyRotationStatus",
    "ListKeyRotations",
    "ListResourceTags",
    "ListGrants",
    "GetKeyLastUsage",
)
_AUDIT: Final = {
    "access-analyzer": ("DescribeKey", "GetKeyPolicy", "ListKeyPolicies", "ListGrants"),
    "config": ("DescribeKey", "GetKeyPolicy", "GetKeyRotationStatus", "ListResourceTags"),
}
"""What AWS's own auditors read of a key."""
_CUSTODIAN_READS: Final = ("DescribeKey", "ListKeyRotations")
"""What a customer's own principal sees of its key, through the import role that the app makes for it."""
_MATERIAL: Final = ("GetParametersForImport", "ImportKeyMaterial", "DeleteImportedKeyMaterial")


def alias_of(tenant: Tenant, estate: Estate) -> str:
    """The alias of the tenant's key: the manifest's pattern with the id in its place."""
    return tenant.id.join(estate.naming.alias.split("{id}"))


def access_role(tenant: Tenant, workload: Workload, estate: Estate) -> str:
    """The role through which the workload uses the tenant's key."""
    return shared_role(workload, estate) if is_shared(workload) else _in_folder(f"tenant-{tenant.id}", workload, estate)


def shared_role(workload: Workload, estate: Estate) -> str:
    """The one role through which the workload uses all its tenants' keys."""
    return _in_folder("shared", workload, estate)


def _in_folder(own: str, workload: Workload, estate: Estate) -> str:
    names, central = estate.naming, estate.central
    folder = f"{names.role_path}{workload.name}/"
    return f"arn:{central.partition}:iam::{central.account}:role{folder}{names.role_prefix}{own}.{workload.name}"


def import_role(tenant: Tenant, estate: Estate) -> str:
    """The role that the app makes for the custodian of a tenant's key material."""
    names, central = estate.naming, estate.central
    path = f"{names.role_path}{names.role_prefix}"
    return f"arn:{central.partition}:iam::{central.account}:role{path}import.{tenant.id}"


def is_shared(workload: Workload) -> bool:
    """Whether one role serves all tenants of the workload."""
    return workload.access in ("session-tag", "web-identity")


def workload_role(workload: Workload, estate: Estate) -> str:
    """The role that the workload runs as."""
    if workload.existing_role:
        return workload.existing_role
    name = f"{estate.naming.role_prefix}tenant-keys-{workload.name}"
    return f"arn:{estate.central.partition}:iam::{workload.account}:role/{name}"


def administrators(tenant: Tenant, estate: Estate) -> dict[str, set[str]]:
    """Roles by action in lower case: the table of administration; empty for a key that is not ours."""
    if tenant.held is not None:
        return {}
    central = estate.central
    deployers, managers = set(central.deployers), {*central.administrators, central.break_glass}
    importers = {tenant.import_role} if tenant.import_role else set()
    table = dict.fromkeys(_DEPLOY, deployers)
    readers = deployers | managers | set(central.readers)
    table |= dict.fromkeys(_READ, readers if tenant.custodian else readers | importers)
    if tenant.custodian:
        table |= dict.fromkeys(_CUSTODIAN_READS, readers | importers)
    for auditor, role in central.auditors.items():
        table |= {action: table[action] | {role} for action in _AUDIT[auditor]}
    table |= dict.fromkeys(_MATERIAL, importers)
    table |= {
        "DisableKey": deployers | managers,
        "ScheduleKeyDeletion": {central.break_glass},
        "CancelKeyDeletion": managers,
        "RotateKeyOnDemand": importers or set(central.administrators),
    }
    return {f"kms:{action}".lower(): roles for action, roles in table.items()}


def declared(request: Request, action: Text, tenant: Tenant, estate: Estate) -> Formula:
    """Whether the manifest declares the request on the tenant's key; nothing is declared of an action yet to come."""
    if request.principal.kind != ROLE or not isinstance(action, str):
        return False
    roles = administrators(tenant, estate).get(action, set())
    administers = is_one_of(request.principal, sorted(roles))
    found = [all_of([administers, _import_fits(request, action, tenant), _is_unused(request, action, tenant)])]
    if tenant.state != "offboarding":
        found += [_uses(request, action, tenant, workload, estate) for workload in tenant.workloads]
    return any_of(found)


_KEEP: Final = (
    "DisableKeyRotation",
    "EnableKey",
    "EnableKeyRotation",
    "PutKeyPolicy",
    "TagResource",
    "UntagResource",
    "UpdateKeyDescription",
)
"""What CloudFormation calls to keep the key of an audit topic as it is declared."""
_END: Final = ("CancelKeyDeletion", "ScheduleKeyDeletion")
_PUBLISH: Final = frozenset({"kms:decrypt", "kms:generatedatakey"})
PUBLISHERS: Final = ("cloudwatch.amazonaws.com", "events.amazonaws.com")


def administrators_of_topic_key(estate: Estate) -> dict[str, set[str]]:
    """Roles by action in lower case, of the key that encrypts an audit topic."""
    table: dict[str, set[str]] = {}
    central = estate.central
    readers = {*central.deployers, *central.administrators, central.break_glass, *central.readers}
    readers |= set(central.auditors.values())
    for names, roles in ((_READ, readers), (_KEEP, set(central.deployers)), (_END, {central.break_glass})):
        for name in names:
            table.setdefault(f"kms:{name}".lower(), set()).update(roles)
    return table


def declared_of_topic_key(request: Request, action: Text, estate: Estate) -> Formula:
    """Whether the request on the key of an audit topic is declared: services publish, and no role uses it."""
    if estate.audit is None or not isinstance(action, str):
        return False
    if request.principal.kind == SERVICE and action in _PUBLISH:
        return any_of(equal(request.principal.arn, name) for name in PUBLISHERS)
    if request.principal.kind != ROLE:
        return False
    return is_one_of(request.principal, sorted(administrators_of_topic_key(estate).get(action, set())))


def _uses(request: Request, action: str, tenant: Tenant, workload: Workload, estate: Estate) -> Formula:
    through = is_one_of(request.principal, [access_role(tenant, workload, estate)])
    if through is False:
        return False
    of_tenant = _is(request, f"aws:principaltag/{TENANT}", tenant.id) if is_shared(workload) else True
    by_alias = True if tenant.held is not None else _is(request, "kms:requestalias", alias_of(tenant, estate))
    if tenant.held is not None and tenant.state != "active":
        return False
    if action == "kms:describekey":
        return all_of([through, of_tenant, by_alias])
    operations = {f"kms:{one}".lower() for name in workload.operations for one in OPERATIONS[name]}
    if tenant.state != "active" or action not in operations:
        return False
    freely = tenant.decrypt_by == "key" and action == "kms:decrypt"
    in_context = _is(request, f"kms:encryptioncontext:{TENANT}", tenant.id)
    return all_of([through, of_tenant, in_context, any_of([by_alias, freely])])


def _import_fits(request: Request, action: str, tenant: Tenant) -> Formula:
    if action == "kms:importkeymaterial":
        expires = "KEY_MATERIAL_EXPIRES" if tenant.material_expires else "KEY_MATERIAL_DOES_NOT_EXPIRE"
        return _is(request, "kms:expirationmodel", expires)
    if action == "kms:getparametersforimport":
        wrapping = _is(request, "kms:wrappingalgorithm", "RSAES_OAEP_SHA_256")
        return all_of([wrapping, _is(request, "kms:wrappingkeyspec", "RSA_4096")])
    return True


def _is_unused(request: Request, action: str, tenant: Tenant) -> Formula:
    """Whether the key has not been used for so many days that its deletion may be scheduled."""
    days = tenant.unused_days_before_deletion
    if action != "kms:schedulekeydeletion" or days is None:
        return True
    value = request.value("kms:trailingdayswithoutkeyusage")
    if value.present is False:
        return False
    is_number, held = value.measured("number")
    return all_of([value.present, is_number, at_most(Fraction(days), held)])


def _is(request: Request, key: str, wanted: str) -> Formula:
    value = request.value(key)
    return all_of([value.present, equal(value.held(), wanted)]) if value.present is not False else False


def is_workloads(principal: Principal, workload: Workload, estate: Estate) -> Formula:
    """Whether it is a session of the role that the workload runs as."""
    return is_one_of(principal, [workload_role(workload, estate)]) if principal.kind == ROLE else False
