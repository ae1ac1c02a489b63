"""What the commands of `tenant-keys tenant` share: their options, and how an edit is shown and written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from tenant_keys.operations.tenant_edit import Edit

CODES = "Exit codes: 0 done or shown, 1 could not run, 2 not done: confirm with --yes."
TENANTS = Path("tenants.yaml")
NOT_CONFIRMED = 2

Id = Annotated[str, typer.Argument(help="The tenant's id.")]
ManifestPath = Annotated[Path, typer.Option("--manifest", help="The manifest; the lock is beside it.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the changes, and make none.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

tenants = typer.Typer(help="Show tenants, and edit them in the manifest.", no_args_is_help=True)


def finish(
    edit: Edit, *, dry_run: bool, confirmed: bool, as_json: bool, remaining: list[str] | tuple[str, ...] = ()
) -> None:
    """Show the edit, and write it if that is wanted."""
    writes = confirmed and not dry_run
    say: Callable[[str], None] = typer.echo
    if as_json:
        shown = {
            "tenant": edit.tenants[0],
            "written": writes,
            "consequences": edit.consequences,
            "lock": edit.done,
            "remaining": list(remaining),
            "diff": edit.diff,
        }
        say(json.dumps(shown, indent=1))
    else:
        if not writes:
            say(edit.diff)
        for line in edit.consequences:
            say(f"{'at the next deployment' if writes else 'would be'}: {line}")
    if writes:
        edit.write()
    if not as_json:
        if writes:
            say(f"written: {', '.join(path.name for path, (old, new) in edit.files.items() if old != new)}")
        if remaining:
            say("what remains:" if writes else "what would remain:")
            say("\n".join(f"  {line}" for line in remaining))
    if not confirmed and not dry_run:
        typer.echo("nothing is written; confirm with --yes", err=True)
        raise typer.Exit(NOT_CONFIRMED)
