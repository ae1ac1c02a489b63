"""`tenant-keys deployed`: the templates that CloudFormation holds, for the proof."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape


def register(app: typer.Typer) -> None:
    """Add the command to the main program."""
    app.command("deployed")(deployed_command)


def deployed_command(
    account: Annotated[str, typer.Argument(help="The account whose stacks are downloaded.")],
    assembly: Annotated[Path, typer.Option(help="The cloud assembly that was deployed.")] = Path("cdk.out"),
    output: Annotated[Path, typer.Option(help="Folder to write, for tenant-keys prove.")] = Path("deployed"),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Download the templates that an account's CloudFormation holds, so that they can be proved.

    Needs credentials that may assume the lookup role of cdk bootstrap, or may call cloudformation:DescribeStacks,
    GetTemplate and ListStacks. Exit codes: 0 as in the assembly, 2 something differs, 1 could not run.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    from tenant_keys.manifest.replace_file import require_writable
    from tenant_keys.operations.deployed import download
    from tenant_keys.operations.errors import OperationError

    require_writable(output, folder=True)
    try:
        stacks = download(assembly, account, output)
    except (BotoCoreError, ClientError) as error:
        raise OperationError(f"AWS: {error}; nothing is written; use credentials of account {account}") from None
    if as_json:
        typer.echo(json.dumps([asdict(stack) for stack in stacks], indent=1))
    else:
        console = Console()
        for stack in stacks:
            message = "; ".join(stack.differences) or "as in the assembly"
            colour = "red" if stack.differences else "green"
            console.print(f"[{colour}]{escape(stack.name)}[/] in {stack.region}: {escape(message)}", soft_wrap=True)
        console.print(f"wrote {escape(str(output))}; now run: tenant-keys prove {escape(str(output))}", soft_wrap=True)
    raise typer.Exit(2 if any(stack.differences for stack in stacks) else 0)
