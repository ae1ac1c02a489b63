"""`tenant-keys tenant`: add, show, list, suspend, resume and offboard, by edits of manifest and lock."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from tenant_keys.cli.tenant_options import CODES, TENANTS, AsJson, DryRun, Id, ManifestPath, finish, tenants
from tenant_keys.cli.tenant_output import show_departed, show_rows, show_tenant
from tenant_keys.manifest import load_estate_of, load_estates, read_lock
from tenant_keys.manifest.model import Origin
from tenant_keys.manifest.several_locks import of_key_account
from tenant_keys.operations.errors import OperationError
from tenant_keys.operations.tenant_edit import known, plan_addition, plan_state
from tenant_keys.operations.tenant_file import read_tenants
from tenant_keys.operations.tenant_import import plan_import
from tenant_keys.operations.tenant_view import departed, rows, view

SHOWN = 10


def register(app: typer.Typer) -> None:
    """Add the commands to the main program."""
    import tenant_keys.cli.offboard  # noqa: F401  # adds its command

    app.add_typer(tenants, name="tenant")


@tenants.command(epilog=CODES)
def add(
    tenant: Annotated[str | None, typer.Argument(help="The tenant's id; not with --from.")] = None,
    file: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="Tenants of a system of record: .csv, or .jsonl (JSON lines)."),
    ] = None,
    workload: Annotated[
        list[str] | None, typer.Option(help="A workload; repeat the option. Default: defaults.workloads.")
    ] = None,
    origin: Annotated[
        Origin | None, typer.Option(help="Where the key material comes from; cannot change later.")
    ] = None,
    import_role: Annotated[
        str | None, typer.Option(help="With --origin imported: role/Name that imports the material.")
    ] = None,
    expires: Annotated[
        Literal["never", "dated"] | None, typer.Option(help="With --origin imported: whether the material must expire.")
    ] = None,
    multi_region: Annotated[bool | None, typer.Option(help="Replicas in all Regions; cannot change later.")] = None,
    region: Annotated[
        str | None, typer.Option(help="Region in which AWS KMS creates the key; cannot change later.")
    ] = None,
    rotation_days: Annotated[str | None, typer.Option(help="90 to 2560, or off.")] = None,
    decrypt_by: Annotated[
        Literal["alias", "key"] | None, typer.Option(help="Whether Decrypt names the alias or the key.")
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(help="Tag, name=value; repeat the option.")] = None,
    manifest: ManifestPath = TENANTS,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Add a tenant, or all tenants of a file. Fields without an option take the manifest's defaults.

    With --from the command adds all tenants or, if any line is wrong, none; tenants that exist already are skipped.
    """
    if (tenant is None) == (file is None):
        raise typer.BadParameter("name a tenant, or a file with --from")
    key = {"origin": origin, "import_role": import_role, "expires": expires, "region": region}
    key_fields: dict[str, object] = {name: value for name, value in key.items() if value is not None}
    if multi_region is not None:
        key_fields["multi_region"] = multi_region
    rotation = int(rotation_days) if rotation_days and rotation_days.isdigit() else rotation_days
    fields = {
        "workloads": workload,
        "rotation_days": rotation,
        "decrypt_by": decrypt_by,
        "key": key_fields,
        "tags": dict(_pair(text) for text in tag or []),
    }
    given = {name: value for name, value in fields.items() if value}
    if file is not None:
        if given:
            raise typer.BadParameter(f"--from takes every value from the file; leave out {', '.join(given)}")
        _add_all(manifest, file, dry_run=dry_run, as_json=as_json)
    elif tenant is not None:
        finish(plan_addition(manifest, tenant, given), dry_run=dry_run, confirmed=True, as_json=as_json)


