"""`tenant-keys stacks`: names and accounts of the stacks of a cloud assembly, as a pipeline needs them."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tenant_keys.manifest.stack_names import holds_primaries, holds_replicas, is_hook_stack
from tenant_keys.review.assembly import Assembly


class Kind(StrEnum):
    """What a stack holds that decides when it is deployed."""

    PRIMARY = "primary"
    REPLICA = "replica"
    HOOK = "hook"
    OTHER = "other"


def register(app: typer.Typer) -> None:
    """Add the command to the main program."""
    app.command("stacks")(stacks_command)


def stacks_command(
    directory: Annotated[Path, typer.Argument(help="The cloud assembly that cdk synth wrote.")] = Path("cdk.out"),
    account: Annotated[str | None, typer.Option(help="Only stacks of this account.")] = None,
    kind: Annotated[
        list[Kind] | None,
        typer.Option(help="Only stacks with primary keys, replica keys, the Hook, or none of them; repeat the option."),
    ] = None,
    accounts: Annotated[bool, typer.Option("--accounts", help="Print the accounts as a JSON list instead.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the stacks of a cloud assembly, one name a line. Exit codes: 0 listed, 1 could not run."""
    found = sorted(
        (stack.name, stack.account, stack.region, kind_of(stack.name))
        for stack in Assembly.open(directory).artifacts
        if account in (None, stack.account) and kind_of(stack.name) in (kind or (kind_of(stack.name),))
    )
    if accounts:
        typer.echo(json.dumps(sorted({row[1] for row in found})))
    elif as_json:
        names = ("name", "account", "region", "kind")
        typer.echo(json.dumps([dict(zip(names, row, strict=True)) for row in found], indent=1))
    else:
        for name, *_ in found:
            typer.echo(name)


def kind_of(stack: str) -> Kind:
    """By its name."""
    if holds_primaries(stack):
        return Kind.PRIMARY
    if holds_replicas(stack):
        return Kind.REPLICA
    return Kind.HOOK if is_hook_stack(stack) else Kind.OTHER
