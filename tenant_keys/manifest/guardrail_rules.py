"""Rules of `guardrails`: what control policies cannot limit, and what they would stop of the declared access."""

from __future__ import annotations

from typing import Final

from tenant_keys.aws_facts.regions import partition_of
from tenant_keys.manifest.model import Manifest
from tenant_keys.manifest.rules import Report

_PARTITION: Final = "aws"
"""AWS Organizations answers in us-east-1 there; in other partitions this version makes no control policies."""


def check_guardrails(manifest: Manifest, report: Report) -> None:
    """The account of the policies, the organization that they compare with, and where import roles are."""
    guardrails = manifest.guardrails
    if guardrails is None:
        return
    if guardrails.management_account == manifest.central.account:
        # Organizations guide, orgs_manage_policies_scps: SCPs do not affect the management account; RCPs neither.
        message = f"got {guardrails.management_account}, the key account: control policies do not limit the management"
        report(("guardrails", "management_account"), f"{message} account; keep the keys in a member account")
    if manifest.organization is None:
        message = "missing; guardrails deny use from outside the organization"
        report(("organization",), f"{message}, name it, such as o-a1b2c3d4e5")
    found = partition_of(manifest.central.home_region)
    if found != _PARTITION:
        report(("guardrails",), f"got Regions of the partition {found}; allowed: {_PARTITION}; remove guardrails")
    if guardrails.import_path is not None:
        check_import_path(manifest, "guardrails", guardrails.import_path, report)
        return
    importers = import_roles(manifest)
    for name in sorted(importers)[:1]:
        message = f"missing; tenant {name} imports its key material through {importers[name]}"
        report(("guardrails", "import_path"), f"{message}: name the IAM path of all import roles")


def import_roles(manifest: Manifest) -> dict[str, str]:
    """The import roles that others make, by tenant."""
    return {name: tenant.key.import_role for name, tenant in manifest.tenants.items() if tenant.key.import_role}


def check_import_path(manifest: Manifest, section: str, path: str, report: Report) -> None:
    """The path covers every import role that others make, and no other role of the manifest."""
    own = manifest.naming.role_path
    if own.startswith(path) or path.startswith(own):
        message = f"got {path}, which also covers access roles or is among them (naming.role_path {own})"
        report((section, "import_path"), f"{message}; name another path")
    for name, role in import_roles(manifest).items():
        if not role.startswith(f"role{path}"):
            message = f"got {role}; {section}.import_path {path} must be the path of every import role"
            report(("tenants", name, "key", "import_role"), f"{message}; move the role, or change import_path")
    central = manifest.central
    named = {"administrators": central.administrators, "break_glass": (central.break_glass,)}
    if central.deployment_roles != "default":
        named["deployment_roles"] = central.deployment_roles
    for field, roles in named.items():
        for role in roles:
            if role.startswith(f"role{path}"):
                message = f"got {role}, below {section}.import_path {path}, whose roles may import key material"
                report(("central", field), f"{message}; name another path")
