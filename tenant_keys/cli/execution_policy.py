"""`tenant-keys execution-policy`: what CloudFormation needs to deploy an estate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from tenant_keys.manifest import load_estate

CODES = "Exit codes: 0 printed, 1 could not run, 2 the manifest has errors."


def register(app: typer.Typer) -> None:
    """Add the command to the main program."""
    app.command("execution-policy", epilog=CODES)(execution_policy_command)


def execution_policy_command(
    account: Annotated[
        str | None, typer.Argument(help="An account of the manifest; by default the key account.")
    ] = None,
    manifest: Annotated[Path, typer.Option(help="The manifest; the lock is beside it.")] = Path("tenants.yaml"),
) -> None:
    """Print the policy of CloudFormation's execution role, with the names of the manifest, for cdk bootstrap."""
    from tenant_keys.operations.execution_policy import execution_policy

    typer.echo(json.dumps(execution_policy(load_estate(manifest), account), indent=1))
