"""`tenant-keys tenant offboard`: from the edits of the manifest to the certificate, one command for every step."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tenant_keys.cli.tenant_options import (
    CODES,
    NOT_CONFIRMED,
    TENANTS,
    AsJson,
    DryRun,
    Id,
    ManifestPath,
    finish,
    tenants,
)
from tenant_keys.manifest import load_manifests, read_lock
from tenant_keys.operations.offboarding.remaining import after_offboarded, after_offboarding
from tenant_keys.operations.tenant_edit import plan_state
from tenant_keys.operations.transitions import Verb

if TYPE_CHECKING:
    from tenant_keys.operations.offboarding.departing import Departing


@tenants.command(epilog=CODES)
def offboard(
    tenant: Id,
    final: Annotated[
        bool, typer.Option("--final", help="Set the state to offboarded, after offboarding was deployed.")
    ] = False,
    shred: Annotated[bool, typer.Option("--shred", help="Delete imported key material in every Region.")] = False,
    cancel: Annotated[bool, typer.Option("--cancel", help="Cancel a scheduled deletion.")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Confirm; without this option the command changes nothing.")
    ] = False,
    evidence: Annotated[Path | None, typer.Option(help="Evidence file; TENANT.evidence.json by default.")] = None,
    records: Annotated[Path | None, typer.Option(help="CloudTrail records, for a deletion over 90 days ago.")] = None,
    manifest: ManifestPath = TENANTS,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Offboard a tenant. Run the command for each step: it reads the state of the tenant's key from AWS.

    First edit the manifest twice: offboarding (removes roles, disables the key), then --final (key leaves its stack).
    Then: last use, and with --yes disabling, evidence, deletion by break-glass and certificate.
    """
    if sum((final, shred, cancel)) > 1:
        raise typer.BadParameter("--final, --shred and --cancel: got more than one; give one")
    confirmed = yes and not dry_run
    if final or not _leaves(manifest, tenant):
        verb: Verb = "offboard --final" if final else "offboard"
        edit = plan_state(manifest, tenant, verb)
        leaving = edit.before.by_manifest_id[tenant]
        remaining = (after_offboarded if final else after_offboarding)(leaving, edit.before)
        finish(edit, dry_run=dry_run, confirmed=yes, as_json=as_json, remaining=remaining)
        return
    from tenant_keys.operations.offboarding.departing import departing

    who = departing(manifest, tenant)
    file = evidence or manifest.parent / f"{tenant}.evidence.json"
    act = _shred if shred else _cancel if cancel else _go_on
    document, waits = act(who, file, records, confirmed=confirmed, say=_say(as_json=as_json))
    if as_json:
        typer.echo(json.dumps(document, indent=1, default=lambda value: value.isoformat()))
    if waits and not yes and not dry_run:
        typer.echo("nothing is done; confirm with --yes", err=True)
        raise typer.Exit(NOT_CONFIRMED)


def _leaves(manifest: Path, tenant: str) -> bool:
    """Whether both edits, or the first, are made: from here on AWS is asked."""
    every = {name: one for each in load_manifests(manifest).values() for name, one in each.tenants.items()}
    entry = read_lock(manifest.with_suffix(".lock")).entries.get(tenant)
    declared = every.get(tenant)
    return entry is not None and entry.phase is not None and (declared is None or declared.state == entry.phase)


_Done = tuple[dict[str, Any], bool]
"""What JSON shows, and whether an act waits for --yes."""


def _go_on(who: Departing, file: Path, records: Path | None, *, confirmed: bool, say: Any) -> _Done:
    from tenant_keys.operations.offboarding.certificate import certify, possible_arns, readable, write_certificate
    from tenant_keys.operations.offboarding.deletion import schedule
    from tenant_keys.operations.offboarding.events import look_up, read_records
    from tenant_keys.operations.offboarding.evidence import read_evidence, write_evidence
    from tenant_keys.operations.offboarding.keys import boto3_client, check_owners, locate, read_keys
    from tenant_keys.operations.offboarding.outlook import CAVEATS, next_steps, outlook_of

    recorded = read_evidence(file, who)
    located = locate(who, recorded.keys, boto3_client)
    check_owners(located, who, boto3_client)
    keys = read_keys(located, boto3_client)
    if not keys and confirmed:
        arns = possible_arns(who, located.gone)
        found = [*look_up(arns, boto3_client), *(read_records(records, arns) if records else ())]
        complete = recorded.with_found((), found)
        write_evidence(file, complete)
        certificate = certify(who, located, complete, evidence_file=file, now=datetime.now(UTC))
        for path in write_certificate(file.with_name(f"{who.tenant}.certificate.json"), certificate):
            say(f"written: {path}")
        say(readable(certificate))
        return certificate, False
    for key in keys:
        for line in outlook_of(key):
            say(line)
    for arn in located.gone:
        say(f"{arn.split(':')[3]}: deleted, {arn}")
    if any(not key.scheduled for key in keys):
        say("what last use means:")
        for caveat in CAVEATS:
            say(f"  - {caveat}")
    waits = who.phase == "offboarded" and (not keys or any(not key.scheduled for key in keys))
    if confirmed and waits:
        schedule(who, file, boto3_client, say=say)
        say(f"written: {file}; keep it: the certificate needs it when the key is gone")
        located = locate(who, recorded.keys, boto3_client)
        keys = read_keys(located, boto3_client)
    steps = next_steps(who, keys, located.gone)
    say("next:")
    for step in steps:
        say(f"  {step}")
    shown = {"tenant": who.tenant, "phase": who.phase, "keys": [asdict(key) for key in keys], "gone": located.gone}
    return {**shown, "next": steps}, waits


def _shred(who: Departing, file: Path, _records: Path | None, *, confirmed: bool, say: Any) -> _Done:
    from tenant_keys.operations.offboarding.deletion import shred, to_shred
    from tenant_keys.operations.offboarding.evidence import read_evidence
    from tenant_keys.operations.offboarding.keys import boto3_client

    recorded = read_evidence(file, who)
    doomed = to_shred(who, recorded, boto3_client)
    if not doomed:
        say("nothing to shred: AWS KMS holds no imported material of this tenant")
    elif confirmed:
        shred(who, recorded, boto3_client, say=say)
    else:
        for arn, material in doomed:
            say(f"would delete key material {material.id} in {arn.split(':')[3]}")
    materials = [{"key": arn, "material": material.id} for arn, material in doomed]
    return {"tenant": who.tenant, "shredded": confirmed, "materials": materials}, bool(doomed)


def _cancel(who: Departing, file: Path, _records: Path | None, *, confirmed: bool, say: Any) -> _Done:
    from tenant_keys.operations.offboarding.deletion import cancel
    from tenant_keys.operations.offboarding.evidence import read_evidence
    from tenant_keys.operations.offboarding.keys import PENDING, boto3_client, locate

    recorded = read_evidence(file, who)
    if confirmed:
        cancel(who, recorded, boto3_client, say=say)
        say("the key is in no stack; to give it to a tenant again, under another id: docs/adopt.md")
    located = locate(who, recorded.keys, boto3_client)
    for one in located.metadata:
        say(f"{one['Arn'].split(':')[3]}: {one['KeyState']}, {one['Arn']}")
    states = {one["Arn"]: one["KeyState"] for one in located.metadata}
    return {"tenant": who.tenant, "keys": states}, any(state in PENDING for state in states.values())


def _say(*, as_json: bool) -> Any:
    return lambda line: typer.echo(line, err=as_json)
