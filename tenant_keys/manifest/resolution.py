"""Resolves manifest and lock into the estate, from which the stacks are made."""

from __future__ import annotations

from tenant_keys.aws_facts.auditors import SERVICE_LINKED_ROLES
from tenant_keys.aws_facts.identity_center import role_of
from tenant_keys.aws_facts.regions import partition_of
from tenant_keys.manifest.compare import AddRole, Append, Change, DropRole, HoldRotation, changes, overfull
from tenant_keys.manifest.errors import LOCK_FILE, LockError, Problem
from tenant_keys.manifest.estate import Audit, Central, Custodian, Estate, HeldKey, Tenant, Workload
from tenant_keys.manifest.lock import Entry, Lock, Registration
from tenant_keys.manifest.model import Key, Manifest
from tenant_keys.manifest.model import Tenant as Written
from tenant_keys.manifest.naming_rules import import_role_name
from tenant_keys.manifest.refusals import refusals
from tenant_keys.manifest.rules import PERMISSION_SET, execution_roles

_FIX = "run tenant-keys lock"


def resolve(manifest: Manifest, lock: Lock) -> Estate:
    """The estate; raises `LockError` with every way in which the two do not match."""
    problems = refusals(manifest, lock) + overfull(lock)
    refused = {problem.path[:2] for problem in problems}
    for change in changes(manifest, lock):
        path = ("tenants", change.tenant)
        if path not in refused:
            problems.append(Problem(path, f"{_mismatch(change)}; {_FIX}"))
    if problems:
        raise LockError(problems)
    workloads = _workloads(manifest)
    return Estate(
        organization=manifest.organization,
        central=_central(manifest),
        audit=_audit(manifest),
        naming=manifest.naming,
        workloads=workloads,
        tenants=_tenants(manifest, lock, workloads),
        tags=dict(sorted(manifest.tags.items())),
        guardrails=manifest.guardrails,
        offboarded=tuple(sorted(one.id_in_aws for one in lock.entries.values() if one.phase == "offboarded")),
        offboarded_opaque={
            name: entry.name
            for name, entry in sorted(lock.entries.items())
            if entry.phase == "offboarded" and entry.name is not None
        },
    )


def _mismatch(change: Change) -> str:
    if isinstance(change, Append):
        return f"not in {LOCK_FILE} yet"
    if isinstance(change, AddRole):
        return f"its role for {change.workload} has no cell in {LOCK_FILE} yet"
    if isinstance(change, DropRole):
        return f"{LOCK_FILE} still has a cell for its role for {change.workload}"
    if isinstance(change, HoldRotation):
        return (
            f"{LOCK_FILE} {'still records' if change.days is None else 'does not record yet'} how its "
            "disabled key rotates"
        )
    return f"{LOCK_FILE} does not record it as {change.phase}" if change.phase else f"{LOCK_FILE} records it as leaving"


def person_arn(manifest: Manifest, reference: str) -> str:
    """The ARN of a role of the key account, or the pattern of a permission set's."""
    central = manifest.central
    if reference.startswith(PERMISSION_SET) and central.identity_center_region:
        reference = role_of(reference.removeprefix(PERMISSION_SET), central.identity_center_region)
    return _arn(manifest, central.account, reference)


def _arn(manifest: Manifest, account: str, reference: str) -> str:
    return f"arn:{partition_of(manifest.central.home_region)}:iam::{account}:{reference}"


def _boundary(manifest: Manifest, account: str, reference: str | None) -> str | None:
    return None if reference is None else _arn(manifest, account, reference)


def _central(manifest: Manifest) -> Central:
    written = manifest.central
    account = written.account
    return Central(
        account=account,
        home_region=written.home_region,
        regions=written.regions,
        administrators=tuple(person_arn(manifest, role) for role in written.administrators),
        readers=tuple(person_arn(manifest, role) for role in written.readers),
        auditors={name: _arn(manifest, account, SERVICE_LINKED_ROLES[name]) for name in sorted(written.auditors)},
        break_glass=person_arn(manifest, written.break_glass),
        deployers=tuple(_arn(manifest, account, role) for role in execution_roles(written)),
        permissions_boundary=_boundary(manifest, account, written.permissions_boundary),
        bootstrap_qualifier=written.bootstrap_qualifier,
        quotas=written.quotas,
        deletion_hook=written.deletion_hook,
    )


