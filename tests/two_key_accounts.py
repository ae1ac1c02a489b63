"""An estate with two key accounts that share a workload account and a Region, synthesized once for the whole run."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from tenant_keys.manifest import Estate, load_estates
from tenant_keys.manifest.bring_up_to_date import bring_up_to_date
from tenant_stacks import add_stacks
from tools.cloud_assembly import edit_template

MANIFEST = """\
organization: o-a1b2c3d4e5
central:
  - name: one
    account: "111111111111"
    home_region: eu-west-1
    regions: [eu-west-1]
    administrators: [role/KeyAdministrator]
    readers: [role/SecurityAudit]
    break_glass: role/KeyBreakGlass
  - name: two
    account: "444444444444"
    home_region: eu-west-1
    regions: [eu-west-1]
    administrators: [role/KeyAdministrator]
    readers: [role/SecurityAudit]
    break_glass: role/KeyBreakGlass
guardrails: {management_account: "555555555555"}
workloads:
  orders: {account: "222222222222", runs_on: lambda}
  billing: {account: "222222222222", runs_on: ecs, access: session-tag}
  shop: {account: "222222222222", runs_on: lambda, key_account: two}
  invoices: {account: "222222222222", runs_on: ecs, access: session-tag, key_account: two}
tenants:
  acme: {workloads: [orders, billing]}
  globex: {workloads: [orders]}
  initech: {key_account: two, workloads: [shop, invoices]}
  umbrella: {key_account: two, workloads: [shop]}
"""
ONE, TWO, WORKLOADS = "111111111111", "444444444444", "222222222222"
Edit = Callable[[dict[str, Any]], object]
"""Changes the resources of a template."""


def estates(folder: Path) -> tuple[Estate, ...]:
    """The estates of both key accounts, of a manifest and a lock in the folder."""
    manifest = folder / "tenants.yaml"
    manifest.write_text(MANIFEST)
    bring_up_to_date(manifest).write()
    return load_estates(manifest)


def synthesize(estate: Estate, folder: Path) -> Path:
    """The assembly of all key accounts, with no validations."""
    app = cdk.App(outdir=str(folder), tree_metadata=False, builtin_cloud_formation_validation=False)
    for each in estate.key_accounts:
        add_stacks(app, each, stamped=True)
    app.synth()
    return folder


def edited(assembly: Path, folder: Path, stack: str, edit: Edit) -> Path:
    """A copy of the assembly with one template edited as if the app had written it so."""
    folder.mkdir()
    for file in assembly.iterdir():
        os.link(file, folder / file.name)
    edit_template(folder, stack, lambda template: edit(template["Resources"]))
    return folder
