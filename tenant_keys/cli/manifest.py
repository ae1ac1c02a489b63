"""`tenant-keys lock`, `validate` and `schema`: the manifest and what is recorded of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from tenant_keys.manifest import EstateError, Problem, load_manifest
from tenant_keys.manifest.base import GitError
from tenant_keys.manifest.locking import Locked, locked
from tenant_keys.manifest.reference import MarkersMissing, with_reference
from tenant_keys.manifest.schema import schema_text
from tenant_keys.policy.template_size import reserved_sizes

COULD_NOT_RUN = 1
TO_MEND = 2
CODES = "Exit codes: 0 nothing to mend, 1 could not run, 2 something to mend."

ManifestPath = Annotated[Path, typer.Option("--manifest", help="The manifest; the lock stands beside it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]
TENANTS, SCHEMA, PAGE = Path("tenants.yaml"), Path("docs/tenants.schema.json"), Path("docs/manifest.md")


def register(app: typer.Typer) -> None:
    """Add the commands to the main program."""
    app.command("lock", epilog=CODES)(lock_command)
    app.command("validate", epilog=CODES)(validate_command)
    app.command("schema", epilog=CODES)(schema_command)


def lock_command(
    manifest: ManifestPath = TENANTS,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; fail if there is something to do.")] = False,
    base: Annotated[
        str | None, typer.Option("--base", metavar="REV", help="Also check the lock against the merge base with REV.")
    ] = None,
    rebase: Annotated[
        bool, typer.Option("--rebase", help="After a merge: one line per id, no overfull cell. Moves nothing deployed.")
    ] = False,
    record: Annotated[
        bool,
        typer.Option("--record", help="Ask AWS for the ids of deployed multi-Region keys; replicas wait for them."),
    ] = False,
    take_back: Annotated[
        list[str] | None,
        typer.Option("--take-back", metavar="ID", help="Forget a tenant of which nothing was merged or deployed."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Record in tenants.lock where each tenant of the manifest lives; nothing that it has is ever moved."""
    if record:
        if check or rebase or dry_run or base:
            raise typer.BadParameter("--record stands alone: it writes what AWS says, and nothing else")
        _record(manifest, as_json=as_json)
        return
    if take_back:
        if check or rebase or dry_run:
            raise typer.BadParameter("--take-back goes with --base alone")
        _take_back(manifest, take_back, base, as_json=as_json)
    with _problems_told(as_json=as_json):
        result = locked(manifest, reserved_sizes, base=base, rebase=rebase)
        if not (check or dry_run):
            result.write()
        _tell(result, manifest, only_said=check or dry_run, check=check, as_json=as_json)
    if check and result.changed:
        raise typer.Exit(TO_MEND)


def _record(manifest: Path, *, as_json: bool) -> None:
    from botocore.exceptions import BotoCoreError, ClientError

    from tenant_keys.operations.record_key_ids import record

    try:
        found = record(manifest)
    except (BotoCoreError, ClientError) as error:
        typer.echo(f"AWS: {error}; nothing is written; use credentials of the key account", err=True)
        raise typer.Exit(COULD_NOT_RUN) from None
    if as_json:
        waiting = {"not_deployed": list(found.not_deployed), "not_enabled": found.not_enabled}
        typer.echo(json.dumps({"recorded": found.key_ids, **waiting}, indent=1))
        return
    for tenant, key_id in found.key_ids.items():
        typer.echo(f"recorded {key_id} of {tenant}")
    for tenant in found.not_deployed:
        typer.echo(f"{tenant} is not deployed yet; deploy its cell, then record again")
    for tenant, state in found.not_enabled.items():
        typer.echo(f"the key of {tenant} is {state}; KMS replicates only what is Enabled: record again later")
    if not (found.key_ids or found.not_deployed or found.not_enabled):
        typer.echo("no multi-Region key waits to be recorded")


