"""EventBridge of the local AWS: which rules get an event, to whom a rule may send, and who lets it.

ministack matches patterns and transforms input. Ours are the state that read-only events need (EventBridge API,
PutRule, State), the way to another account's bus (EventBridge guide, eb-cross-account), and the permissions of topics,
their keys and buses, without which AWS drops a message and says nothing.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any, Final

from tenant_keys.local.authorizer import Authorizer, Question
from tenant_keys.local.caller import Caller, CallerKind
from tenant_keys.local.emulator import event_delivery, iam_records, scopes
from tenant_keys.local.event import Event
from tenant_keys.local.fault import Fault
from tenant_keys.local.identity import Identities
from tenant_keys.local.kms.service import Kms

_log = logging.getLogger(__name__)
SERVICE: Final = "events.amazonaws.com"
ALL: Final = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"


class EventBus:
    """Sends events, and decides with the project's evaluator what is delivered."""

    def __init__(self, authorizer: Authorizer, identities: Identities, kms: Kms) -> None:
        self._authorizer, self._identities, self._kms = authorizer, identities, kms
        self.policies: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
        """Statements of each default bus by their ids, by account and Region."""
        event_delivery.EventDelivery(self._takes, self._to_bus, self._to_topic)

    def send(self, event: Event) -> None:
        """Put an event of an AWS service on the default bus of its account and Region."""
        with scopes.scope(event.account, event.region):
            event_delivery.send_event(event)

    def clear(self) -> None:
        self.policies.clear()

    @staticmethod
    def _takes(state: str, detail: str) -> bool:
        """Whether a rule of this state gets the event."""
        if state == ALL:
            return True
        return state == "ENABLED" and json.loads(detail).get("readOnly") is not True

    def _to_bus(self, target: Mapping[str, Any], account: str, source: str, detail_type: str) -> bool:
        """Whether the role of a rule may put the event on another account's bus, and the bus takes it."""
        bus = str(target["Arn"])
        region, owner = bus.split(":")[3:5]
        policy = {"Version": "2012-10-17", "Statement": list(self.policies.get((owner, region), {}).values())}
        service = Caller(CallerKind.SERVICE, account, SERVICE, SERVICE, None)
        role_arn = str(target.get("RoleArn", ""))
        role = iam_records.role(account, role_arn.rpartition("/")[2]) if role_arn else None
        if role is None or role.arn != role_arn or role.trust is None:
            return self._drop(f"{bus}: a rule of account {account} sends without a role")
        assuming = Question(
            service, "sts:AssumeRole", role_arn, account, region, {"aws:SourceAccount": account}, role.trust
        )
        if not self._authorizer.would_allow(assuming):
            return self._drop(f"{bus}: {role_arn} does not trust {SERVICE}")
        try:
            caller = self._identities.role_session(account, role.arn.rpartition("/")[2], "events")
        except Fault as fault:
            return self._drop(f"{bus}: {fault.message}")
        context = {"events:source": (source,), "events:detail-type": (detail_type,)}
        putting = Question(caller, "events:PutEvents", bus, owner, region, context, json.dumps(policy))
        return self._authorizer.would_allow(putting) or self._drop(f"{bus}: {role_arn} may not put events")

    def _to_topic(self, topic: str, policy: str | None, key_id: str | None) -> bool:
        """Whether EventBridge may publish on the topic and, where it is encrypted, use the topic's key."""
        region, account = topic.split(":")[3:5]
        service = Caller(CallerKind.SERVICE, account, SERVICE, SERVICE, None)
        context = {"aws:SourceAccount": account, "aws:SecureTransport": "true"}
        if not self._authorizer.would_allow(Question(service, "sns:Publish", topic, account, region, context, policy)):
            return self._drop(f"{topic}: its policy does not let {SERVICE} publish")
        if key_id is None:
            return True
        key = self._kms.store.find(region, key_id.rpartition("/")[2])
        for action in ("kms:GenerateDataKey", "kms:Decrypt"):
            if key is None or not self._authorizer.would_allow(
                Question(service, action, key.arn, account, region, {}, key.policy)
            ):
                return self._drop(f"{topic}: its key {key_id} does not let {SERVICE} {action}")
        return True

    def _drop(self, why: str) -> bool:
        """AWS says nothing; here the server's log does."""
        _log.warning("EventBridge delivers nothing to %s", why)
        return False
