"""The services that are ministack's own, S3 and DynamoDB and the rest: decided by the same evaluator."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Mapping
from typing import Any

from tenant_keys.local.authorizer import Authorizer, Question, Value
from tenant_keys.local.decisions import Decisions
from tenant_keys.local.fault import Fault
from tenant_keys.local.identity import Identities
from tenant_keys.review.iam import Outcome

_ARN = re.compile(r"arn:[^:]*:[^:]*:[^:]*:(?P<account>\d{12}|):.")
_GIVEN_ELSEWHERE = ("aws:principal", "aws:currenttime", "aws:epochtime", "aws:requestedregion", "aws:securetransport")


class OtherServices:
    """Judges a request; only refusals go into the log, which is about keys."""

    def __init__(self, authorizer: Authorizer, decisions: Decisions, identities: Identities) -> None:
        self._authorizer = authorizer
        self._decisions = decisions
        self._identities = identities
        self.requests: Counter[str] = Counter()
        """By service and operation, allowed or not."""

    def judge(
        self,
        access_key: str,
        service: str,
        action: str,
        region: str,
        resource: str,
        context: Mapping[str, Any],
        resource_policy: tuple[str, str] | None,
    ) -> str:
        """Allow, Deny or ImplicitDeny, in ministack's words."""
        self.requests[action] += 1
        caller = self._identities.holder(access_key)
        found = _ARN.match(resource)
        named = found["account"] if found else ""
        question = Question(
            caller=caller,
            action=action,
            resource=resource if found else "*",
            account=named or (resource_policy[1] if resource_policy else caller.account),
            region=region,
            context=dict(_values(context)),
            resource_policy=resource_policy[0] if resource_policy else None,
        )
        if self._authorizer.would_allow(question):
            return "Allow"
        decision = self._authorizer.decide(question)
        try:
            operation, source = action.partition(":")[2], f"{service}.amazonaws.com"
            with self._decisions.record(source, operation, caller, region, str(uuid.uuid4())) as record:
                self._authorizer.require(question, record)
        except Fault:
            pass
        return "Deny" if decision is not None and decision.outcome is Outcome.EXPLICIT_DENY else "ImplicitDeny"


def _values(context: Mapping[str, Any]) -> list[tuple[str, Value]]:
    found: list[tuple[str, Value]] = []
    for name, value in context.items():
        if value is None or name.lower().startswith(_GIVEN_ELSEWHERE):
            continue
        found.append((name, tuple(map(str, value)) if isinstance(value, list | tuple | set) else str(value)))
    return found
