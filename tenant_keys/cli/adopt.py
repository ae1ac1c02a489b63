"""`tenant-keys adopt`: existing keys become tenants' keys."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tenant_keys.manifest import load_estate


def register(app: typer.Typer) -> None:
    """Add the command to the main program."""
    app.command("adopt")(adopt_command)


def adopt_command(
    keys: Annotated[list[str], typer.Argument(metavar="TENANT=KEY_ARN...", help="The tenant and its existing key.")],
    manifest: Annotated[Path, typer.Option(help="The manifest, which already declares the tenants.")] = Path(
        "tenants.yaml"
    ),
    *,
    plan: Annotated[bool, typer.Option("--plan", help="Print the findings, and change nothing.")] = False,
    probe: Annotated[
        str | None,
        typer.Option(metavar="WORKLOAD", help="Ask KMS whether this workload may use the keys, with its credentials."),
    ] = None,
) -> None:
    """Bring existing keys into the estate: lock, alias and CloudFormation import, each key with its current policy.

    Run the command in the folder of `app.py`, with credentials of an administrator of the key account. After an
    interruption, run it again: it skips finished steps. Exit codes: 0 done, 2 a key cannot be adopted or does
    not answer, 1 could not run.
    """
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    from tenant_keys.operations.adopt import Adoption, AdoptionRefused
    from tenant_keys.operations.adopt.describe import describe
    from tenant_keys.operations.adopt.probe import probe as ask
    from tenant_keys.operations.errors import OperationError
    from tenant_keys.operations.revision import require_app, synthesize

    given = _pairs(keys)

    def client_of(service: str, region: str) -> Any:
        return boto3.client(service, region_name=region)  # type: ignore[call-overload]

    adoption = Adoption(manifest, given, client_of, lambda output: synthesize(Path.cwd(), output, manifest))
    if not (plan or probe):
        require_app(Path.cwd())
    try:
        if plan:
            for tenant, key in adoption.plan().items():
                typer.echo(describe(tenant, key))
            return
        if probe:
            estate = load_estate(manifest)
            for answered in ask(estate, probe, given, boto3.client("sts", region_name=estate.central.home_region)):
                typer.echo(answered)
            return
        for done in adoption.run():
            typer.echo(done)
    except AdoptionRefused as refused:
        typer.echo(str(refused), err=True)
        raise typer.Exit(2) from None
    except (BotoCoreError, ClientError) as error:
        raise OperationError(f"AWS: {error}; repeat the command, which resumes where it stopped") from None
    typer.echo(
        "adopted, each with its current policy. Next: deploy the access roles, let callers name alias/tenant-<id> with "
        "the context tenant_id, re-encrypt data without this context, then deploy the keys' stacks (docs/adopt.md)"
    )


def _pairs(keys: list[str]) -> dict[str, str]:
    given = dict(pair.partition("=")[::2] for pair in keys)
    if len(given) != len(keys) or not all(given.values()):
        raise typer.BadParameter("write each key as TENANT=KEY_ARN, and each tenant once")
    return given
