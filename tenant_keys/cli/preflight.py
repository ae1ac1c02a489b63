"""`tenant-keys preflight`: what would stop a deployment, before it starts."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from tenant_keys.manifest import read_lock


def register(app: typer.Typer) -> None:
    """Add the command to the main program."""
    app.command("preflight")(preflight_command)


def preflight_command(
    account: Annotated[str, typer.Argument(help="The account whose stacks will be deployed.")],
    assembly: Annotated[Path, typer.Option(help="The cloud assembly that will be deployed.")] = Path("cdk.out"),
    lock: Annotated[
        Path, typer.Option(help="The lock: only keys of tenants that it records as offboarded may leave their stack.")
    ] = Path("tenants.lock"),
    *,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Turn off termination protection of a stack whose creation failed."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the obstacles to a deployment: failed stacks, and names that are in use.

    The command reads with the lookup role of cdk bootstrap, or the caller's credentials; --repair uses the deploy
    role. Exit codes: 0 no obstacle, 2 an obstacle, 1 could not run.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    from tenant_keys.operations.errors import OperationError
    from tenant_keys.operations.preflight import preflight

    try:
        obstacles = preflight(assembly, account, repair=repair, lock=read_lock(lock))
    except (BotoCoreError, ClientError) as error:
        raise OperationError(f"AWS: {error}; use credentials of account {account}") from None
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in obstacles], indent=1))
    else:
        for one in obstacles:
            typer.echo(f"{'repaired' if one.repaired else 'stops'}  {one.stack}: {one.what}")
        if not obstacles:
            typer.echo(f"nothing stops the deployment of account {account}")
    raise typer.Exit(2 if any(not one.repaired for one in obstacles) else 0)
