"""Rules that need two fields or more of `tenants.yaml`; those that need the lock are in `resolution.py`."""

from __future__ import annotations

from tenant_keys.aws_facts.auditors import SERVICE_LINKED_ROLES
from tenant_keys.manifest.errors import Problem
from tenant_keys.manifest.guardrail_rules import check_guardrails, check_import_path
from tenant_keys.manifest.model import Central, Manifest
from tenant_keys.manifest.naming_rules import check_naming
from tenant_keys.manifest.opaque_names import check_disclosures, check_ids
from tenant_keys.manifest.role_names import check_role_names
from tenant_keys.manifest.rules import (
    PERMISSION_SET,
    PIPELINE,
    Problems,
    Report,
    check_region,
    execution_roles,
    linked,
    one_partition,
    own_role,
    repeated,
    role_name,
    unknown,
)
from tenant_keys.manifest.tag_rules import check_provider_tags, check_tags
from tenant_keys.manifest.tenant_rules import check_tenants
from tenant_keys.manifest.workload_rules import check_workloads


def inconsistencies(manifest: Manifest) -> list[Problem]:
    """Every problem between fields."""
    findings = Problems()
    _check_central(manifest, findings.report)
    _check_audit(manifest, findings.report)
    _check_forwarding(manifest, findings.report)
    check_naming(manifest, findings.report)
    check_workloads(manifest, findings.report)
    check_tags(manifest.tags, ("tags",), findings.report)
    check_provider_tags(manifest, findings.report)
    check_tenants(manifest, findings.report)
    check_ids(manifest, findings.report)
    check_disclosures(manifest, findings.report)
    check_guardrails(manifest, findings.report)
    _check_roles_quota(manifest, findings.report)
    check_role_names(manifest, {one.path for one in findings.problems}, findings.report)
    return findings.problems


def _check_central(manifest: Manifest, report: Report) -> None:
    central = manifest.central
    _check_regions(central, report)
    people = {"administrators": central.administrators, "readers": central.readers}
    if central.deployment_roles != "default":
        people["deployment_roles"] = central.deployment_roles
    for field, roles in people.items():
        repeated(roles, ("central", field), report)
        for index, role in enumerate(roles):
            if not (field == "readers" and role == PIPELINE):
                own_role(role, ("central", field, index), manifest.naming, report)
            if kind := field != "readers" and linked(role):
                report(("central", field, index), f"got {role}, {kind}; name a role that people or stacks assume")
    _check_auditors(central, report)
    own_role(central.break_glass, ("central", "break_glass"), manifest.naming, report)
    if kind := linked(central.break_glass):
        report(("central", "break_glass"), f"got {central.break_glass}, {kind}; name a role that people assume")
    _check_break_glass(manifest, report)
    _check_identity_center(central, report)


def _check_identity_center(central: Central, report: Report) -> None:
    """The Region is a part of the roles' path, and of no use without them."""
    path = ("central", "identity_center_region")
    people = (*central.administrators, *central.readers, central.break_glass)
    by_set = [role for role in people if role.startswith(PERMISSION_SET)]
    if central.identity_center_region is None:
        if by_set:
            report(path, f"missing; {by_set[0]} needs the Region of IAM Identity Center's identity source")
    elif not by_set:
        report(path, "no administrator, reader or break-glass role is a permission-set/...; remove it")
    elif check_region(central.identity_center_region, path, report):
        one_partition(central.identity_center_region, central.regions[0], path, report)


def _check_regions(central: Central, report: Report) -> None:
    """All of one partition, the home Region among them."""
    repeated(central.regions, ("central", "regions"), report)
    for index, region in enumerate(central.regions):
        path = ("central", "regions", index)
        if check_region(region, path, report) and index:
            one_partition(region, central.regions[0], path, report)
    home = ("central", "home_region")
    if (
        central.home_region not in central.regions
        and check_region(central.home_region, home, report)
        and one_partition(central.home_region, central.regions[0], home, report)
    ):
        message = unknown(central.home_region, central.regions, "Region of central.regions")
        report(home, f"{message}; add it there")


