"""`tenant-keys plan`: the order, the concurrency and the duration of a deployment, before it begins."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tenant_keys.manifest import Estate
    from tenant_keys.operations.rollout.work import StackWork

INCOMPLETE = 2


def register(app: typer.Typer) -> None:
    """Add the command to the main program."""
    app.command("plan")(plan_command)


def plan_command(
    directory: Annotated[Path, typer.Argument(help="The cloud assembly to deploy.")] = Path("cdk.out"),
    manifest: Annotated[Path, typer.Option(help="The manifest; its lock is beside it.")] = Path("tenants.yaml"),
    account: Annotated[str | None, typer.Option(help="Only this account.")] = None,
    deployed: Annotated[
        Path | None,
        typer.Option(help="Folder that tenant-keys deployed wrote; without it, nothing counts as deployed."),
    ] = None,
    tenants: Annotated[
        int | None,
        typer.Option(
            min=1, max=100_000, help="What-if: plan this number of new tenants of the same mix; reads no assembly."
        ),
    ] = None,
    *,
    concurrency: Annotated[
        bool, typer.Option("--concurrency", help="Print only the number for cdk deploy --concurrency.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print which stacks a deployment changes, in which order, how many at a time, and how long it takes.

    The command calls no AWS API. A simulation deploys the stacks at the rates that AWS documents, and finds the
    concurrency. The duration does not include the CDK CLI's uploads and change sets. After a failed deployment,
    tenant-keys deployed ACCOUNT and plan --account ACCOUNT --deployed deployed show what remains; that folder
    contains the other accounts' stacks from the assembly.
    Exit codes: 0 planned, 2 the calls of a resource are not known (0 with --concurrency), 1 could not run.
    """
    from tenant_keys.manifest import load_estate, load_estates
    from tenant_keys.operations.rollout.describe import as_document, as_lines
    from tenant_keys.operations.rollout.plan import plan
    from tenant_keys.review.assembly import Assembly

    if tenants is not None and deployed is not None:
        raise typer.BadParameter(
            "--tenants: allowed without an assembly and without --deployed; leave out one of the two"
        )
    if tenants is not None:
        stacks = _what_if(load_estate(manifest), tenants)
        _need_account(account, {stack.account for stack in stacks}, "the plan of new tenants")
    else:
        stacks = _of_assembly(load_estates(manifest), directory, deployed)
        _need_account(account, {artifact.account for artifact in Assembly.open(directory).artifacts}, str(directory))
    plans = plan([stack for stack in stacks if account in (None, stack.account)])
    if concurrency:
        typer.echo(max((one.concurrency for one in plans), default=1))
        return
    if as_json:
        typer.echo(json.dumps(as_document(plans), indent=1))
    else:
        for line in as_lines(plans):
            typer.echo(line)
    raise typer.Exit(INCOMPLETE if any(one.unknown for one in plans) else 0)


def _need_account(account: str | None, held: set[str], where: str) -> None:
    from tenant_keys.operations.errors import OperationError

    if account is not None and account not in held:
        allowed = ", ".join(sorted(held)) or "none"
        raise OperationError(
            f"--account: {where} has no stack of account {account}, but of {allowed}; name one of these"
        )


def _what_if(estate: Estate, tenants: int) -> list[StackWork]:
    from tenant_keys.operations.rollout.what_if import work_of_new_tenants

    try:
        return work_of_new_tenants(estate, tenants)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _of_assembly(estates: tuple[Estate, ...], directory: Path, deployed: Path | None) -> list[StackWork]:
    from tenant_keys.operations.errors import OperationError
    from tenant_keys.operations.rollout.work import missing_cells, work_of_assembly

    if missing := [cell for estate in estates for cell in missing_cells(estate, directory)]:
        raise OperationError(
            f"{directory}: has no stack {', '.join(missing)}, in which tenants.lock places keys; run cdk synth"
        )
    return work_of_assembly(directory, deployed)