def _tell(result: Locked, manifest: Path, *, only_said: bool, check: bool, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"done": result.done, "changed": result.changed, "problems": []}, indent=1))
        return
    for line in result.done:
        typer.echo(f"to do: {line}" if only_said else line)
    name = result.path.name
    if not result.changed:
        typer.echo(f"{name} matches {manifest.name}: {result.summary}")
    elif check:
        typer.echo(f"{name} does not match {manifest.name}; run tenant-keys lock", err=True)
    else:
        typer.echo(f"{name} {'would be' if only_said else 'is'} up to date: {result.summary}")


def _take_back(manifest: Path, tenants: list[str], base: str | None, *, as_json: bool) -> None:
    from botocore.exceptions import BotoCoreError, ClientError

    from tenant_keys.operations.errors import TakeBackRefused
    from tenant_keys.operations.take_back import take_back

    with _problems_told(as_json=as_json):
        try:
            take_back(manifest.with_suffix(".lock"), tenants, base)
        except TakeBackRefused as refused:
            typer.echo(str(refused), err=True)
            raise typer.Exit(TO_MEND) from None
        except (BotoCoreError, ClientError) as error:
            typer.echo(f"AWS: {error}; nothing is written; use credentials of a reader in the key account", err=True)
            raise typer.Exit(COULD_NOT_RUN) from None
    if not as_json:
        for tenant in tenants:
            typer.echo(f"took back {tenant}: nothing of it was merged or deployed")


def validate_command(manifest: ManifestPath = TENANTS, as_json: AsJson = False) -> None:
    """Check the manifest alone, and print every error at once or one line about it."""
    with _problems_told(as_json=as_json):
        found = load_manifest(manifest)
        states = Counter(tenant.state for tenant in found.tenants.values())
        if as_json:
            typer.echo(json.dumps({"tenants": dict(states), "workloads": sorted(found.workloads), "problems": []}))
        else:
            by_state = ", ".join(f"{number} {state}" for state, number in states.most_common())
            typer.echo(
                f"{manifest.name} is valid: {_counted(len(found.tenants), 'tenant')} ({by_state}), "
                f"{_counted(len(found.workloads), 'workload')}, {_counted(len(found.central.regions), 'Region')}"
            )


def schema_command(
    check: Annotated[bool, typer.Option("--check", help="Change nothing; fail if a file is out of date.")] = False,
    schema: Annotated[Path, typer.Option(help="Where the JSON Schema stands.")] = SCHEMA,
    page: Annotated[Path, typer.Option(help="The page with the reference of every field.")] = PAGE,
) -> None:
    """Write the JSON Schema and the reference of every field, both generated from the model."""
    try:
        wanted = {schema: schema_text(), page: with_reference(page.read_text(encoding="utf-8"))}
        stale = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
        if not check:
            for path in stale:
                path.write_text(wanted[path], encoding="utf-8")
    except (OSError, MarkersMissing) as error:
        typer.echo(f"{page.name}: {error}", err=True)
        raise typer.Exit(COULD_NOT_RUN) from None
    for path in stale:
        typer.echo(f"{path}: {'out of date; run tenant-keys schema' if check else 'written'}", err=check)
    if check and stale:
        raise typer.Exit(TO_MEND)


@contextmanager
def _problems_told(*, as_json: bool) -> Iterator[None]:
    try:
        yield
    except EstateError as error:
        if as_json:
            typer.echo(json.dumps({"problems": [_as_json(p) for p in error.problems], "more": error.more}, indent=1))
        else:
            typer.echo(str(error), err=True)
            typer.echo(f"{_counted(len(error.problems) + error.more, 'problem')}", err=True)
        raise typer.Exit(TO_MEND if _of_content(error.problems) else COULD_NOT_RUN) from None
    except (GitError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(COULD_NOT_RUN) from None


def _of_content(problems: Iterable[Problem]) -> bool:
    """Whether there is something to mend in a file, rather than no file to read."""
    return any(problem.line or problem.path for problem in problems)


def _as_json(problem: Problem) -> dict[str, object]:
    path = list(problem.path)
    return {"file": problem.file, "line": problem.line, "path": path, "message": problem.message, "text": str(problem)}


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
