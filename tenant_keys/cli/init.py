"""`tenant-keys init`: an estate of one's own in a folder of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tenant_keys.operations.new_estate.answers import Answers, AnswersRefused, Computing

if TYPE_CHECKING:
    from tenant_keys.operations.new_estate import Plan

CODES = "Exit codes: 0 written, or shown with --dry-run; 1 could not run, and nothing is written."


def register(app: typer.Typer) -> None:
    """Add the command to the main program."""
    app.command("init", epilog=CODES)(init_command)


def init_command(
    folder: Annotated[Path | None, typer.Argument(help="Folder of the estate; created if missing.")] = None,
    account: Annotated[str | None, typer.Option(help="The account that holds the keys: 12 digits.")] = None,
    region: Annotated[
        list[str] | None, typer.Option(help="Region of keys; repeat the option. The first holds the roles.")
    ] = None,
    workload: Annotated[str | None, typer.Option(help="Name of the first service that uses keys.")] = None,
    workload_account: Annotated[str | None, typer.Option(help="The account of this service.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Id of the first tenant.")] = None,
    organization: Annotated[str | None, typer.Option(help="Organization id: o-…; callers must belong to it.")] = None,
    administrator: Annotated[
        list[str] | None,
        typer.Option(help="role/Name that may stop keys; repeat the option. Default role/KeyAdministrator."),
    ] = None,
    reader: Annotated[
        list[str] | None, typer.Option(help="role/Name that may read policies; repeat the option.")
    ] = None,
    break_glass: Annotated[
        str | None,
        typer.Option(help="role/Name, the only role that may schedule deletions. Default role/KeyBreakGlass."),
    ] = None,
    identity_center_region: Annotated[
        str | None, typer.Option(help="Region of IAM Identity Center, if a role is a permission-set/Name.")
    ] = None,
    runs_on: Annotated[Computing, typer.Option(help="What the workload runs on.")] = "lambda",
    here: Annotated[
        bool,
        typer.Option("--here", help="Write into the current folder; in a checkout of the tool, replace its sample."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print which files would be written, and write none.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write a new estate: manifest, lock, app, pins and workflows. The command overwrites no file.

    On a terminal the command prompts for values without an option.
    """
    from tenant_keys.operations.new_estate import estate_files, plan_files

    if (folder is None) != here:
        raise typer.BadParameter("name a folder, or write --here")
    asks = sys.stdin.isatty() and not as_json
    if asks:
        typer.echo("Answer to create your estate; Ctrl-C cancels and writes nothing.", err=True)
        account = account or typer.prompt("Account that holds the keys, 12 digits", err=True)
        region = region or typer.prompt("Regions, the home Region first", err=True).replace(",", " ").split()
        if organization is None:
            organization = typer.prompt("Organization id, o-…; empty for none", default="", err=True)
        administrator = administrator or [
            typer.prompt("Administrators' role", default="role/KeyAdministrator", err=True)
        ]
        break_glass = break_glass or typer.prompt("Break-glass role", default="role/KeyBreakGlass", err=True)
        workload = workload or typer.prompt("Name of the first service that uses keys", err=True)
        workload_account = workload_account or typer.prompt("Account in which it runs", err=True)
        tenant = tenant or typer.prompt("Id of the first tenant", err=True)
    needed = {
        "--account": account,
        "--region": region,
        "--workload": workload,
        "--workload-account": workload_account,
        "--tenant": tenant,
    }
    missing = [option for option, value in needed.items() if not value]
    if missing:
        raise AnswersRefused("\n".join(f"{option}: missing; give it, or answer on a terminal" for option in missing))
    answers = Answers(
        account=account or "",
        regions=tuple(region or ()),
        workload=workload or "",
        workload_account=workload_account or "",
        tenant=tenant or "",
        organization=organization or None,
        administrators=tuple(administrator or ("role/KeyAdministrator",)),
        readers=tuple(reader or ()),
        break_glass=break_glass or "role/KeyBreakGlass",
        runs_on=runs_on,
        identity_center_region=identity_center_region,
    )
    plan = plan_files(folder or Path(), estate_files(answers), here=here)
    if not dry_run:
        plan.write()
    _show(plan, written=not dry_run, as_json=as_json)


def _show(plan: Plan, *, written: bool, as_json: bool) -> None:
    if as_json:
        files = [
            {"path": each.path.as_posix(), "fate": each.fate, "missing": list(each.missing)} for each in plan.files
        ]
        typer.echo(json.dumps({"folder": plan.folder.as_posix(), "written": written, "files": files}, indent=1))
        return
    for each in plan.files:
        typer.echo(f"{each.fate:<10}{each.path}" if written else f"would be {each.fate:<10}{each.path}")
        for line in each.missing:
            typer.echo(f"{'':<10}add this line to it: {line}")
    if written:
        typer.echo("next: make demo, make test; then commit, and tenant-keys tenant add ID")
    else:
        typer.echo("nothing is written")
