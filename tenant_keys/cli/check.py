"""`tenant-keys check`: all that a pull request needs, in one command."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from tenant_keys.manifest.replace_file import require_writable
from tenant_keys.operations.check_report import write_report
from tenant_keys.operations.checks import Checks, Step

SHOWN = 15


def register(app: typer.Typer) -> None:
    """Add the command to the main program."""
    app.command("check")(check_command)


def check_command(
    base: Annotated[str | None, typer.Option(help="Git revision to compare with, such as origin/main.")] = None,
    report: Annotated[
        Path | None,
        typer.Option(help="Folder for the pull request's comment, SARIF, the review, and the assembly (cdk.out)."),
    ] = None,
    manifest: Annotated[Path, typer.Option(help="The manifest, below the folder of app.py.")] = Path("tenants.yaml"),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Run every check of a pull request: lock, synth with cdk-nag, lint, proof, quotas, change against a base.

    Run the command in the root of the project, the folder of `app.py`.

    Exit codes: 0 all passed, 2 something needs review or blocks, 1 could not run.
    """
    if report is not None:
        require_writable(report, folder=True)
    console = Console(stderr=as_json)
    with tempfile.TemporaryDirectory(prefix="tenant-keys-") as folder:
        checks = Checks(Path.cwd(), Path(folder), base, for_review=report is not None, begin=_begin, manifest=manifest)
        steps = []
        for step in checks.run():
            steps.append(step)
            _show(step, console)
        if report is not None:
            for file in write_report(report, checks, steps):
                console.print(f"[dim]wrote {escape(str(file))}[/]", soft_wrap=True)
    if as_json:
        typer.echo(json.dumps([{"check": s.name, "passed": s.passed, "said": list(s.said)} for s in steps], indent=1))
    raise typer.Exit(0 if all(step.passed for step in steps) else 2)


def _begin(name: str) -> None:
    """A check takes up to half a minute: its name appears when the check starts."""
    typer.echo(f"running {name}", err=True)


def _show(step: Step, console: Console) -> None:
    console.print(f"{'[green]passed[/]' if step.passed else '[red]failed[/]'}  {escape(step.name)}")
    for line in step.said[:SHOWN]:
        console.print(f"    {escape(line)}", soft_wrap=True)
    if len(step.said) > SHOWN:
        console.print(f"    and {len(step.said) - SHOWN:,} more")
