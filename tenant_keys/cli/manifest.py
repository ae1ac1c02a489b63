"""`tenant-keys lock`, `validate` and `schema`: the manifest and what is recorded of it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tenant_keys.manifest import manifests_and_warnings

if TYPE_CHECKING:
    from tenant_keys.manifest.bring_up_to_date import Locked

TO_CORRECT = 2
CODES = "Exit codes: 0 nothing to correct, 1 could not run, 2 something to correct."

ManifestPath = Annotated[Path, typer.Option("--manifest", help="The manifest; the lock is beside it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
TENANTS = Path("tenants.yaml")


def register(app: typer.Typer) -> None:
    """Add the commands to the main program."""
    app.command("lock", epilog=CODES)(lock_command)
    app.command("validate", epilog=CODES)(validate_command)
    app.command("schema")(schema_command)


def lock_command(
    manifest: ManifestPath = TENANTS,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; fail if the lock is not up to date.")] = False,
    base: Annotated[
        str | None, typer.Option("--base", metavar="REV", help="Also check the lock against the merge base with REV.")
    ] = None,
    merge: Annotated[
        bool,
        typer.Option(
            "--merge",
            help="After a git merge: keep one line per id, and no overfull cell. Moves nothing that is deployed.",
        ),
    ] = False,
    record: Annotated[
        bool,
        typer.Option("--record", help="Ask AWS for the ids of deployed multi-Region keys; replicas wait for them."),
    ] = False,
    take_back: Annotated[
        list[str] | None,
        typer.Option(
            "--take-back", metavar="ID", help="Remove the line of a tenant that was never merged or deployed."
        ),
    ] = None,
    correct_region: Annotated[
        str | None,
        typer.Option(
            "--correct-region", metavar="WRONG=RIGHT", help="Replace a Region of the lock that AWS does not have."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the changes, and make none.")] = False,
    as_json: AsJson = False,
) -> None:
    """Record the stack of each tenant's key and roles in tenants.lock. No key or role moves later."""
    from tenant_keys.manifest.bring_up_to_date import bring_up_to_date
    from tenant_keys.policy.template_size import reserved_sizes

    if record:
        if check or merge or dry_run or base or correct_region:
            raise typer.BadParameter("--record accepts no other option: it writes only what AWS returns")
        _record(manifest, as_json=as_json)
        return
    if take_back:
        if check or merge or dry_run or correct_region:
            raise typer.BadParameter("--take-back: allowed with --base only")
        _take_back(manifest, take_back, base, as_json=as_json)
    result = bring_up_to_date(
        manifest, reserved_sizes, base=base, merge=merge, correction=_correction(correct_region, merge=merge)
    )
    if not (check or dry_run):
        result.write()
    _tell(result, manifest, only_said=check or dry_run, check=check, as_json=as_json)
    if check and result.changed:
        raise typer.Exit(TO_CORRECT)


def _correction(option: str | None, *, merge: bool) -> tuple[str, str] | None:
    if option is None:
        return None
    wrong, equals, right = option.partition("=")
    if not (wrong and equals and right) or merge:
        got = "got --merge too, which is not allowed here" if merge else f"got {option}"
        raise typer.BadParameter(
            f"{got}; allowed: WRONG=RIGHT, such as eu-west-9=eu-west-1", param_hint="--correct-region"
        )
    return wrong, right


def _record(manifest: Path, *, as_json: bool) -> None:
    from botocore.exceptions import BotoCoreError, ClientError

    from tenant_keys.operations.errors import OperationError
    from tenant_keys.operations.record_key_ids import record

    try:
        found = record(manifest)
    except (BotoCoreError, ClientError) as error:
        raise OperationError(f"AWS: {error}; nothing is written; use credentials of the key account") from None
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
        typer.echo("no multi-Region key is left to record")


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

    from tenant_keys.operations.errors import OperationError
    from tenant_keys.operations.take_back import take_back

    try:
        take_back(manifest.with_suffix(".lock"), tenants, base)
    except (BotoCoreError, ClientError) as error:
        raise OperationError(
            f"AWS: {error}; nothing is written; use credentials of a reader of the key account"
        ) from None
    if not as_json:
        for tenant in tenants:
            typer.echo(f"removed the line of {tenant}, which was never merged or deployed")


def validate_command(manifest: ManifestPath = TENANTS, as_json: AsJson = False) -> None:
    """Check the manifest without the lock, and print every error, or a summary with warnings."""
    found, problems = manifests_and_warnings(manifest)
    warned = [str(problem) for problem in problems]
    states = Counter(tenant.state for one in found.values() for tenant in one.tenants.values())
    workloads = sorted(name for one in found.values() for name in one.workloads)
    regions = {region for one in found.values() for region in one.central.regions}
    if as_json:
        shown = {"tenants": dict(states), "workloads": workloads, "problems": [], "warnings": warned}
        typer.echo(json.dumps(shown))
        return
    for line in warned:
        typer.echo(f"warning: {line}", err=True)
    by_state = ", ".join(f"{number} {state}" for state, number in states.most_common())
    typer.echo(
        f"{manifest.name} is valid: {_counted(states.total(), 'tenant')} ({by_state}), "
        f"{_counted(len(workloads), 'workload')}, {_counted(len(regions), 'Region')}"
        + (f", {_counted(len(found), 'key account')}" if None not in found else "")
    )


def schema_command() -> None:
    """Print the JSON Schema by which an editor completes and checks tenants.yaml."""
    from tenant_keys.manifest.schema import schema_text

    typer.echo(schema_text(), nl=False)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
