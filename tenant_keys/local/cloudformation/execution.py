"""As whom CloudFormation acts: the role that the stack was given, else the caller (its guide, service role)."""

from __future__ import annotations

import contextvars
import re
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode
from xml.sax.saxutils import escape

from tenant_keys.local.authorizer import Authorizer, Question, Value
from tenant_keys.local.caller import Caller, CallerKind
from tenant_keys.local.decisions import Decisions
from tenant_keys.local.emulator import application, iam_records, scopes, signatures
from tenant_keys.local.fault import Fault
from tenant_keys.local.identity import Identities
from tenant_keys.local.rates import Rates

SERVICE = "cloudformation.amazonaws.com"
_STARTS = frozenset(
    ("CreateStack", "UpdateStack", "DeleteStack", "ExecuteChangeSet", "RollbackStack", "ContinueUpdateRollback")
)
_acting: contextvars.ContextVar[Caller | None] = contextvars.ContextVar("cloudformation_acts_as", default=None)

Response = tuple[int, dict[str, str], bytes]


def acting() -> Caller:
    """Who calls AWS for the resource that is being made."""
    caller = _acting.get()
    if caller is None:
        raise Fault("InternalFailure", "CloudFormation acts for nobody", 500)
    return caller


class Execution:
    """CloudFormation's front: finds out the role, checks that it may be passed, and acts as it."""

    def __init__(self, authorizer: Authorizer, decisions: Decisions, identities: Identities, rates: Rates) -> None:
        self._authorizer = authorizer
        self._decisions = decisions
        self._identities = identities
        self._rates = rates
        self._of_change_set: dict[tuple[str, str, str, str], str] = {}
        self._of_stack: dict[tuple[str, str, str], str] = {}

    def reset(self) -> None:
        self._of_change_set.clear()
        self._of_stack.clear()

    async def handle(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, query: Mapping[str, list[str]]
    ) -> Response:
        """In the place of ministack's handler; the tasks that this request starts keep the caller."""
        given = {name: values[0] for name, values in query.items()}
        given |= {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
        try:
            _check_imports(given)
            body = _without_empty_list(given, body)
            self._rates.begin()
            token = _acting.set(self._caller(given, headers, query))
        except Fault as fault:
            return fault.status, {"Content-Type": "text/xml"}, _xml(fault)
        try:
            module = application.service_module("cloudformation")
            response: Response = await module.handle_request(method, path, headers, body, query)
            return self._with_roles(response) if given.get("Action") == "DescribeStacks" else response
        finally:
            _acting.reset(token)

    def _with_roles(self, response: Response) -> Response:
        """The answer with the role of each stack (API_Stack, RoleARN), which ministack does not keep."""
        status, headers, body = response
        account, region = scopes.current_scope()

        def stack_name(match: re.Match[str]) -> str:
            role = self._of_stack.get((account, region, match[1]))
            return match[0] + (f"<RoleARN>{escape(role)}</RoleARN>" if role else "")

        text = body.decode() if isinstance(body, bytes) else body
        return status, headers, re.sub(r"<StackName>([^<]*)</StackName>(?=<StackId>)", stack_name, text).encode()

    def _caller(self, given: Mapping[str, str], headers: Mapping[str, str], query: Mapping[str, Any]) -> Caller | None:
        signature = signatures.signature_of(headers, query)
        if not isinstance(signature, signatures.Signature):
            return None
        caller = self._identities.holder(signature.access_key)
        action = given.get("Action", "")
        role_arn = self._role(caller, action, given)
        return self.as_role(role_arn) if role_arn and action in _STARTS else replace(caller, via_service=SERVICE)

    def _role(self, caller: Caller, action: str, given: Mapping[str, str]) -> str | None:
        """The role of an operation; a stack keeps the role that it was given last."""
        account, region = scopes.current_scope()
        stack = _name(given.get("StackName", ""), "stack")
        role = given.get("RoleARN")
        if role:
            self._check(caller, role, account, region)
        if action == "CreateChangeSet":
            if role:
                self._of_change_set[(account, region, stack, given.get("ChangeSetName", ""))] = role
            return role
        if action == "ExecuteChangeSet":
            name = given.get("ChangeSetName", "")
            if not stack:
                stack = next((key[2] for key in self._of_change_set if key[3] == _name(name, "changeSet")), "")
            role = self._of_change_set.get((account, region, stack, _name(name, "changeSet")))
        if action in _STARTS and role:
            self._of_stack[(account, region, stack)] = role
        return role or self._of_stack.get((account, region, stack))

    def _check(self, caller: Caller, role_arn: str, account: str, region: str) -> None:
        """The caller must be allowed to pass the role, and the role must trust CloudFormation."""
        passing: dict[str, Value] = {"iam:PassedToService": SERVICE}
        with self._decisions.record("iam.amazonaws.com", "PassRole", caller, region, str(uuid.uuid4())) as record:
            question = Question(
                caller,
                "iam:PassRole",
                role_arn,
                account,
                region,
                passing,
                denied_code="AccessDenied",
                denied_status=403,
            )
            self._authorizer.require(question, record)
        role = iam_records.role(account, role_arn.rpartition("/")[2])
        service = Caller(CallerKind.SERVICE, account, SERVICE, SERVICE, None)
        trust = role.trust if role is not None and role.arn == role_arn else None
        question = Question(service, "sts:AssumeRole", role_arn, account, region, {}, resource_policy=trust)
        if trust is None or not self._authorizer.would_allow(question):
            raise Fault("ValidationError", f"Role {role_arn} is invalid or cannot be assumed")

    def as_role(self, role_arn: str) -> Caller:
        """A session of the execution role, as CloudTrail shows CloudFormation's calls."""
        account, name = role_arn.split(":")[4], role_arn.rpartition("/")[2]
        return self._identities.role_session(account, name, "AWSCloudFormation", via_service=SERVICE)


MOST_IMPORTS = 200
"""Resources of an IMPORT change set (CloudFormation API, CreateChangeSet, ResourcesToImport)."""


def _check_imports(given: Mapping[str, str]) -> None:
    if given.get(f"ResourcesToImport.member.{MOST_IMPORTS + 1}.LogicalResourceId"):
        raise Fault(
            "ValidationError",
            "1 validation error detected: Value at 'resourcesToImport' failed to satisfy constraint: Member must have "
            f"length less than or equal to {MOST_IMPORTS}",
        )


def _without_empty_list(given: Mapping[str, str], body: bytes) -> bytes:
    """`cdk rollback` sends an empty list of resources to skip, which ministack takes for one without a name."""
    if given.get("Action") != "ContinueUpdateRollback" or given.get("ResourcesToSkip") != "":
        return body
    pairs = parse_qsl(body.decode(), keep_blank_values=True)
    return urlencode([pair for pair in pairs if pair[0] != "ResourcesToSkip"]).encode()


def _name(identifier: str, kind: str) -> str:
    """The name within an ARN of a stack or change set, or the name itself."""
    if not identifier.startswith("arn:"):
        return identifier
    return identifier.partition(f":{kind}/")[2].partition("/")[0]


def _xml(fault: Fault) -> bytes:
    return (
        '<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type>'
        f"<Code>{fault.code}</Code><Message>{escape(fault.message or '')}</Message></Error></ErrorResponse>"
    ).encode()
