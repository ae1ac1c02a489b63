"""`tenant-keys gate`: what prepared change sets would do to keys, before anything executes them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tenant_keys.operations.gate import Passage


def register(app: typer.Typer) -> None:
    """Add the command to the main program."""
    app.command("gate")(gate_command)


def gate_command(
    account: Annotated[str, typer.Argument(help="The account whose change sets are judged.")],
    stacks: Annotated[list[str] | None, typer.Argument(help="Stacks to judge, if not all have a change set.")] = None,
    assembly: Annotated[Path, typer.Option(help="The cloud assembly that was proved.")] = Path("cdk.out"),
    change_set: Annotated[str, typer.Option(help="Name of the change sets.")] = "tenant-keys",
    lock: Annotated[Path, typer.Option(help="The lock, which records the offboarded tenants.")] = Path("tenants.lock"),
    ready: Annotated[Path | None, typer.Option(help="File for the names of the stacks to execute.")] = None,
    canary: Annotated[
        Path | None,
        typer.Option(help="File to write: the stack to execute and verify before those of --ready; empty if none."),
    ] = None,
    verify: Annotated[
        Path | None, typer.Option(help="File to write: key stacks to verify before anything is executed.")
    ] = None,
    manifest: Annotated[
        Path,
        typer.Option(help="The manifest, whose central.readers has the role that verifies; its lock is beside it."),
    ] = Path("tenants.yaml"),
    role: Annotated[
        str | None, typer.Option(help="Role that verifies, as role/NAME; by default the first of central.readers.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Refuse change sets that would remove or replace a key, drop a Retain, or apply an unproved template.

    Executes nothing. Prepare the change sets with cdk deploy --method prepare-change-set --change-set-name tenant-keys.
    If existing keys of several stacks change, --canary names the stack with the fewest changed keys. Without a role
    that can verify what --canary and --verify name, no file is written. Needs credentials that may assume the lookup
    role of cdk bootstrap, or may call cloudformation:DescribeChangeSet, DescribeStacks and GetTemplate.
    Exit codes: 0 all may be executed, 2 one is refused, 1 could not run.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    from tenant_keys.manifest import load_estates, read_lock
    from tenant_keys.manifest.replace_file import require_writable
    from tenant_keys.operations.errors import OperationError
    from tenant_keys.operations.gate import canary as canary_of
    from tenant_keys.operations.gate import gate

    for output in filter(None, (ready, canary, verify)):
        require_writable(output)
    if role is None and (canary or verify):
        load_estates(manifest)  # the role that verifies is looked up later: a mistake there is reported now
    try:
        passages = gate(assembly, account, change_set=change_set, stacks=tuple(stacks or ()), lock=read_lock(lock))
    except (BotoCoreError, ClientError) as error:
        raise OperationError(f"AWS: {error}; nothing is executed; use credentials of account {account}") from None
    refused = any(passage.refusals for passage in passages)
    before = canary_of(passages)
    first = [before.execute] if canary is not None and before.execute else []
    checked = [*(first if canary else ()), *(before.verify if verify else ())]
    _need_reader(manifest, role, [] if refused else checked)
    rest = [one.stack for one in passages if one.changes and one.stack not in first]
    for file, stacks_of in ((ready, rest), (canary, first), (verify, before.verify)):
        if file is not None and not refused:
            file.write_text("".join(f"{stack}\n" for stack in stacks_of), encoding="utf-8")
    if as_json:
        typer.echo(json.dumps([asdict(passage) for passage in passages], indent=1))
    else:
        _show(passages, () if refused or verify is None else before.verify, [] if refused else first)
    raise typer.Exit(2 if refused else 0)


def _show(passages: Sequence[Passage], verified: Sequence[str], first: Sequence[str]) -> None:
    console = Console(soft_wrap=True)
    if verified:
        console.print(f"verify   {escape(', '.join(verified))}: deployed already, verified before the others")
    if first:
        console.print(f"canary   {escape(first[0])}: deployed and verified before the others")
    for passage in passages:
        for refusal in passage.refusals:
            console.print(f"refused  {escape(passage.stack)} in {passage.region}: {escape(refusal)}")
        if not passage.refusals:
            count = f"{passage.changes} changes, no key is lost" if passage.changes else "nothing to execute"
            console.print(f"passes   {escape(passage.stack)} in {passage.region}: {count}")


def _need_reader(manifest: Path, role: str | None, stacks: Sequence[str]) -> None:
    """Raises NoReader: no role could verify these stacks."""
    if role is not None or not stacks:
        return
    from tenant_keys.operations.verify.verify import NoReader, estate_of, reader_of

    try:
        reader_of(estate_of(manifest, stacks))
    except NoReader as error:
        message = f"{', '.join(stacks)}: to be verified, and nothing is executed without a role that can: {error}"
        raise NoReader(f"{message}; scripts/pipeline.sh takes it from READER") from None
