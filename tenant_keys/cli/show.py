"""`tenant-keys show`: the manifest as a whole, and how it differs from another estate's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from tenant_keys.manifest.read_manifest import parse_each
from tenant_keys.manifest.written import EXTENDS, TENANTS_FROM, read_written

DIFFERS = 2


def register(app: typer.Typer) -> None:
    """Add the command to the main program."""
    app.command("show")(show_command)


def show_command(
    manifest: Annotated[Path, typer.Option(help="The manifest.")] = Path("tenants.yaml"),
    against: Annotated[
        Path | None,
        typer.Option(help="Another manifest: print each field in which this one differs, with file and line."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print the manifest merged with its base and with the tenants of other files.

    Exit codes: 0 printed, or no difference; 1 could not run; 2 errors in a file, or with --against a difference.
    """
    written = read_written(manifest)
    parse_each(written)
    if against is not None:
        from tenant_keys.review.diff.causes import manifest_edits

        parse_each(read_written(against))
        edits = manifest_edits(against, manifest)
        typer.echo(json.dumps(list(edits), indent=1) if as_json else "\n".join(edits) or "no difference")
        raise typer.Exit(DIFFERS if edits else 0)
    document = {name: value for name, value in _plain(written.document).items() if name not in (EXTENDS, TENANTS_FROM)}
    if as_json:
        typer.echo(json.dumps(document, indent=1))
        return
    import yaml

    typer.echo(f"# {', '.join(part.name for part in written.parts)}")
    typer.echo(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120), nl=False)


def _plain(value: Any) -> Any:
    """Lists in place of tuples."""
    if isinstance(value, dict):
        return {name: _plain(below) for name, below in value.items()}
    return [_plain(below) for below in value] if isinstance(value, tuple) else value
