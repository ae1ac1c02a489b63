"""The form of a service in the REST protocol that is ours since ministack has none."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Protocol

from tenant_keys.local.authorizer import Authorizer, Question
from tenant_keys.local.caller import Caller
from tenant_keys.local.decisions import Decisions

Body = Mapping[str, Any]


class Beside(Protocol):
    """Answers in the caller's account and the Region of the signature, which are in scope."""

    def answer(
        self, caller: Caller, region: str, method: str, path: str, query: Mapping[str, str], body: Body
    ) -> dict[str, Any]:
        """The answer. Raises Fault: denied, or refused."""


def authorize(
    authorizer: Authorizer, decisions: Decisions, caller: Caller, region: str, action: str, resource: str = "*"
) -> None:
    """Ask the evaluator; refusals go into the log, as those of ministack's services. Raises Fault: denied."""
    question = Question(caller, action, resource, caller.account, region, {}, denied_status=403)
    if authorizer.would_allow(question):
        return
    service, operation = action.split(":")
    with decisions.record(f"{service}.amazonaws.com", operation, caller, region, str(uuid.uuid4())) as record:
        authorizer.require(question, record)
