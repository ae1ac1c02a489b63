"""Choices of a manifest that are accepted with a warning, which says what the choice means."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Final

from tenant_keys.aws_facts.identity_center import permission_set_of
from tenant_keys.aws_facts.quotas import EVENT_BUS_POLICY_CHARACTERS
from tenant_keys.manifest.errors import Path, Problem
from tenant_keys.manifest.guardrail_rules import import_roles
from tenant_keys.manifest.model import Audit, Manifest
from tenant_keys.manifest.rules import PERMISSION_SET, Problems, Report, execution_roles, role_name

_OF_THE_CDK: Final = re.compile(
    r"cdk-[a-z0-9]{1,10}-(?:deploy|cfn-exec|file-publishing|image-publishing|lookup)-role-.+", re.IGNORECASE
)
"""Roles of `cdk bootstrap` (CDK guide, bootstrapping-env)."""
_POWERFUL: Final = re.compile(r"admin|organizationaccountaccessrole|awscontroltowerexecution|poweruser", re.IGNORECASE)
"""Names of roles that people administer accounts with, those of AWS Organizations and AWS Control Tower among them."""


_BUS_STATEMENT: Final = 393
"""Characters of the statement of one account on the bus, with the usual names."""


def warnings(manifest: Manifest) -> list[Problem]:
    """Every choice that is accepted and that a reviewer should have made on purpose, with what it means."""
    found = Problems()
    _check_unused_keys(manifest, found.report)
    _check_powers(manifest, found.report)
    _check_suffixes(manifest, found.report)
    _check_existing_roles(manifest, found.report)
    _check_audit(manifest, found.report)
    return found.problems


def _check_unused_keys(manifest: Manifest, report: Report) -> None:
    """A tenant left to `defaults.workloads`, which names none of its key account: `workloads: []` is on purpose."""
    left = [
        name
        for name, tenant in manifest.tenants.items()
        if tenant.workloads is None and tenant.state in {"active", "suspended"}
    ]
    if left and not manifest.defaults.workloads:
        more = f" (of {len(left):,} tenants in the same position)" if left[1:] else ""
        meaning = "it names no workloads, and defaults.workloads has none of its key account"
        fix = "name them, or write workloads: [] where it is meant"
        report(("tenants", min(left)), f"no workload may use its key{more}: {meaning}; {fix}")


def _check_powers(manifest: Manifest, report: Report) -> None:
    """One role in two lists of the key policy."""
    central = manifest.central
    deployers = {*map(role_name, execution_roles(central))}
    readers = {*map(role_name, central.readers)}
    for index, role in enumerate(central.administrators):
        path: Path = ("central", "administrators", index)
        if role_name(role) in deployers:
            meaning = "its sessions may also change every key policy, and so use every key"
            report(path, f"{role} is in deployment_roles too: {meaning}; the proof lists it as trusted")
        if role_name(role) in readers:
            report(path, f"{role} is in readers too, which adds nothing: administrators read what readers read")


def _check_suffixes(manifest: Manifest, report: Report) -> None:
    """A role of IAM Identity Center by its whole name: the name is another one when the role is created again."""
    central = manifest.central
    people: list[tuple[Path, str]] = [(("central", "break_glass"), central.break_glass)]
    for field, roles in (("administrators", central.administrators), ("readers", central.readers)):
        people += [(("central", field, index), role) for index, role in enumerate(roles)]
    for path, role in people:
        permission_set = None if role.startswith(PERMISSION_SET) else permission_set_of(role.rsplit("/", 1)[-1])
        if permission_set is not None:
            meaning = "IAM Identity Center ends the name of a role that it creates again in another suffix"
            report(path, f"{role}: {meaning}, and the key policies deny it then; write permission-set/{permission_set}")


def _check_audit(manifest: Manifest, report: Report) -> None:
    """An alarm that is lost, and a trail that may be paid for twice."""
    if manifest.audit == "off":
        return
    if manifest.audit.trail == "own":
        meaning = "where the organization's trail has this account's calls of KMS, AWS charges $2.00 for each 100,000"
        report(("audit", "trail"), f"own: {meaning}; see tenant-keys cost, and leave it out if such a trail exists")
    _check_bus(manifest, manifest.audit, report)
    path = manifest.audit.import_path or (manifest.guardrails.import_path if manifest.guardrails else None)
    importers = import_roles(manifest)
    if importers and path is None:
        first = min(importers)
        meaning = "its use is reported only when it fetches import parameters or imports, not when it is assumed"
        report(
            ("tenants", first, "key", "import_role"),
            f"{importers[first]}: {meaning}; have all import roles below one path, and name it as audit.import_path",
        )


def _check_bus(manifest: Manifest, audit: Audit, report: Report) -> None:
    """Each account that reports takes a statement of the bus policy."""
    workloads, everywhere = manifest.workloads.values(), manifest.central.regions
    reporting = {region: {w.account for w in workloads if region in (w.regions or everywhere)} for region in everywhere}
    region, accounts = max(reporting.items(), key=lambda one: len(one[1]))
    characters = len(accounts) * _BUS_STATEMENT
    if characters > EVENT_BUS_POLICY_CHARACTERS and not audit.forward_from:
        meaning = (
            f"about {characters:,} characters of bus policy, and EventBridge's quota is 10,240 unless it is raised"
        )
        report(
            ("audit",),
            f"{len(accounts)} accounts report to {region}: {meaning}; name their organizational units as "
            "audit.forward_from, with which all of them take one statement",
        )


def _check_existing_roles(manifest: Manifest, report: Report) -> None:
    holders: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for name, workload in manifest.workloads.items():
        if workload.role is None:
            continue
        path = ("workloads", name, "role")
        holders[workload.account, role_name(workload.role)].append(name)
        others = holders[workload.account, role_name(workload.role)][:-1]
        if others:
            meaning = f"its sessions use the keys of the tenants of {' and '.join([*others, name])}"
            report(path, f"{workload.role} is the role of {others[0]} too: {meaning}, and the trail cannot show which")
        if _OF_THE_CDK.fullmatch(role_name(workload.role)):
            meaning = "every principal that may deploy in the account may use the keys of its tenants"
            report(path, f"{workload.role} is a role of cdk bootstrap: {meaning}; name the service's own role")
        elif _POWERFUL.search(role_name(workload.role)):
            meaning = "people who administer the account may use the keys of its tenants"
            report(path, f"{workload.role} looks like a role of administrators: {meaning}; name the service's own role")
