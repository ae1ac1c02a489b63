"""CloudTrail's event history: what LookupEvents finds of calls to KMS and STS, and of what KMS does by itself.

Source: CloudTrail API reference, LookupEvents and Event; AWS KMS guide, ct-disable-key, ct-delete-key and the like.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tenant_keys.local.clock import Clock
from tenant_keys.local.emulator import application, scopes

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

    def __init__(self, clock: Clock, apply_due_changes: Callable[[], None]) -> None:
        """`apply_due_changes` has KMS record what it did by itself until now."""
        self._clock, self._apply_due_changes = clock, apply_due_changes
        self._events: deque[_Event] = deque(maxlen=MOST)

    def clear(self) -> None:
        self._events.clear()

    def keep(self, account: str, region: str, record: Mapping[str, Any], at: datetime) -> None:
        """A record that CloudTrail delivers to an account."""
        self._events.append(_Event(at, account, region, record))

    def look_up(self, account: str, region: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """LookupEvents, newest first."""
        now = self._clock.now()
        self._apply_due_changes()
        wanted = {each["AttributeKey"]: each["AttributeValue"] for each in given.get("LookupAttributes") or ()}
        first = max(now - KEPT, _moment(given.get("StartTime")) or now - KEPT)
        last = _moment(given.get("EndTime")) or now
        found = [
            event
            for event in self._events
            if (event.account, event.region) == (account, region)
            and first <= event.at <= last
            and _matches(event.record, wanted)
        ]
        found.sort(key=lambda event: event.at, reverse=True)
        start = int(given.get("NextToken") or 0)
        size = min(int(given.get("MaxResults") or PAGE), PAGE)
        answer: dict[str, Any] = {"Events": [_shown(event) for event in found[start : start + size]]}
        return answer | ({"NextToken": str(start + size)} if len(found) > start + size else {})


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


def _moment(given: Any) -> datetime | None:
    return None if given is None else datetime.fromtimestamp(float(given), tz=UTC)
