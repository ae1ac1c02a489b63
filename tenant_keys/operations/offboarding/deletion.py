"""The acts on a leaving tenant's keys: shred imported material, disable, schedule the deletion, cancel it.

Each reads from AWS what is there and does what is missing, so an act that was interrupted is finished by the same
command.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from tenant_keys.operations.byok.state import Material, materials_of
from tenant_keys.operations.errors import OperationError
from tenant_keys.operations.offboarding.departing import Departing
from tenant_keys.operations.offboarding.events import look_up
from tenant_keys.operations.offboarding.evidence import Evidence, read_evidence, write_evidence
from tenant_keys.operations.offboarding.keys import (
    PENDING,
    ClientOf,
    DepartingKey,
    check_owners,
    kind_of,
    locate,
    read_keys,
)

Say = Callable[[str], None]
"""Called with each act as it is done."""
_AGAIN: Final = "run the same command again: it continues from the state in AWS"


class DeletionRefused(OperationError):
    """Raised when AWS, or the tenant's phase, does not allow the next act; what is done stays done."""


@contextmanager
def explained(where: str, way_out: str) -> Iterator[None]:
    """Turn a denial of AWS into a sentence with the way out, and any other refusal into one that says to go on."""
    try:
        yield
    except ClientError as problem:
        code, said = problem.response["Error"]["Code"], problem.response["Error"].get("Message", "")
        raise DeletionRefused(f"{where}: {code}: {said}; {way_out if 'AccessDenied' in code else _AGAIN}") from None
    except BotoCoreError as problem:
        raise DeletionRefused(f"{where}: {problem}; {_AGAIN}") from None


def to_shred(who: Departing, recorded: Evidence, client_of: ClientOf) -> list[tuple[str, Material]]:
    """Each imported material that AWS KMS still holds, with its key's ARN: new material first, then replicas first.

    Deleting pending material at the primary deletes the replicas' too (API reference, DeleteImportedKeyMaterial).
    """
    located = locate(who, recorded.keys, client_of)
    found = [
        (one["Arn"], material)
        for one in reversed(located.metadata)
        if one.get("Origin") == "EXTERNAL"
        for material in materials_of(client_of("kms", one["Arn"].split(":")[3]), one["Arn"])
        if material.imported
    ]
    primary = located.metadata[0]["Arn"] if located.metadata else ""
    pending = [(arn, material) for arn, material in found if material.pending]
    of_primary = [(arn, material) for arn, material in pending if arn == primary]
    return [*(of_primary or pending), *((arn, material) for arn, material in found if not material.pending)]


def shred(who: Departing, recorded: Evidence, client_of: ClientOf, *, say: Say) -> None:
    """Delete every imported material in every Region; use of the key stops at once.

    It is no proof of destruction: anyone who has the bytes can import them again until the key itself is deleted.

    Raises:
        DeletionRefused: AWS refused; the key policy allows it to the tenant's import role alone.
    """
    for arn, material in to_shred(who, recorded, client_of):
        region = arn.split(":")[3]
        with explained(arn, "only the tenant's import role deletes key material; use its credentials"):
            client_of("kms", region).delete_imported_key_material(KeyId=arn, KeyMaterialId=material.id)
        say(f"{region}: deleted key material {material.id}")


def schedule(who: Departing, path: Path, client_of: ClientOf, *, say: Say) -> None:
    """Disable what is enabled, write the evidence to `path`, then schedule the deletion in every Region.

    The key that was used last comes first: if AWS KMS accepts its deletion it accepts the others'. A primary that has
    replicas waits for them, so it is scheduled at once and its own window begins by itself (AWS KMS guide,
    multi-region-keys-delete).

    Raises:
        DeletionRefused: the tenant is not offboarded, or AWS refused.
        EvidenceUnusable, KeyMismatch: the file is of another tenant, or a key is; nothing was done.
    """
    if who.phase != "offboarded":
        raise DeletionRefused(
            f"{who.tenant} is {who.phase}: its key is in a stack; first "
            f"tenant-keys tenant offboard {who.tenant} --final --yes, and a deployment"
        )
    evidence = read_evidence(path, who)
    located = locate(who, evidence.keys, client_of)
    check_owners(located, who, client_of)
    for one in located.metadata:
        if one["KeyState"] == "Enabled":
            region = one["Arn"].split(":")[3]
            with explained(one["Arn"], f"use credentials of {who.break_glass}"):
                client_of("kms", region).disable_key(KeyId=one["Arn"])
            say(f"{region}: disabled")
    keys = _record(who, path, client_of, events=True)
    for key in sorted(keys, key=lambda one: one.last_use.unused_since, reverse=True):
        if not key.scheduled:
            with explained(key.arn, _held_back(who, key)):
                answer = client_of("kms", key.region).schedule_key_deletion(
                    KeyId=key.arn, PendingWindowInDays=who.window_days
                )
            due = answer.get("DeletionDate")
            say(f"{key.region}: deletion scheduled, {f'for {day(due)}' if due else 'once the replicas are deleted'}")
    _record(who, path, client_of, events=False)


def _record(who: Departing, path: Path, client_of: ClientOf, *, events: bool) -> tuple[DepartingKey, ...]:
    evidence = read_evidence(path, who)
    located = locate(who, evidence.keys, client_of)
    keys = read_keys(located, client_of)
    found = look_up({*evidence.keys, *(key.arn for key in keys)}, client_of) if events else []
    write_evidence(path, evidence.with_found(keys, found))
    return keys


def _held_back(who: Departing, key: DepartingKey) -> str:
    """Of a denial: AWS does not say by which statement."""
    days = key.waiting_days
    policy = f", from {day(key.deletable_from)} on: {days} days after its last use" if days else ""
    return f"the key policy allows it to {who.break_glass} alone{policy}"


def cancel(who: Departing, recorded: Evidence, client_of: ClientOf, *, say: Say) -> None:
    """Cancel the deletion in every Region where it is pending. The keys stay disabled (CancelKeyDeletion).

    Raises:
        DeletionRefused: nothing is pending, or AWS refused.
        KeyMismatch: a key is another tenant's; nothing was done.
    """
    located = locate(who, recorded.keys, client_of)
    check_owners(located, who, client_of)
    pending = [one for one in located.metadata if one["KeyState"] in PENDING]
    if not pending:
        raise DeletionRefused(f"{who.tenant}: no deletion is pending; nothing was cancelled")
    for one in pending:
        region = one["Arn"].split(":")[3]
        with explained(one["Arn"], "the key policy allows it to administrators and break-glass"):
            client_of("kms", region).cancel_key_deletion(KeyId=one["Arn"])
        say(f"{region}: deletion of the {kind_of(one)} key cancelled; the key stays disabled")


def day(moment: datetime) -> str:
    """A date for people, UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
