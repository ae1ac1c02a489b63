"""One rule of detection: what EventBridge matches, and the message that a person on call gets."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from tenant_keys.aws_facts.quotas import EVENT_PATTERN_CHARACTERS
from tenant_keys.manifest import Estate
from tenant_keys.policy.limits import FEWER_DEPLOYERS, PolicyTooLarge, compact

Pattern: TypeAlias = dict[str, Any]
Severity: TypeAlias = Literal["critical", "high", "medium", "low"]

_CALL: Final = {
    "time": "$.time",
    "account": "$.account",
    "region": "$.region",
    "event": "$.detail.eventName",
    "who": "$.detail.userIdentity.arn",
    "kind": "$.detail.userIdentity.type",
    "role": "$.detail.userIdentity.sessionContext.sessionIssuer.arn",
    "from": "$.detail.sourceIPAddress",
    "key": "$.detail.requestParameters.keyId",
    "alias": "$.detail.requestParameters.aliasName",
    "target": "$.detail.requestParameters.roleArn",
    "error": "$.detail.errorCode",
    "reason": "$.detail.errorMessage",
    "record": "$.detail.eventID",
}
"""Of a CloudTrail record (CloudTrail guide, cloudtrail-event-reference-record-contents). `who` is missing for a caller
that has no ARN; a variable whose path is missing is empty (EventBridge guide, eb-transform-target-input)."""

_NATIVE: Final = {
    "time": "$.time",
    "account": "$.account",
    "region": "$.region",
    "event": "$.detail-type",
    "key": "$.detail.key-id",
    "record": "$.id",
}
"""Of an event that AWS KMS itself sends (AWS KMS guide, kms-events)."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule. Its id never changes: tickets, runbooks and suppressions name it."""

    id: str
    """At most 25 characters: a rule's name has 64 (EventBridge API, PutRule), and the estate's prefix may take 39."""
    severity: Severity
    sentence: str
    """What happened, in a sentence."""
    next: str
    """What to run next; `<key>`, `<region>` and the other variables represent what the event says."""
    matches: Callable[[Estate], Pattern]
    read_only: bool = False
    """Whether it matches read-only events, which EventBridge delivers to rules of one state alone."""
    native: bool = False
    """Whether the event comes from AWS KMS itself, and not through CloudTrail."""

    def pattern(self, estate: Estate) -> Pattern:
        """The event pattern, at most 2,048 characters for any number of tenants.

        Raises:
            PolicyTooLarge: it has more: the execution roles of very many Regions.
        """
        found = self.matches(estate)
        size = len(compact(found))
        if size > EVENT_PATTERN_CHARACTERS:
            raise PolicyTooLarge(
                f"audit rule {self.id}: got a pattern of {size:,} characters, EventBridge accepts "
                f"{EVENT_PATTERN_CHARACTERS:,}; {FEWER_DEPLOYERS}"
            )
        return found

    @property
    def state(self) -> str:
        """Read-only management events reach no rule that is merely ENABLED (EventBridge guide, PutRule, State)."""
        return "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS" if self.read_only else "ENABLED"

    @property
    def input_transformer(self) -> dict[str, Any]:
        """What becomes of the event: what, which tenant, who, from where, what to run next; as one JSON object.

        EventBridge puts a string into a JSON template with its quotes, and does not escape it: a field that a caller
        may fill with any text is not among them.
        """
        paths = _NATIVE if self.native else _CALL
        head = {"rule": self.id, "severity": self.severity, "what": self.sentence}
        fields = [f"{json.dumps(name)}: {json.dumps(text)}" for name, text in head.items()]
        fields += [f"{json.dumps(name)}: <{name}>" for name in paths]
        fields.append(f'"next": {json.dumps(self.next)}')
        return {"InputPathsMap": dict(paths), "InputTemplate": "{" + ", ".join(fields) + "}"}
