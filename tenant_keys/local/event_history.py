"""CloudTrail's event history: what LookupEvents finds of calls to KMS and STS, and of what KMS does by itself.

Source: CloudTrail API reference, LookupEvents and Event; AWS KMS guide, ct-disable-key, ct-delete-key and the like.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tenant_keys.local.clock import Clock
from tenant_keys.local.emulator import application, scopes
from tenant_keys.local.kms.due_changes import apply_due_changes
from tenant_keys.local.kms.store import Store

KEPT: Final = timedelta(days=90)
MOST: Final = 20_000
"""Events that are kept; AWS keeps all of 90 days."""
PAGE: Final = 50
_TARGET: Final = "CloudTrail_20131101.LookupEvents"


@dataclass(frozen=True, slots=True)
class _Event:
    at: datetime
    account: str
    region: str
    record: Mapping[str, Any]


class EventHistory:
    """The newest events of all accounts and Regions."""

    def __init__(self, clock: Clock, store: Store) -> None:
        self._clock, self._store = clock, store
        self._events: deque[_Event] = deque(maxlen=MOST)

    def clear(self) -> None:
        self._events.clear()

    def keep(self, account: str, region: str, record: Mapping[str, Any]) -> None:
        """A record that CloudTrail delivers to an account."""
        self._events.append(_Event(self._clock.now(), account, region, record))

    def look_up(self, account: str, region: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """LookupEvents, newest first."""
        now = self._clock.now()
        for key in self._store.all_keys():
            apply_due_changes(key, self._store, now)
        wanted = {each["AttributeKey"]: each["AttributeValue"] for each in given.get("LookupAttributes") or ()}
        first = max(now - KEPT, _moment(given.get("StartTime")) or now - KEPT)
        last = _moment(given.get("EndTime")) or now
        found = [
            event
            for event in (*self._events, *self._by_kms())
            if (event.account, event.region) == (account, region)
            and first <= event.at <= last
            and _matches(event.record, wanted)
        ]
        found.sort(key=lambda event: event.at, reverse=True)
        start = int(given.get("NextToken") or 0)
        size = min(int(given.get("MaxResults") or PAGE), PAGE)
        answer: dict[str, Any] = {"Events": [_shown(event) for event in found[start : start + size]]}
        return answer | ({"NextToken": str(start + size)} if len(found) > start + size else {})

    def _by_kms(self) -> Iterator[_Event]:
        """What KMS itself did when time was up: service events."""
        for one in self._store.service_events:
            record = {
                "eventVersion": "1.11",
                "userIdentity": {"accountId": one.account, "invokedBy": "AWS Internal"},
                "eventTime": _utc(one.at),
                "eventSource": "kms.amazonaws.com",
                "eventName": one.name,
                "awsRegion": one.region,
                "requestParameters": None,
                "eventID": one.event_id,
                "eventType": "AwsServiceEvent",
                "resources": [_resource(one.arn)],
                **({"serviceEventDetails": {"keyId": one.arn, "keyMaterialId": one.material}} if one.material else {}),
                "recipientAccountId": one.account,
                "managementEvent": True,
            }
            yield _Event(one.at, one.account, one.region, record)


class CloudTrailApi:
    """Answers LookupEvents, and leaves every other operation to ministack."""

    def __init__(self, history: EventHistory) -> None:
        self._history = history
        self._inner = application.service_handler("cloudtrail")

    async def answer(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, query: Mapping[str, Any]
    ) -> tuple[int, dict[str, str], bytes]:
        """The answer to a request that the evaluator allowed."""
        target = {name.lower(): value for name, value in headers.items()}.get("x-amz-target", "")
        if not target.endswith(_TARGET):
            return await self._inner(method, path, headers, body, query)
        account, region = scopes.current_scope()
        answer = self._history.look_up(account, region, json.loads(body or b"{}"))
        return 200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(answer).encode()


def _matches(record: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    """Of one attribute: AWS takes no more."""
    held = {
        "EventName": [record["eventName"]],
        "EventId": [record["eventID"]],
        "EventSource": [record["eventSource"]],
        "ResourceName": [each["ARN"] for each in record["resources"]],
    }
    return all(value in held.get(name, ()) for name, value in wanted.items())


def _shown(event: _Event) -> dict[str, Any]:
    record = event.record
    return {
        "EventId": record["eventID"],
        "EventName": record["eventName"],
        "EventTime": event.at.timestamp(),
        "EventSource": record["eventSource"],
        "Username": record["userIdentity"].get("arn", "").rpartition("/")[2],
        "Resources": [{"ResourceType": each["type"], "ResourceName": each["ARN"]} for each in record["resources"]],
        "CloudTrailEvent": json.dumps(record),
    }


def _resource(arn: str) -> dict[str, str]:
    return {"type": "AWS::KMS::Key", "ARN": arn}


def _moment(given: Any) -> datetime | None:
    return None if given is None else datetime.fromtimestamp(float(given), tz=UTC)


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
