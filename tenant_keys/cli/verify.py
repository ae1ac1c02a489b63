"""`tenant-keys verify`: what the accounts hold, against what was to be deployed, and proved."""

from __future__ import annotations

import json
import sys
import time
from datetime import timedelta
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from tenant_keys.cli.prove import as_document, show
from tenant_keys.manifest.replace_file import require_writable
from tenant_keys.operations.verify.verify import Options, Verification, verify

SHOWN = 5
"""Findings of one kind that the text has; the record has them all."""


def register(app: typer.Typer) -> None:
    """Add the command to the main program."""
    app.command("verify")(verify_command)


def verify_command(
    manifest: Annotated[Path, typer.Option(help="The manifest; its lock is beside it.")] = Path("tenants.yaml"),
    assembly: Annotated[Path, typer.Option(help="The cloud assembly that was deployed.")] = Path("cdk.out"),
    role: Annotated[
        str | None,
        typer.Option(help="Role that reads each account, as role/NAME; by default the first of central.readers."),
    ] = None,
    stack: Annotated[
        list[str] | None,
        typer.Option(
            help="Read only the keys of this key stack, and prove with the rest as planned; repeat the option."
        ),
    ] = None,
    record: Annotated[
        Path, typer.Option(help="Record in JSON lines; named FILE.partial until the run has ended.")
    ] = Path("verify.jsonl"),
    resume: Annotated[bool, typer.Option("--resume", help="Resume the interrupted run of this record.")] = False,
    since: Annotated[
        Path | None,
        typer.Option(help="An earlier record, to mark new findings, roles created again and changed thumbprints."),
    ] = None,
    share: Annotated[
        float, typer.Option(min=0.01, max=1.0, help="Share of each API's documented quota that the run uses.")
    ] = 0.5,
    last_usage: Annotated[
        bool, typer.Option("--last-usage", help="Read when each key was last used, at 2.5 keys a second.")
    ] = False,
    expiring_days: Annotated[
        int, typer.Option(min=0, help="Report imported key material that expires within this number of days.")
    ] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    asff: Annotated[
        Path | None, typer.Option(help="Write the findings in the AWS Security Finding Format, for Security Hub.")
    ] = None,
) -> None:
    """Compare the accounts with the deployed assembly by read calls, and prove the isolation of what was read.

    Exit codes: 0 clean and proved, 2 findings, refuted or not proved, 1 could not run.
    """
    if asff is not None:
        require_writable(asff)
    options = Options(
        record=record,
        role=role,
        stacks=tuple(stack or ()),
        resume=resume,
        since=since,
        share=share,
        last_usage=last_usage,
        expiring_within=timedelta(days=expiring_days),
    )
    found = verify(manifest, assembly, options, progress=_Screen())
    if asff is not None:
        from tenant_keys.manifest import load_estate
        from tenant_keys.operations.verify.security_hub import write_findings

        write_findings(asff, found, load_estate(manifest).central.home_region)
    if as_json:
        typer.echo(json.dumps(found.as_document() | {"proof": as_document(found.proof)}, indent=1))
    else:
        _show(found, Console(highlight=False))
    raise typer.Exit(0 if found.clean else 2)


class _Screen:
    """Progress on standard error, a line every two seconds, and only on a terminal."""

    def __init__(self) -> None:
        self._left: dict[str, float] = {}
        self._reported = time.monotonic()

    def __call__(self, lane: str, ended: int, planned: int, seconds: float) -> None:
        """Called after each call, by the threads of the lanes."""
        self._left[lane] = seconds
        now = time.monotonic()
        if sys.stderr.isatty() and now - self._reported >= 2:
            self._reported = now
            slowest, left = max(self._left.items(), key=lambda one: one[1])
            sys.stderr.write(f"{lane}: {ended:,} of {planned:,}; {left:.0f} s left in {slowest}\n")


def _show(found: Verification, console: Console) -> None:
    for kind, group in groupby(found.findings, key=lambda one: one.kind):
        several = list(group)
        described = several[0].described
        console.print(f"\n[bold red]{kind}[/]  {described.severity}, {len(several):,} found. {escape(described.means)}")
        for one in several[:SHOWN]:
            new = " [bold](new)[/]" if found.new is not None and one.id in found.new else ""
            where = one.account if one.region == "global" else f"{one.account} {one.region}"
            console.print(f"  {escape(one.resource)} ({where}){new}", soft_wrap=True)
            console.print(f"    {escape(one.what)}", soft_wrap=True)
        if len(several) > SHOWN:
            console.print(f"  and {len(several) - SHOWN:,} more; the record has them all")
        console.print(f"  remedy: {escape(described.way_back)}", soft_wrap=True)
    if found.findings:
        console.print()
    for gone in found.gone[:SHOWN]:
        console.print(f"gone since the earlier record: {escape(gone)}", soft_wrap=True)
    calls = sum(found.calls.values())
    console.print(
        f"{len(found.findings):,} findings; {found.keys:,} keys read by {calls:,} calls in {found.seconds:.1f} s",
        end="",
    )
    console.print(f", {found.resumed:,} pages from the interrupted run" if found.resumed else "")
    show(found.proof, console)
