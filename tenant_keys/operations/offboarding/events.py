"""What CloudTrail recorded of a tenant's keys: who disabled them, scheduled their deletion, and when AWS deleted them.

Looked up by event name, since a key in use has too many events: of 90 days, in each Region (CloudTrail API reference,
LookupEvents). The names: AWS KMS guide, ct-disable-key, ct-schedule-key-deletion, ct-delete-key and their neighbours.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tenant_keys.operations.errors import OperationError
from tenant_keys.operations.offboarding.keys import ClientOf

NAMES: Final = (
    "DisableKey",
    "DeleteImportedKeyMaterial",
    "ScheduleKeyDeletion",
    "CancelKeyDeletion",
    "DeleteKey",
)
"""DeleteKey is a service event: AWS KMS did it when the window was over."""


@dataclass(frozen=True, slots=True)
class KeyEvent:
    """One successful call, or AWS's own deletion."""

    key_arn: str
    name: str
    id: str
    time: str
    """As CloudTrail writes it, UTC."""
    who: str
    """The caller's ARN, or AWS."""
    material: str | None = None
    """Of DeleteImportedKeyMaterial: the material's id."""


class EventFileUnusable(OperationError):
    """Raised when a file of CloudTrail records cannot be read."""


def look_up(arns: Collection[str], client_of: ClientOf) -> list[KeyEvent]:
    """Every event of `NAMES` about these keys that the event history of their Regions holds, oldest first.

    Raises:
        botocore.exceptions.ClientError: AWS refused; cloudtrail:LookupEvents is needed.
    """
    found: list[KeyEvent] = []
    for region in dict.fromkeys(arn.split(":")[3] for arn in arns):
        pages = client_of("cloudtrail", region).get_paginator("lookup_events")
        for name in NAMES:
            for page in pages.paginate(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": name}]):
                for event in page["Events"]:
                    found += _about(json.loads(event["CloudTrailEvent"]), arns)
    return sorted(found, key=lambda event: event.time)


def read_records(path: Path, arns: Collection[str]) -> list[KeyEvent]:
    """The same from a file of a trail's bucket, unpacked: for events older than the event history.

    Raises:
        EventFileUnusable: it is no such file.
    """
    try:
        records = json.loads(path.read_text(encoding="utf-8"))["Records"]
        return sorted((one for record in records for one in _about(record, arns)), key=lambda event: event.time)
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise EventFileUnusable(
            f"{path}: expected CloudTrail records ({type(problem).__name__}); unpack it first"
        ) from None


def _about(record: Mapping[str, Any], arns: Collection[str]) -> Iterator[KeyEvent]:
    if record.get("eventSource") != "kms.amazonaws.com" or record["eventName"] not in NAMES or record.get("errorCode"):
        return
    identity = record.get("userIdentity") or {}
    for resource in record.get("resources") or ():
        if resource.get("ARN") in arns:
            yield KeyEvent(
                resource["ARN"],
                record["eventName"],
                record["eventID"],
                record["eventTime"],
                identity.get("arn") or identity.get("invokedBy") or "unknown",
                (record.get("requestParameters") or {}).get("keyMaterialId"),
            )
