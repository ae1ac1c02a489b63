"""Rules of tenants that need two fields or more."""

from __future__ import annotations

from tenant_keys.manifest.held_key_rules import check_held_keys
from tenant_keys.manifest.model import Custodian, KeySource, Manifest, Tenant
from tenant_keys.manifest.rules import Report, execution_roles, linked, own_role, repeated, role_name, unknown
from tenant_keys.manifest.tag_rules import check_merged, check_tags

NO_KEY = Tenant().key
"""The key of a tenant that says nothing about it."""


def check_tenants(manifest: Manifest, report: Report) -> None:
    """All tenants, and the defaults they inherit."""
    workloads = manifest.workloads
    _check_names(manifest.defaults.workloads, ("defaults", "workloads"), manifest, report)
    inherited = (manifest.tags, manifest.defaults.tags)
    check_tags(manifest.defaults.tags, ("defaults", "tags"), report)
    check_merged(inherited, ("defaults", "tags"), report)
    check_held_keys(manifest, report)
    if not manifest.tenants:
        report(("tenants",), "got 0 tenants; name at least one")
    powerful = _powerful(manifest)
    importers: dict[str, str] = {}
    external_ids: dict[str, str] = {}
    good: set[tuple[str, ...]] = set()  # lists of workloads already found to be in order
    for name, tenant in manifest.tenants.items():
        names = tenant.workloads
        if names is not None and names not in good:
            if len(set(names)) == len(names) and all(map(workloads.__contains__, names)):
                good.add(names)
            else:
                _check_names(names, ("tenants", name, "workloads"), manifest, report)
        if tenant.tags:
            check_tags(tenant.tags, ("tenants", name, "tags"), report)
            check_merged((*inherited, tenant.tags), ("tenants", name, "tags"), report)
        if tenant.key is not NO_KEY:
            _check_key(name, tenant, manifest, powerful, report)
            if tenant.key.import_role is not None:
                _check_importer(name, tenant.key.import_role, importers, report)
            if tenant.key.custodian is not None:
                _check_custodian(name, tenant.key.custodian, manifest, external_ids, report)


def _check_importer(name: str, role: str, importers: dict[str, str], report: Report) -> None:
    """One session has power over one tenant's key material alone; IAM compares names without path and case."""
    other = importers.setdefault(role_name(role), name)
    if other != name:
        message = f"got {role}, the import role of {other} (names ignore path and case)"
        report(
            ("tenants", name, "key", "import_role"), f"{message}; one session would hold the keys of both, name another"
        )


def _check_custodian(
    name: str, custodian: Custodian, manifest: Manifest, external_ids: dict[str, str], report: Report
) -> None:
    """One customer's principal, outside our accounts, and an external id of its own (IAM guide, confused-deputy)."""
    path = ("tenants", name, "key", "custodian")
    ours = {workload.account: f"the account of workload {each}" for each, workload in manifest.workloads.items()}
    ours[manifest.central.account] = "the central account"
    if custodian.account in ours:
        message = f"got {custodian.account}, {ours[custodian.account]}; the custodian is the customer's"
        report((*path, "account"), f"{message}, name the customer's account, or an import_role instead")
    if kind := linked(custodian.role):
        report((*path, "role"), f"got {custodian.role}, {kind}; name a role that the customer's people assume")
    other = external_ids.setdefault(custodian.external_id, name)
    if other != name:
        message = f"got {custodian.external_id}, the external id of {other}"
        report((*path, "external_id"), f"{message}; choose another: it distinguishes customers")


def _check_names(names: tuple[str, ...], path: tuple[str, ...], manifest: Manifest, report: Report) -> None:
    repeated(names, path, report)
    for index, name in enumerate(names):
        if name not in manifest.workloads:
            report((*path, index), unknown(name, manifest.workloads, "workload"))


def _powerful(manifest: Manifest) -> dict[str, str]:
    """Role name to the list it is in: none of these may also import a tenant's key material."""
    central = manifest.central
    lists = {
        "central.readers": central.readers,
        "central.administrators": central.administrators,
        "central.deployment_roles": execution_roles(central),
        "central.break_glass": (central.break_glass,),
    }
    return {role_name(role): where for where, roles in lists.items() for role in roles}


def _check_key(name: str, tenant: Tenant, manifest: Manifest, powerful: dict[str, str], report: Report) -> None:
    key, path = tenant.key, ("tenants", name, "key")
    if key.region is not None and key.region not in manifest.central.regions:
        report((*path, "region"), unknown(key.region, manifest.central.regions, "Region of central.regions"))
    if key.import_role is not None:
        own_role(key.import_role, (*path, "import_role"), manifest.naming, report)
        where = powerful.get(role_name(key.import_role))
        if where:
            message = f"got {key.import_role}, which is in {where}; an import role may have no other permission on keys"
            report((*path, "import_role"), f"{message}, name another role")
        elif kind := linked(key.import_role):
            report((*path, "import_role"), f"got {key.import_role}, {kind}; name a role that the tenant assumes")
        elif role_name(key.import_role).startswith(f"cdk-{manifest.central.bootstrap_qualifier}-"):
            message = f"got {key.import_role}, a role of cdk bootstrap, which deploys every tenant's key"
            report((*path, "import_role"), f"{message}; name another role")
    if key.held_by is None:
        for field, held in (("arns", key.arns), ("grace_minutes", key.grace_minutes)):
            if held:
                report((*path, field), "only with held_by: tenant; remove it")
    if key.origin is not None and key.held_by is None:
        check_origin(name, tenant, key.origin, report)


def check_origin(name: str, tenant: Tenant, origin: KeySource, report: Report) -> None:
    """What goes with a key of this origin. The origin of a key that exists is in the lock."""
    key, path = tenant.key, ("tenants", name, "key")
    if origin == "imported":
        if key.import_role is None and key.custodian is None:
            report((*path, "import_role"), "missing; an imported key needs the role that imports its material")
        elif key.import_role is not None and key.custodian is not None:
            message = f"got {key.import_role} beside custodian, for whom the app creates the role"
            report((*path, "import_role"), f"{message}; remove one of them")
        if tenant.rotation_days is not None:
            message = "AWS rotates no imported key automatically; remove it"
            report(("tenants", name, "rotation_days"), f"got {tenant.rotation_days}; {message}")
        return
    custodian = None if key.custodian is None else key.custodian.role
    for field, value in (("import_role", key.import_role), ("custodian", custodian), ("expires", key.expires)):
        if value is not None:
            report((*path, field), f"got {value}; only with origin: imported, and this key's is {origin}; remove it")
