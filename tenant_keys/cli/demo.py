"""`tenant-keys demo`: the main job on the sample estate, from the manifest to an AWS that refuses."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

FAILED = 2
WIDTH = 120
"""Columns where the output is not a terminal."""


def register(app: typer.Typer) -> None:
    """Add the command to the main program."""
    app.command("demo")(demo_command)


def demo_command(
    manifest: Annotated[Path, typer.Option(help="The manifest; its lock is beside it.")] = Path("tenants.yaml"),
    synth_only: Annotated[
        bool, typer.Option("--synth-only", help="Show the estate; deploy and attack nothing.")
    ] = False,
    port: Annotated[int, typer.Option(help="Port of the local AWS on 127.0.0.1; 0 selects a free port.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Synthesize the estate, prove its isolation, deploy it to an AWS on this machine, use it, and attack it.

    The demo sends nothing to the network and removes everything that it creates. Exit codes: 0 passed; 1 could not run;
    2 an attack succeeded or a legitimate call failed; 130 interrupted.
    """
    from tenant_keys.cli.local import terminating
    from tenant_keys.demo import demonstration, environment, screen

    progress = _console(stderr=True)
    started = time.monotonic()

    def say(line: str) -> None:
        progress.print(f"[dim]{time.monotonic() - started:5.1f} s[/]  ", end="")
        progress.print(line, markup=False, soft_wrap=True)

    with terminating(), environment.nothing_of_the_users():
        report = (
            demonstration.synthesize_only(manifest, say)
            if synth_only
            else demonstration.demonstrate(manifest, say, port=port)
        )
    if as_json:
        typer.echo(json.dumps(report.as_document(), indent=1))
    else:
        progress.print()
        console = _console()
        screen.show_estate(report, console, with_names=synth_only)
        if not synth_only:
            screen.show_calls(report, console)
            screen.show_messages(report, console)
            screen.show_verdict(report, console)
    promised = report.verdict == "proved" if synth_only else report.as_promised
    raise typer.Exit(0 if promised else FAILED)


def _console(*, stderr: bool = False) -> Console:
    """Without any escape sequence where NO_COLOR is set; wide where it is no terminal."""
    plain = bool(os.environ.get("NO_COLOR"))
    console = Console(stderr=stderr, highlight=False, color_system=None if plain else "auto")
    if not console.is_terminal:
        console.width = WIDTH
    return console
