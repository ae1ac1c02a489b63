"""`tenant-keys held`: keys that tenants hold in accounts of their own, step by step."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tenant_keys.operations.errors import OperationError

if TYPE_CHECKING:
    from tenant_keys.manifest import Estate, Tenant, Workload
    from tenant_keys.operations.held import Probe

NOT_DONE = 2
CODES = "Exit codes: 0 done, 1 could not run, 2 refuted, or not in use yet."
TENANTS = Path("tenants.yaml")
Id = Annotated[str, typer.Argument(help="The tenant's id.")]
ManifestPath = Annotated[Path, typer.Option("--manifest", help="The manifest; the lock is beside it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

app = typer.Typer(
    help="Use keys that tenants hold in accounts of their own: register, verify, activate, deregister.",
    no_args_is_help=True,
)


def register(main: typer.Typer) -> None:
    """Add the commands to the main program."""
    main.add_typer(app, name="held")


@app.command("register", epilog=CODES)
def register_command(tenant: Id, manifest: ManifestPath = TENANTS, as_json: AsJson = False) -> None:
    """Print the statements that the tenant adds to its key's policy, with a nonce that proves the tenant's control."""
    from tenant_keys.operations import held
    from tenant_keys.policy.held_key import owner_statements

    nonce = held.register(manifest, tenant)
    estate, found, key = held.held_key(manifest, tenant)
    statements = owner_statements(found, estate, nonce)
    if as_json:
        typer.echo(json.dumps({"nonce": nonce, "arns": dict(key.registered), "statements": statements}, indent=1))
        return
    for region, arn in key.registered.items():
        typer.echo(f"{region}: {arn}", err=True)
    typer.echo("add these statements to the policy of each key; keep the existing ones", err=True)
    typer.echo(json.dumps(statements, indent=2))


@app.command(epilog=CODES)
def verify(
    tenant: Id,
    workload: Annotated[
        str | None, typer.Option(help="Workload whose access role makes the calls; by default the tenant's first.")
    ] = None,
    own_session: Annotated[
        bool, typer.Option("--own-session", help="The credentials already belong to a session of the access role.")
    ] = False,
    manifest: ManifestPath = TENANTS,
    as_json: AsJson = False,
) -> None:
    """Verify by dry runs that the tenant controls its keys, with credentials of the workload's role. Deploy first."""
    from tenant_keys.operations import held

    estate, found, key = held.held_key(manifest, tenant)
    if key.nonce is None:
        raise OperationError(f"tenants.{tenant}: no registration in progress; run `tenant-keys held register` first")
    served = {one.name: one for one in found.workloads}
    asking = served.get(workload or next(iter(served), ""))
    if asking is None:
        raise OperationError(f"{workload}: no workload of tenant {tenant}; it has {', '.join(served) or 'none'}")
    probes = held.verify(found, key, asking, _clients(found, asking, estate, own_session=own_session))
    passed = all(probe.passed for probe in probes)
    if passed:
        held.record_verified(manifest, tenant)
    if as_json:
        typer.echo(json.dumps({"verified": passed, "probes": list(map(_row, probes))}, indent=1))
    else:
        _show(probes)
        typer.echo(
            "control of the key verified and recorded; next: `tenant-keys held activate`" if passed else "not verified"
        )
    if not passed:
        raise typer.Exit(NOT_DONE)


@app.command(epilog=CODES)
def activate(
    tenant: Id,
    replace: Annotated[
        bool, typer.Option("--replace", help="Confirm that the data of the keys that are active now was re-encrypted.")
    ] = False,
    manifest: ManifestPath = TENANTS,
) -> None:
    """Activate the verified keys: the workloads' parameters name them after the next deployment."""
    from tenant_keys.operations import held

    before = held.activate(manifest, tenant, replacing=replace)
    was = ", ".join(sorted(before.active.values())) or "none"
    typer.echo(f"active from the next deployment: {', '.join(before.registered.values())}; before: {was}")


@app.command(epilog=CODES)
def deregister(tenant: Id, manifest: ManifestPath = TENANTS) -> None:
    """Cancel a registration. Active keys stay active."""
    from tenant_keys.operations import held

    done = held.deregister(manifest, tenant)
    _, _, key = held.held_key(manifest, tenant)
    typer.echo("registration removed" if done else "no registration is in progress; nothing is changed")
    active = ", ".join(sorted(key.active.values())) or "nothing"
    typer.echo(f"active as before: {active}")


@app.command(epilog=CODES)
def status(tenant: Id, manifest: ManifestPath = TENANTS, as_json: AsJson = False) -> None:
    """Print which keys are registered, verified and active. Exit code 2: none is active."""
    from tenant_keys.operations import held

    _, _, key = held.held_key(manifest, tenant)
    rows = {"registered": key.registered, "verified": key.verified, "active": key.active}
    if as_json:
        shown = {name: dict(arns) for name, arns in rows.items()}
        typer.echo(json.dumps({**shown, "nonce": key.nonce, "grace_minutes": key.grace_minutes}, indent=1))
    else:
        for name, arns in rows.items():
            for region, arn in sorted(arns.items()) or [("", "none")]:
                typer.echo(f"{name:<10}  {region:<14}  {arn}")
        typer.echo(f"while KMS cannot be reached, clients continue for {key.grace_minutes} minutes")
    if not key.active:
        raise typer.Exit(NOT_DONE)


def _clients(tenant: Tenant, workload: Workload, estate: Estate, *, own_session: bool) -> Callable[[str], Any]:
    """KMS clients of the tenant's access role, which the credentials at hand assume or already are."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    from tenant_keys.policy.names import TENANT_TAG, shared_role_arn, tenant_role_arn, workload_role_arn

    if own_session:
        return lambda region: boto3.client("kms", region_name=region)
    if workload.access == "web-identity":
        raise OperationError(
            f"{workload.name}: its sessions need a token; use the credentials of such a session, and give --own-session"
        )
    given: dict[str, Any] = {"RoleArn": tenant_role_arn(tenant.id, workload, estate)}
    if workload.access == "session-tag":
        tags = [{"Key": TENANT_TAG, "Value": tenant.id}]
        given = {"RoleArn": shared_role_arn(workload, estate), "Tags": tags}
    sts = boto3.client("sts", region_name=estate.central.home_region)
    try:
        found = sts.assume_role(RoleSessionName="tenant-keys-held", **given)["Credentials"]
    except (BotoCoreError, ClientError) as error:
        own = workload_role_arn(workload, estate)
        raise OperationError(
            f"workload {workload.name}: {error}; use credentials of {own}, or name another with --workload"
        ) from None
    session = boto3.Session(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
    return lambda region: session.client("kms", region_name=region)


def _row(probe: Probe) -> dict[str, object]:
    found = {name: getattr(probe, name) for name in ("region", "arn", "what", "expected", "got")}
    return {**found, "passed": probe.passed, **({} if probe.passed else {"fix": probe.fix})}


def _show(probes: list[Probe]) -> None:
    for probe in probes:
        typer.echo(f"{'ok ' if probe.passed else 'NOT'} {probe.region}  {probe.what}: {probe.got}")
        if not probe.passed:
            typer.echo(f"      expected {probe.expected}; {probe.fix}")
