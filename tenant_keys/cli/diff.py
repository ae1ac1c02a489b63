"""`tenant-keys diff`: what a change does to keys and access."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import typer
from rich.console import Console
from rich.markup import escape

from tenant_keys.manifest import Estate, load_estate, read_lock
from tenant_keys.manifest.read_manifest import manifest_file
from tenant_keys.operations.revision import check_out, require_app, synthesize
from tenant_keys.review.diff import Comparison, Severity, compare
from tenant_keys.review.diff.causes import manifest_edits
from tenant_keys.review.diff.render import as_json, folded, markdown, sarif

TENANTS = Path("tenants.yaml")
_SHOWN = 10
_COLOURS = {Severity.BLOCKED: "red", Severity.REVIEW: "yellow", Severity.NOTE: "dim"}


def register(app: typer.Typer) -> None:
    """Add the command to the main program."""
    app.command("diff")(diff_command)


def diff_command(
    old: Annotated[str, typer.Argument(help="A cloud assembly, or a git revision.")] = "HEAD",
    new: Annotated[str, typer.Argument(help="A cloud assembly, or `.` for the working tree.")] = ".",
    old_manifest: Annotated[Path | None, typer.Option(help="Manifest of an old cloud assembly.")] = None,
    new_manifest: Annotated[Path | None, typer.Option(help="Manifest of a new cloud assembly.")] = None,
    manifest: Annotated[Path, typer.Option(help="Manifest of a git revision and of the working tree.")] = TENANTS,
    output: Annotated[Literal["text", "markdown", "json", "sarif"], typer.Option("--format")] = "text",
) -> None:
    """Print the changes of access and of keys between two versions.

    Exit codes: 0 nothing widened, 2 needs review or blocked, 1 could not run.
    """
    if not (_is_assembly(old) and _is_assembly(new)):
        require_app(Path.cwd())
    with tempfile.TemporaryDirectory(prefix="tenant-keys-") as folder:
        before = _side(old, old_manifest, Path(folder, "old"), manifest)
        after = _side(new, new_manifest, Path(folder, "new"), manifest)
        causes = manifest_edits(before.manifest, after.manifest)
        comparison = compare(
            before.assembly, before.estate, after.assembly, after.estate, offboarded=after.offboarded, causes=causes
        )
    _print(comparison, output, after.manifest)
    raise typer.Exit(0 if comparison.verdict == "nothing widened" else 2)


class _Side(NamedTuple):
    assembly: Path
    manifest: Path
    estate: Estate
    offboarded: frozenset[str]
    """Tombstones of the lock."""


def _side(name: str, of_assembly: Path | None, folder: Path, manifest: Path) -> _Side:
    if _is_assembly(name):
        assembly, source = Path(name), of_assembly or manifest
    else:
        folder.mkdir()
        project = Path.cwd() if name == "." else check_out(name, folder / "project", Path.cwd())
        assembly, source = synthesize(project, folder / "cdk.out", manifest_file(manifest)), project / manifest
    estate, lock = load_estate(source), read_lock(source.with_suffix(".lock"))
    tombstones = frozenset(entry.id_in_aws for entry in lock.entries.values() if entry.phase == "offboarded")
    return _Side(assembly, manifest_file(source), estate, tombstones)


def _is_assembly(name: str) -> bool:
    return Path(name, "manifest.json").is_file()


def _print(comparison: Comparison, output: str, manifest: Path) -> None:
    if output == "sarif":
        typer.echo(sarif(comparison, manifest))
        return
    if output in ("markdown", "json"):
        typer.echo(markdown(comparison) if output == "markdown" else as_json(comparison))
        return
    console = Console()
    proved = "proved" if comparison.proved else "NOT proved"
    console.print(f"[bold]{comparison.verdict}[/bold]; isolation of the new templates is {proved}")
    for cause in comparison.causes[:_SHOWN]:
        console.print(f"  {escape(cause)}", soft_wrap=True)
    if len(comparison.causes) > _SHOWN:
        console.print(f"  and {len(comparison.causes) - _SHOWN:,} edits more; --format json has them all")
    if not comparison.touches_keys_or_access:
        console.print("no access changes, no key changes")
    for change, more in folded(comparison.changes):
        colour = _COLOURS[change.severity]
        alike = f" (and {more:,} like it)" if more else ""
        console.print(f"[{colour}]{change.severity.value}[/]  {escape(change.what)}{alike}", soft_wrap=True)
        if change.fix:
            console.print(f"    {escape(change.fix)}", style="dim", soft_wrap=True)