def _audit(manifest: Manifest) -> Audit | None:
    written, account = manifest.audit, manifest.central.account
    if written == "off":
        return None
    path = written.import_path or (manifest.guardrails.import_path if manifest.guardrails else None)
    probes = tuple(_arn(manifest, account, role) for role in written.probe_roles)
    return Audit(probes, written.trail == "own", path, tuple(sorted(written.forward_from)))


def _workloads(manifest: Manifest) -> dict[str, Workload]:
    return {
        name: Workload(
            name=name,
            account=written.account,
            runs_on=written.runs_on,
            access=written.access,
            operations=tuple(sorted(written.operations)),
            regions=written.regions or manifest.central.regions,
            existing_role=None if written.role is None else _arn(manifest, written.account, written.role),
            pod_identity=written.pod_identity,
            irsa=written.irsa,
            roles_anywhere=written.roles_anywhere,
            identity_provider=manifest.identity_providers.get(written.identity_provider or ""),
            audience=written.audience,
            permissions_boundary=_boundary(manifest, written.account, written.permissions_boundary),
        )
        for name, written in sorted(manifest.workloads.items())
    }


def _tenants(manifest: Manifest, lock: Lock, workloads: dict[str, Workload]) -> dict[str, Tenant]:
    shared: dict[tuple[str, ...], tuple[Workload, ...]] = {}
    tenants: dict[str, Tenant] = {}
    for name in sorted(manifest.tenants):
        written, entry = manifest.tenants[name], lock.entries[name]
        if written.state == "offboarded":
            continue
        names = manifest.defaults.workloads if written.workloads is None else written.workloads
        used = shared.get(names)
        if used is None:
            used = shared[names] = tuple(workloads[name] for name in sorted(names))
        tenants[entry.id_in_aws] = _tenant(name, written, entry, used, manifest)
    return dict(sorted(tenants.items()))


def _import_role(tenant: str, key: Key, manifest: Manifest) -> str | None:
    """The role that imports: named, or made for the custodian beside the folders of access roles.

    No workload's own policy reaches it, which names a folder, and no access role has its name: their names begin with
    `tenant-` or `shared`.
    """
    reference = key.import_role
    if key.custodian is not None:
        reference = f"role{manifest.naming.role_path}{import_role_name(tenant, manifest.naming)}"
    return None if reference is None else _arn(manifest, manifest.central.account, reference)


def _custodian(key: Key, manifest: Manifest) -> Custodian | None:
    written = key.custodian
    return None if written is None else Custodian(_arn(manifest, written.account, written.role), written.external_id)


def _held(key: Key, entry: Entry) -> HeldKey | None:
    if entry.origin != "held":
        return None
    recorded = entry.held or Registration()
    return HeldKey(key.arns, recorded.verified, recorded.active, recorded.nonce, key.grace_minutes or 0)


def _tenant(name: str, written: Written, entry: Entry, workloads: tuple[Workload, ...], manifest: Manifest) -> Tenant:
    defaults = manifest.defaults
    rotation = entry.rotation_days or written.rotation_days or defaults.rotation_days
    window, decrypt_by = written.deletion_window_days, written.decrypt_by
    unused = written.unused_days_before_deletion or defaults.unused_days_before_deletion
    imported, key = entry.origin == "imported", written.key
    return Tenant(
        id=entry.id_in_aws,
        manifest_id=name,
        state=written.state,
        workloads=workloads,
        origin=entry.origin,
        multi_region=entry.multi_region,
        primary_region=entry.primary_region,
        multi_region_key_id=entry.key_id,
        rotation_days=None if entry.origin != "aws-kms" or rotation == "off" else rotation,
        deletion_window_days=defaults.deletion_window_days if window is None else window,
        unused_days_before_deletion=None if unused == "off" else unused,
        decrypt_by=decrypt_by or defaults.decrypt_by,
        import_role=_import_role(entry.id_in_aws, key, manifest),
        custodian=_custodian(key, manifest),
        held=_held(key, entry),
        material_expires=imported and key.expires == "dated",
        tags={**defaults.tags, **written.tags} if written.tags else defaults.tags,
        cell=entry.cell,
        role_cells=entry.roles,
    )