def _add_all(manifest: Path, file: Path, *, dry_run: bool, as_json: bool) -> None:
    found = plan_import(manifest, read_tenants(file))
    edit, unchanged = found.edit, found.unchanged
    if not dry_run:
        edit.write()
    if as_json:
        shown = {"written": bool(edit.tenants) and not dry_run, "added": edit.tenants, "unchanged": unchanged}
        typer.echo(json.dumps(shown, indent=1))
        return
    for tenant in edit.tenants[:SHOWN]:
        typer.echo(f"{'would add' if dry_run else 'added'} {tenant}")
    if len(edit.tenants) > SHOWN:
        typer.echo(f"and {len(edit.tenants) - SHOWN:,} more")
    typer.echo(f"{len(edit.tenants):,} {'would be ' if dry_run else ''}added, {len(unchanged):,} existed already")


@tenants.command(epilog=CODES)
def suspend(
    tenant: Id,
    now: Annotated[bool, typer.Option("--now", help="Also disable the key in AWS KMS, in every Region.")] = False,
    manifest: ManifestPath = TENANTS,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Stop all use of a tenant's key at the next deployment, or now, and keep key and data.

    --now needs an administrator or break-glass. Running processes can read for up to max_age: docs/revocation.md.
    """
    if now and not dry_run:
        _revoke(manifest, tenant, as_json=as_json)
    estate = load_estate_of(manifest, tenant)
    if now and known(tenant, estate.by_manifest_id).state == "suspended":
        if as_json:
            typer.echo(json.dumps({"tenant": tenant, "written": False, "consequences": []}, indent=1))
        return
    finish(plan_state(manifest, tenant, "suspend"), dry_run=dry_run, confirmed=True, as_json=as_json)


def _revoke(manifest: Path, tenant: str, *, as_json: bool) -> None:
    """First in AWS: every second counts there. The edit follows; a second run goes on."""
    import boto3

    from tenant_keys.operations.revocation import revoke

    estate = load_estate_of(manifest, tenant)
    revoke(
        known(tenant, estate.by_manifest_id),
        estate,
        lambda region: boto3.client("kms", region_name=region),
        say=lambda line: typer.echo(line, err=as_json),
    )


@tenants.command(epilog=CODES)
def resume(tenant: Id, manifest: ManifestPath = TENANTS, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Make a suspended or offboarding tenant active again."""
    finish(plan_state(manifest, tenant, "resume"), dry_run=dry_run, confirmed=True, as_json=as_json)


@tenants.command()
def show(tenant: Id, manifest: ManifestPath = TENANTS, as_json: AsJson = False) -> None:
    """Print a tenant's key, its Regions, and the workloads that may use it. Exit codes: 0 shown, 1 could not."""
    estate = load_estate_of(manifest, tenant)
    entry = read_lock(manifest.with_suffix(".lock")).entries.get(tenant)
    if entry is not None and entry.phase == "offboarded":
        left = departed(entry, estate.naming)
        if as_json:
            typer.echo(json.dumps(asdict(left), indent=1))
        else:
            show_departed(left)
        return
    found = view(known(tenant, estate.by_manifest_id), estate)
    if as_json:
        typer.echo(json.dumps(asdict(found), indent=1))
    else:
        show_tenant(found)


@tenants.command("list")
def list_command(
    state: Annotated[
        Literal["active", "suspended", "offboarding", "offboarded"] | None,
        typer.Option(help="Only tenants of this state."),
    ] = None,
    workload: Annotated[str | None, typer.Option(help="Only tenants of this workload.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Rows of the table; 0 shows all.")] = 40,
    manifest: ManifestPath = TENANTS,
    as_json: AsJson = False,
) -> None:
    """List tenants. Exit codes: 0 listed, 1 could not."""
    estates, lock = load_estates(manifest), read_lock(manifest.with_suffix(".lock"))
    workloads = [name for estate in estates for name in estate.workloads]
    if workload is not None and workload not in workloads:
        raise OperationError(f"--workload: no workload {workload}; there are {', '.join(workloads)}")
    found = [
        row for estate in estates for row in rows(estate, of_key_account(lock, estate), state=state, workload=workload)
    ]
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in found], indent=1))
    else:
        show_rows(found, limit)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise typer.BadParameter(f"{text}: write name=value")
    return name, value
