"""The state of a leaving tenant's key, and what comes next, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from tenant_keys.operations.offboarding.deletion import day
from tenant_keys.operations.offboarding.departing import Departing
from tenant_keys.operations.offboarding.keys import DepartingKey

CAVEATS: Final = (
    "successful cryptographic operations alone, recorded up to an hour late, and by each Region's key for itself",
    "use of data keys outside KMS is not seen; software that works once a quarter may not have called yet",
    "so AWS advises to disable the key first, and to watch CloudTrail for the calls that it refuses",
)
"""Of the last use (AWS KMS guide, monitoring-keys-determining-usage)."""


def outlook_of(key: DepartingKey) -> Iterator[str]:
    """One key in lines that can be read aloud."""
    yield f"{key.region}: {key.kind} key, {key.state}, {key.arn}"
    use = key.last_use
    if use.at is None:
        yield f"  last use   none since {day(use.tracked_since)}, {_before(key)}"
    else:
        yield f"  last use   {day(use.at)}, {use.operation}, CloudTrail event {use.event_id}"
    if key.waiting_days:
        from_day = day(key.deletable_from)
        yield f"  waits      {key.waiting_days} days without use: the key policy allows a deletion from {from_day}"
    else:
        yield "  waits      for nothing: the key policy asks for no days without use"
    if key.imported:
        held = len(key.imported_materials)
        yield f"  material   imported; AWS KMS holds {held} of {len(key.materials)}"
    if key.deletion_date:
        yield f"  deletion   {day(key.deletion_date)}, up to 24 hours later"
    elif key.scheduled:
        yield "  deletion   once its replicas are deleted, after a window of its own"


def _before(key: DepartingKey) -> str:
    """What an empty record means (the guide's own distinction)."""
    if key.created >= key.last_use.tracked_since:
        return "when it was created"
    return "when AWS began to record; for earlier uses see CloudTrail"


def next_steps(who: Departing, keys: Sequence[DepartingKey], gone: Sequence[str]) -> list[str]:
    """What to do now, and as whom."""
    command = f"tenant-keys tenant offboard {who.tenant}"
    held = sum(len(key.imported_materials) for key in keys)
    shred = (
        [f"as the tenant's import role: {command} --shred --yes deletes {held} key materials in AWS KMS"]
        if held
        else []
    )
    enabled = [key.region for key in keys if key.state == "Enabled"]
    if who.phase == "offboarding":
        undeployed = [key.region for key in keys if key.state == "Enabled" and not key.imported]
        deploy = [f"the key is enabled in {', '.join(undeployed)}: deploy the tenant's stacks"] if undeployed else []
        return [*deploy, *shred, f"when nobody misses it: {command} --final --yes, and a deployment"]
    if not keys:
        return [f"{command} --yes writes the certificate"]
    waiting = [key for key in keys if not key.scheduled]
    if waiting:
        from_day = day(max(key.deletable_from for key in waiting))
        where = ", ".join(key.region for key in waiting)
        act = "disables the key, writes the evidence and" if enabled else "writes the evidence and"
        return [
            *shred,
            f"as {who.break_glass}, from {from_day}: {command} --yes",
            f"it {act} schedules the deletion in {where}, {who.window_days} days ahead",
        ]
    until = f"{len(gone)} of {len(keys) + len(gone)} keys are deleted; " if gone else ""
    return [
        *shred,
        f"{until}wait; to keep the key: {command} --cancel --yes, as an administrator or break-glass",
        f"when AWS KMS has deleted it everywhere: {command} --yes writes the certificate",
    ]
