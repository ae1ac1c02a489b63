"""Names of roles are unique in an account: of two references that differ in path or case alone, one names no role.

IAM API reference, CreateRole, RoleName: names "must be unique within the account" and "are not distinguished by case";
the path is no part of the name (IAM guide, reference_identifiers).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tenant_keys.manifest.errors import Path, dotted
from tenant_keys.manifest.model import Manifest
from tenant_keys.manifest.rules import PERMISSION_SET, Report, execution_roles


def check_role_names(manifest: Manifest, reported: Collection[Path], report: Report) -> None:
    """Policies compare whole ARNs, so the reference to the role that does not exist never matches.

    Args:
        manifest: what names the roles.
        reported: paths of which another rule has already reported a problem.
        report: receives each problem.
    """
    holders: dict[tuple[str, str], tuple[Path, str]] = {}
    for account, path, role in _references(manifest):
        if role.startswith(PERMISSION_SET):
            continue
        where, other = holders.setdefault((account, role.rpartition("/")[2].casefold()), (path, role))
        if other != role and path not in reported:
            message = f"got {role}, beside {other} of {dotted(where)}; an account has one role of a name, whatever its"
            report(path, f"{message} path and case: write both as the role of account {account} is called")


def _references(manifest: Manifest) -> Iterator[tuple[str, Path, str]]:
    """Each role that the manifest names and the app does not create: account, path in the manifest and reference."""
    central = manifest.central
    for index, role in enumerate(execution_roles(central)):
        own: Path = () if central.deployment_roles == "default" else (index,)
        yield central.account, ("central", "deployment_roles", *own), role
    for field, roles in (("administrators", central.administrators), ("readers", central.readers)):
        for index, role in enumerate(roles):
            yield central.account, ("central", field, index), role
    yield central.account, ("central", "break_glass"), central.break_glass
    for index, role in enumerate(() if manifest.audit == "off" else manifest.audit.probe_roles):
        yield central.account, ("audit", "probe_roles", index), role
    for name, workload in manifest.workloads.items():
        if workload.role is not None:
            yield workload.account, ("workloads", name, "role"), workload.role
    for name, tenant in manifest.tenants.items():
        path: Path = ("tenants", name, "key")
        if tenant.key.import_role is not None:
            yield central.account, (*path, "import_role"), tenant.key.import_role
        if tenant.key.custodian is not None:
            yield tenant.key.custodian.account, (*path, "custodian", "role"), tenant.key.custodian.role
