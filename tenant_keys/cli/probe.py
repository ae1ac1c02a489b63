"""`tenant-keys probe`: what AWS decides of a workload's requests, which it does not carry out."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from tenant_keys.manifest import Estate, Tenant, Workload, load_estate
from tenant_keys.manifest.replace_file import replace_file, require_writable
from tenant_keys.operations.errors import OperationError
from tenant_keys.operations.probe.plan import Plan, plan
from tenant_keys.operations.probe.run import Probed, run


def register(app: typer.Typer) -> None:
    """Add the command to the main program."""
    app.command("probe")(probe_command)


def probe_command(
    workload: Annotated[str, typer.Argument(help="The workload whose role runs the command.")],
    tenant: Annotated[
        list[str] | None, typer.Option(help="Tenant whose sessions make the calls; by default the first active one.")
    ] = None,
    other: Annotated[
        str | None, typer.Option(help="The tenant whose key must be denied; by default another one.")
    ] = None,
    other_key: Annotated[
        str | None, typer.Option(help="ARN of the other tenant's key, to name the key by its ARN too.")
    ] = None,
    region: Annotated[str | None, typer.Option(help="Region in which the workload runs; by default its first.")] = None,
    manifest: Annotated[Path, typer.Option(help="The manifest; its lock is beside it.")] = Path("tenants.yaml"),
    output: Annotated[
        Path,
        typer.Option(help="JSON file for every answer, and for the readings of docs/iam-readings.md that it decides."),
    ] = (Path("probe.json")),
    yes: Annotated[bool, typer.Option("--yes", help="Make the calls without a confirmation.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON; needs --yes.")] = False,
) -> None:
    """Ask AWS by DryRun, in a workload and as its role, for calls that must be allowed and calls that must be denied.

    The command first prints the number of calls. They are billed, count against the quota of cryptographic operations,
    and are recorded in the trail. Denied calls look like an attack, by sessions named tenant-keys-probe.

    Exit codes: 0 all as declared, 2 an answer differs, 1 could not run.
    """
    planned, estate = _planned(load_estate(manifest), workload, tenant or [], other, other_key, region)
    require_writable(output)  # the calls are billed: their answers must not be lost
    console = Console(highlight=False, stderr=as_json)
    Console(highlight=False, stderr=True).print(
        f"{planned.kms_calls} calls of AWS KMS by DryRun and {planned.sts_calls} of AWS STS, for "
        f"{', '.join(planned.tenants)}; billed, counted and logged like any other",
        soft_wrap=True,
    )
    if not yes:
        if as_json or not sys.stdin.isatty():
            raise OperationError("there is no terminal to confirm on; give --yes to make the calls")
        typer.confirm("make them?", abort=True)
    probed = run(planned, estate)
    replace_file(output, (json.dumps(probed.as_document(), indent=1) + "\n").encode())
    if as_json:
        typer.echo(json.dumps(probed.as_document(), indent=1))
    else:
        _show(probed, console)
        console.print(f"wrote {escape(str(output))}", soft_wrap=True)
    raise typer.Exit(0 if probed.as_declared else 2)


def _planned(
    estate: Estate, name: str, tenants: list[str], other: str | None, other_key: str | None, region: str | None
) -> tuple[Plan, Estate]:
    workload = estate.workloads.get(name)
    if workload is None:
        raise OperationError(f"workload {name}: not in the manifest; allowed: {', '.join(estate.workloads)}")
    if workload.access == "web-identity":
        raise OperationError(
            f"workload {name}: its sessions come from tenants' tokens, which the probe does not have; probe a workload "
            "with tenant-role or session-tag"
        )
    # A key that its tenant holds is named by ARN, in another account: tenant-keys held asks for those.
    here = [one for one in estate.tenants.values() if one.held is None]
    served = [one for one in here if workload in one.workloads and one.state != "offboarding"]
    active = [one for one in served if one.state == "active"]
    asking = [_served(one, served, workload) for one in tenants] or active[:1]
    if not asking:
        raise OperationError(f"workload {name}: serves no active tenant; name one by --tenant")
    named = estate.called(other) if other else None
    if other is not None and named not in here:
        raise OperationError(f"--other {other}: no tenant of the manifest whose key is in the key account")
    others = [one for one in here if one not in asking and one.state == "active"]
    theirs = named or next(iter(others), None)
    if theirs is None or theirs in asking:
        raise OperationError("--other: no tenant besides those probed; the probe needs a key whose use must be denied")
    where = region or workload.regions[0]
    return plan(estate, workload, asking, theirs, where, other_key), estate


def _served(name: str, served: list[Tenant], workload: Workload) -> Tenant:
    found = next((one for one in served if name in (one.id, one.manifest_id)), None)
    if found is None:
        known = ", ".join(one.id for one in served[:10])
        raise OperationError(f"--tenant {name}: workload {workload.name} does not serve it; it serves {known}")
    return found


def _show(probed: Probed, console: Console) -> None:
    for answer in probed.answers:
        probe = answer.probe
        sign = "[green]✓[/]" if answer.as_declared else "[bold red]✗[/]"
        asked = f"{probe.tenant:<12} {probe.operation:<32} {escape(probe.what):<44}"
        console.print(f"{sign} {asked} {answer.outcome}  {answer.code}", soft_wrap=True)
    for why in probed.skipped:
        console.print(f"  not probed: {escape(why)}", soft_wrap=True)
    for name, found in probed.readings().items():
        console.print(f"  reading {name}: {found['decided']}", soft_wrap=True)
    wrong = sum(not answer.as_declared for answer in probed.answers)
    console.print(f"{len(probed.answers) - wrong} of {len(probed.answers)} answers as declared")