def _check_auditors(central: Central, report: Report) -> None:
    """A role is admitted once: as an auditor it reads less than a reader."""
    repeated(central.auditors, ("central", "auditors"), report)
    admitted = {role_name(SERVICE_LINKED_ROLES[name]): name for name in central.auditors}
    for index, role in enumerate(central.readers):
        if name := admitted.get(role_name(role)):
            message = f"got {role}, the role of {name} in central.auditors, which reads less; name it in one of them"
            report(("central", "readers", index), message)


def _check_audit(manifest: Manifest, report: Report) -> None:
    """Denials of a role that does more than probe are no noise."""
    if manifest.audit == "off":
        return
    central = manifest.central
    people = (*central.administrators, *central.readers, central.break_glass, *execution_roles(central))
    holders = {role_name(role) for role in people}
    below, guarded = manifest.audit.import_path, manifest.guardrails.import_path if manifest.guardrails else None
    if below is not None and guarded is not None and below != guarded:
        message = f"got {below}, and guardrails.import_path is {guarded}"
        report(("audit", "import_path"), f"{message}; leave it out, the path of guardrails is used")
    elif below is not None and guarded is None:
        check_import_path(manifest, "audit", below, report)
    repeated(manifest.audit.probe_roles, ("audit", "probe_roles"), report)
    for index, role in enumerate(manifest.audit.probe_roles):
        path = ("audit", "probe_roles", index)
        own_role(role, path, manifest.naming, report)
        if role_name(role) in holders:
            report(path, f"got {role}, which central names too; name a role that does nothing but probe")


def _check_forwarding(manifest: Manifest, report: Report) -> None:
    """One stack set deploys one template, to accounts of the organization but for its management account.

    CloudFormation API reference, DeploymentTargets.
    """
    if manifest.audit == "off" or not manifest.audit.forward_from:
        return
    path = ("audit", "forward_from")
    repeated(manifest.audit.forward_from, path, report)
    if manifest.organization is None:
        message = "missing; audit.forward_from lets roles of the organization report"
        report(("organization",), f"{message}, name it, such as o-a1b2c3d4e5")
    bounded = {one.account: one.permissions_boundary for one in manifest.workloads.values() if one.permissions_boundary}
    needed = {bounded.get(one.account) for one in manifest.workloads.values()}
    if len(needed) > 1:
        got = ", ".join(sorted(one or "none" for one in needed))
        message = f"the workload accounts demand different permissions boundaries ({got}), and a stack set has one"
        report(path, f"{message} template; use one boundary, or leave forward_from out")
    management = manifest.guardrails.management_account if manifest.guardrails else None
    if any(one.account == management for one in manifest.workloads.values()):
        message = f"a workload is in the management account {management}, to which no stack set with"
        report(path, f"{message} service-managed permissions deploys; move the workload, or leave forward_from out")


def _check_break_glass(manifest: Manifest, report: Report) -> None:
    """Who may schedule a deletion holds no other power over keys."""
    central = manifest.central
    name = role_name(central.break_glass)
    for field, roles in (("administrators", central.administrators), ("deployment_roles", execution_roles(central))):
        if name in map(role_name, roles):
            report(
                ("central", "break_glass"),
                f"got {central.break_glass}, which is also in {field}; name a role that does nothing else",
            )


def _check_roles_quota(manifest: Manifest, report: Report) -> None:
    """One role per tenant and workload is bounded by the account's quota."""
    per_tenant = {name for name, workload in manifest.workloads.items() if workload.access == "tenant-role"}
    shared = len(manifest.workloads) - len(per_tenant)
    quota = manifest.central.quotas.iam_roles
    if (len(per_tenant) + 1) * len(manifest.tenants) + shared <= quota:
        return
    default = len(per_tenant.intersection(manifest.defaults.workloads))
    pairs = importing = 0
    for tenant in manifest.tenants.values():
        if tenant.state != "offboarded":
            pairs += default if tenant.workloads is None else len(per_tenant.intersection(tenant.workloads))
            importing += tenant.key.custodian is not None
    if pairs + shared + importing > quota:
        custodians = f", {importing} import roles of custodians" if importing else ""
        report(
            ("central", "quotas", "iam_roles"),
            f"got {quota} roles, but {pairs} pairs of tenant and workload{custodians} and {shared} shared roles need "
            f"{pairs + shared + importing}; set `access: session-tag` for workloads with many tenants, or have the "
            "quota raised",
        )
