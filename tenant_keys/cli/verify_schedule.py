"""`tenant-keys verify-schedule`: the template of a stack that runs verify on a schedule."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to the main program."""
    app.command("verify-schedule")(verify_schedule_command)


def verify_schedule_command(
    manifest: Annotated[Path, typer.Option(help="The manifest; its lock is beside it.")] = Path("tenants.yaml"),
    role: Annotated[
        str | None,
        typer.Option(help="Role that reads each account, as role/NAME; by default the first of central.readers."),
    ] = None,
) -> None:
    """Print the CloudFormation template of a stack for the key account: a timer, and a build that runs verify.

    Exit codes: 0 printed, 1 could not run.
    """
    from importlib.metadata import version

    from tenant_keys.manifest import load_estate
    from tenant_keys.operations.verify.schedule import schedule_template
    from tenant_keys.operations.verify.verify import reader_of

    estate = load_estate(manifest)
    template = schedule_template(estate, role or reader_of(estate), version("tenant-keys"))
    typer.echo(json.dumps(template, indent=1))
