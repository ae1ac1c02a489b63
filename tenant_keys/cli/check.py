"""`tenant-keys check`: all that a pull request needs, in one command."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from tenant_keys.manifest import EstateError, load_estate, read_lock
from tenant_keys.manifest.base import GitError
from tenant_keys.manifest.locking import locked
from tenant_keys.operations.revision import RevisionUnusable, check_out, synthesize
from tenant_keys.review.assembly import Assembly
from tenant_keys.review.diff import Severity, compare
from tenant_keys.review.errors import ReviewError
from tenant_keys.review.proof import prove
from tenant_keys.review.rules import lint

SHOWN = 15


@dataclass(frozen=True, slots=True)
class Step:
    """One check and what it says."""

    name: str
    passed: bool
    said: tuple[str, ...]


def register(app: typer.Typer) -> None:
    """Add the command to the main program."""
    app.command("check")(check_command)


def check_command(
    base: Annotated[str | None, typer.Option(help="Git revision to compare with, such as origin/main.")] = None,
    manifest: Annotated[Path, typer.Option(help="The manifest; its lock stands beside it.")] = Path("tenants.yaml"),
    output: Annotated[Path | None, typer.Option("--output", help="Keep the cloud assembly here.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Check manifest, lock, synth with cdk-nag, lint, proof, and the change against a base.

    Exit codes: 0 all passed, 2 something needs review or blocks, 1 could not run.
    """
    console = Console(stderr=as_json)
    with tempfile.TemporaryDirectory(prefix="tenant-keys-") as folder:
        steps = []
        for step in _steps(manifest, base, output or Path(folder, "cdk.out"), Path(folder)):
            steps.append(step)
            mark = "[green]passed[/]" if step.passed else "[red]failed[/]"
            console.print(f"{mark}  {step.name}")
            for line in step.said[:SHOWN]:
                console.print(f"    {escape(line)}", soft_wrap=True)
            if len(step.said) > SHOWN:
                console.print(f"    and {len(step.said) - SHOWN:,} more")
    if as_json:
        typer.echo(json.dumps([{"check": s.name, "passed": s.passed, "said": list(s.said)} for s in steps], indent=1))
    raise typer.Exit(0 if all(step.passed for step in steps) else 2)


def _steps(manifest: Path, base: str | None, assembly: Path, folder: Path) -> Iterator[Step]:
    """The checks in order; what cannot go on without an earlier one stops there."""
    lock = _run("manifest and lock", lambda: _locked(manifest, base))
    yield lock
    if not lock.passed:
        return
    synth = _run("synth, with cdk-nag and the proof as validations", lambda: _synthesized(assembly))
    yield synth
    if not (assembly / "manifest.json").is_file():
        return
    yield _run("rules on policies", lambda: _linted(assembly))
    yield _run("cfn-lint", lambda: _cfn_linted(assembly))
    yield _run("proof of isolation", lambda: _proved(assembly, manifest))
    if base is not None:
        yield _run(f"change against {base}", lambda: _compared(base, assembly, manifest, folder))


def _run(name: str, check: Callable[[], Iterator[str]]) -> Step:
    """A check passes when it has nothing to say but notes, which begin with a dash."""
    try:
        said = tuple(check())
    except EstateError as error:
        said = tuple(str(error).splitlines())
    except (ReviewError, RevisionUnusable, GitError) as error:
        said = (str(error),)
    return Step(name, all(line.startswith("- ") for line in said), said)


def _locked(manifest: Path, base: str | None) -> Iterator[str]:
    result = locked(manifest, base=base, rebase=False)
    if result.changed:
        yield f"{result.path.name} does not match {manifest.name}; run tenant-keys lock, and commit it"
    load_estate(manifest)


def _synthesized(assembly: Path) -> Iterator[str]:
    synthesize(Path.cwd(), assembly)
    yield from ()


def _linted(assembly: Path) -> Iterator[str]:
    for finding in lint(Assembly.open(assembly)):
        note = "- " if finding.severity == "warning" else ""
        yield f"{note}{finding.where}: {finding.what}; {finding.fix}"


def _cfn_linted(assembly: Path) -> Iterator[str]:
    templates = sorted(map(str, assembly.glob("*.template.json")))
    command = [str(Path(sys.executable).with_name("cfn-lint")), "--format", "parseable", *templates]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - arguments, no shell
    yield from filter(None, (done.stdout + done.stderr).splitlines())


def _proved(assembly: Path, manifest: Path) -> Iterator[str]:
    for finding in prove(assembly, load_estate(manifest)).findings:
        yield f"{finding.kind.value}: {finding.what}; {finding.fix}"


def _compared(base: str, assembly: Path, manifest: Path, folder: Path) -> Iterator[str]:
    (folder / "base").mkdir()
    project = check_out(base, folder / "base", Path.cwd())
    before = synthesize(project, folder / "base.out")
    old, new = load_estate(project / "tenants.yaml"), load_estate(manifest)
    entries = read_lock(manifest.with_suffix(".lock")).entries
    gone = frozenset(tenant for tenant, entry in entries.items() if entry.phase == "offboarded")
    for change in compare(before, old, assembly, new, offboarded=gone).changes:
        yield ("- " if change.severity is Severity.NOTE else "") + change.what
