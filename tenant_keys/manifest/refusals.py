"""Manifest against lock: what would lose, move or confuse a key, and what therefore no command does."""

from __future__ import annotations

from collections import Counter

from tenant_keys.aws_facts.regions import is_region
from tenant_keys.manifest.errors import LOCK_FILE, Problem
from tenant_keys.manifest.held_key_rules import identity
from tenant_keys.manifest.lock import Entry, Lock
from tenant_keys.manifest.model import Manifest, Naming, Tenant
from tenant_keys.manifest.rules import Problems, Report
from tenant_keys.manifest.shown import did_you_mean
from tenant_keys.manifest.tenant_rules import NO_KEY, check_origin


def refusals(manifest: Manifest, lock: Lock) -> list[Problem]:
    """What would lose, move or confuse a key: an edit of the manifest corrects it, no command."""
    findings = Problems()
    report, central = findings.report, manifest.central
    if central.account != lock.account:
        report(("central", "account"), f"got {central.account}, but the keys are in {lock.account}; restore it")
    if central.home_region != lock.home_region:
        message = _gone(f"the roles' stacks are in {lock.home_region}", lock.home_region, central.home_region)
        report(("central", "home_region"), f"got {central.home_region}, but {message}")
    if manifest.naming != lock.naming:
        _check_naming(manifest.naming, lock.naming, report)
    regions: Counter[str] = Counter()
    for name, entry in lock.entries.items():
        tenant = manifest.tenants.get(name)
        if entry.phase != "offboarded":
            regions[entry.primary_region] += 1
            if tenant is None:
                near = did_you_mean(name, [t for t in manifest.tenants if t not in lock.entries])
                findings.problems.append(Problem((name,), _DISAPPEARED.format(name, name) + near, 0, LOCK_FILE))
        if tenant is not None:
            _check_state(name, tenant, entry, findings)
            _check_creation(name, tenant, entry, findings)
    for region, held in sorted(regions.items()):
        if region not in central.regions:
            created = "1 key was created there" if held == 1 else f"{held:,} keys were created there"
            message = _gone(created, region, central.home_region)
            report(("central", "regions"), f"{region} is gone, but {message}")
    check_held(manifest, lock, report)
    _check_new(manifest, lock, findings)
    return findings.problems


def _check_naming(wanted: Naming, held: Naming, report: Report) -> None:
    """Other names would be other aliases, roles and stacks: the keys of these would be lost to the estate."""
    for field in Naming.__struct_fields__:
        got, was = getattr(wanted, field), getattr(held, field)
        if got != was:
            message = f"got {got}, but {LOCK_FILE} was created with {was}, and names never change; restore it"
            report(("naming", field), message)


def _gone(what: str, region: str, home: str) -> str:
    """Why a Region of the lock is missed; one that AWS does not have holds nothing."""
    if is_region(region):
        return f"{what}; restore it"
    command = f"tenant-keys lock --correct-region {region}={home}"
    return f"{LOCK_FILE} holds {region}, which is not an AWS Region; if {home} was meant, run {command}"


_DISAPPEARED = (
    "{} was removed from the manifest before it was offboarded; restore it with `state: offboarding`, "
    "deploy, then `state: offboarded`, deploy, then remove it; if it was never merged or deployed, run "
    "tenant-keys lock --take-back {}"
)


def _check_state(name: str, tenant: Tenant, entry: Entry, findings: Problems) -> None:
    path = ("tenants", name, "state")
    if entry.phase == "offboarded" and tenant.state != "offboarded":
        message = f"{name} was offboarded, and an id is never reused; choose another id"
        findings.report(path if tenant.state != "active" else path[:2], message)
    elif entry.phase is None and tenant.state == "offboarded":
        message = "got offboarded, but it was never offboarding; set offboarding, run tenant-keys lock and deploy"
        findings.report(path, message)


def check_held(manifest: Manifest, lock: Lock, report: Report) -> None:
    """No tenant registers a key that another one has in use, or had when it left."""
    holding = [(name, entry.held) for name, entry in lock.entries.items() if entry.held is not None]
    users = {identity(arn): name for name, held in holding for arn in held.active.values()}
    for name, tenant in manifest.tenants.items() if users else ():
        for region, arn in tenant.key.arns.items():
            other = users.get(identity(arn), name)
            if other != name:
                message = f"got {arn}, the active key of {other}; no two tenants share a key, name this tenant's own"
                report(("tenants", name, "key", "arns", region), message)


_OTHERS_KEY = {
    True: f"missing, but {LOCK_FILE} records that the tenant holds its own key, which never changes; restore it",
    False: f"got tenant, but {LOCK_FILE} records a key in the central account, which never changes; remove it, "
    "and move its data "
    "to a new tenant's key instead",
}


def _check_creation(name: str, tenant: Tenant, entry: Entry, findings: Problems) -> None:
    if tenant.opaque is not None and tenant.opaque != (entry.name is not None):
        named = f"the name {entry.name}" if entry.name else "names that hold its id"
        message = f"got {str(tenant.opaque).lower()}, but it was created with {named}, which never change; restore it"
        findings.report(("tenants", name, "opaque"), message)
    if tenant.key is not NO_KEY:
        key, path = tenant.key, ("tenants", name, "key")
        if (entry.origin == "held") != (key.source == "held"):
            findings.report((*path, "held_by"), _OTHERS_KEY[entry.origin == "held"])
            return
        fixed = (("origin", entry.origin), ("multi_region", entry.multi_region), ("region", entry.primary_region))
        for field, value in fixed:
            got = getattr(key, field)
            if got is not None and got != value:
                shown = str(value).lower()
                message = (
                    f"got {str(got).lower()}, but the key was created with {shown}, which never changes; restore it"
                )
                findings.report((*path, field), message)
        if key.source is None:
            check_origin(name, tenant, entry.origin, findings.report)
    elif entry.origin == "held":
        findings.report(("tenants", name, "key", "held_by"), _OTHERS_KEY[True])
    elif entry.origin == "imported":
        check_origin(name, tenant, entry.origin, findings.report)


def _check_new(manifest: Manifest, lock: Lock, findings: Problems) -> None:
    default = manifest.defaults.key.origin
    for name, tenant in manifest.tenants.items():
        if name in lock.entries:
            continue
        if tenant.state == "offboarded":
            message = f"got offboarded, but no key of {name} was ever recorded; remove the tenant"
            findings.report(("tenants", name, "state"), message)
        if tenant.key.source is None:
            check_origin(name, tenant, default, findings.report)
