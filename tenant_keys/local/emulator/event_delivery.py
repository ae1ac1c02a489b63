"""Which rules get an event of ministack's EventBridge, and which topics and buses it reaches."""
# ruff: noqa: SLF001  # ministack has no other way in

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from tenant_keys.local.emulator.scopes import current_scope, scope
from tenant_keys.local.event import Event

Takes = Callable[[str, str], bool]
"""The state of a rule, and an event's detail as JSON: whether the rule gets the event."""
ToBus = Callable[[Mapping[str, Any], str, str, str], bool]
"""A target, the rule's account, the event's source and detail type: whether another account's bus gets it."""
ToTopic = Callable[[str, "str | None", "str | None"], bool]
"""A topic, its policy and its key: whether EventBridge may publish on it."""


class EventDelivery:
    """Takes the place of ministack's: ours decide which events a rule gets, and what reaches topics and other buses."""

    def __init__(self, takes: Takes, to_bus: ToBus, to_topic: ToTopic) -> None:
        from ministack.services import eventbridge  # type: ignore[import-untyped]

        self._takes, self._to_bus, self._to_topic = takes, to_bus, to_topic
        self._inner, self._publish = eventbridge, eventbridge._dispatch_to_sns
        eventbridge._dispatch_event = self.dispatch
        eventbridge._dispatch_to_sns = self._to_sns

    def dispatch(self, event: dict[str, Any], view: Any = None) -> None:
        """Give the event to every rule of its bus, in the scope."""
        view = view or self._inner._pattern_event_view(event)
        for key, rule in list(self._inner._rules.items()):
            if self._matches(key, rule, event, view):
                for target in self._inner._targets.get(key, []):
                    self._send(target, event, rule, view)

    def _matches(self, key: str, rule: Mapping[str, Any], event: Mapping[str, Any], view: Any) -> bool:
        if rule.get("EventBusName", "default") != event.get("EventBusName", "default") or not rule.get("EventPattern"):
            return False
        if key in (event.get("_DispatchPath") or ()) or not self._takes(str(rule["State"]), str(event["Detail"])):
            return False
        return bool(self._inner._matches_pattern_view(rule["EventPattern"], view, f"rule {key}"))

    def _send(self, target: Mapping[str, Any], event: dict[str, Any], rule: Mapping[str, Any], view: Any) -> None:
        arn, (account, region) = str(target.get("Arn", "")).split(":", 5), current_scope()
        if arn[2:3] != ["events"] or (arn[3], arn[4]) == (region, account):
            self._inner._invoke_target(target, event, rule, view)
        elif self._to_bus(target, account, str(event.get("Source")), str(event.get("DetailType"))):
            with scope(arn[4], arn[3]):
                self.dispatch({**event, "EventBusName": arn[5].partition("/")[2], "_DispatchPath": []})

    def _to_sns(self, arn: str, payload: Any) -> None:
        from ministack.services import sns

        topic = sns._topics.get(arn)
        given = (topic or {}).get("attributes", {})
        if topic is not None and self._to_topic(arn, given.get("Policy"), given.get("KmsMasterKeyId") or None):
            self._publish(arn, payload)


def encrypt_topic(arn: str, key: object) -> None:
    """Write the key of a topic of the scope, or with None take it away."""
    from ministack.services import sns

    attributes = sns._topics[arn]["attributes"]
    if key is None:
        attributes.pop("KmsMasterKeyId", None)
    else:
        attributes["KmsMasterKeyId"] = str(key)


def send_event(event: Event) -> None:
    """Dispatch an event of an AWS service on the default bus of the scope."""
    from ministack.services import eventbridge as inner

    inner._dispatch_event(
        {
            "EventId": str(uuid.uuid4()),
            "Source": event.source,
            "DetailType": event.detail_type,
            "Detail": json.dumps(event.detail),
            "EventBusName": "default",
            "Time": int(event.at.timestamp()),
            "Resources": list(event.resources),
            "Account": event.account,
            "Region": event.region,
        }
    )
