"""IAM's types: ministack makes them, after the execution role was asked for every call that it takes.

Source: resource schemas, `handlers`; service authorization reference, IAM. Resources of other services are made without
such a question; docs/local-aws.md says so.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from tenant_keys.aws_facts.quotas import INLINE_POLICY_CHARACTERS, TRUST_POLICY_CHARACTERS_MOST
from tenant_keys.local.authorizer import Authorizer, Question, Value
from tenant_keys.local.cloudformation.execution import acting
from tenant_keys.local.cloudformation.handler import Made, Properties, ResourceFailed, already_exists, passed_on
from tenant_keys.local.decisions import Decisions
from tenant_keys.local.emulator import cloudformation_types, iam_records, scopes
from tenant_keys.local.fault import Fault
from tenant_keys.local.rates import Rates

_NO_CALL: Final = frozenset({"iam:TagRole", "iam:PassRole"})
"""Decided with the call that tags or passes the role."""
Ask = tuple[str, str, dict[str, Value]]
"""Action, resource ARN, context."""


class IamCalls:
    """Asks whether the execution role may."""

    def __init__(self, authorizer: Authorizer, decisions: Decisions, rates: Rates) -> None:
        self._authorizer = authorizer
        self._decisions = decisions
        self._rates = rates

    def require(self, asks: list[Ask]) -> None:
        account, region = scopes.current_scope()
        caller = acting()
        with passed_on("Iam"):
            for action, resource, context in asks:
                if action not in _NO_CALL:
                    self._rates.repeated(partial(self._rates.check, action, account, "global"))
                operation = action.partition(":")[2]
                with self._decisions.record(
                    "iam.amazonaws.com", operation, caller, region, str(uuid.uuid4())
                ) as record:
                    self._authorizer.require(
                        Question(
                            caller,
                            action,
                            resource,
                            account,
                            region,
                            context,
                            denied_code="AccessDenied",
                            denied_status=403,
                        ),
                        record,
                    )

    def check_principals(self, document: object) -> None:
        """Only users and roles that exist may be named (IAM guide, reference_policies_elements_principal)."""
        with passed_on("Iam"):
            try:
                self._authorizer.check_resource_policy(document if isinstance(document, str) else json.dumps(document))
            except Fault as fault:
                raise Fault("MalformedPolicyDocument", "Invalid principal in policy") from fault


def asks_of_role(name: str, properties: Properties) -> Iterator[Ask]:
    arn = _arn("role", name, properties)
    yield "iam:CreateRole", arn, _boundary(properties)
    if properties.get("Tags"):
        yield "iam:TagRole", arn, {}
    for _ in properties.get("Policies") or ():
        yield "iam:PutRolePolicy", arn, _boundary(properties)
        break
    for policy in properties.get("ManagedPolicyArns") or ():
        yield "iam:AttachRolePolicy", arn, {"iam:PolicyARN": str(policy)}


def asks_of_policy(_name: str, properties: Properties) -> Iterator[Ask]:
    for role in properties.get("Roles") or ():
        yield "iam:PutRolePolicy", _role_arn(str(role)), {}


def asks_of_managed_policy(name: str, properties: Properties) -> Iterator[Ask]:
    arn = _arn("policy", name, properties)
    yield "iam:CreatePolicy", arn, {}
    for role in properties.get("Roles") or ():
        yield "iam:AttachRolePolicy", _role_arn(str(role)), {"iam:PolicyARN": arn}


def asks_of_instance_profile(name: str, properties: Properties) -> Iterator[Ask]:
    arn = _arn("instance-profile", name, properties)
    yield "iam:CreateInstanceProfile", arn, {}
    for role in properties.get("Roles") or ():
        yield "iam:AddRoleToInstanceProfile", arn, {}
        yield "iam:PassRole", _role_arn(str(role)), {"iam:PassedToService": "ec2.amazonaws.com"}


ASKS: dict[str, tuple[str, Callable[[str, Properties], Iterator[Ask]], str, str]] = {
    "AWS::IAM::Role": ("RoleName", asks_of_role, "iam:UpdateRole", "iam:DeleteRole"),
    "AWS::IAM::Policy": ("PolicyName", asks_of_policy, "iam:PutRolePolicy", "iam:DeleteRolePolicy"),
    "AWS::IAM::ManagedPolicy": (
        "ManagedPolicyName",
        asks_of_managed_policy,
        "iam:CreatePolicyVersion",
        "iam:DeletePolicy",
    ),
    "AWS::IAM::InstanceProfile": (
        "InstanceProfileName",
        asks_of_instance_profile,
        "iam:AddRoleToInstanceProfile",
        "iam:DeleteInstanceProfile",
    ),
}
"""Name property, calls of a creation, and what represents a change and a removal."""


class AskedFirst:
    """A type of ministack's, behind the question."""

    def __init__(self, resource_type: str, inner: dict[str, Any], calls: IamCalls) -> None:
        self._type = resource_type
        self._inner = inner
        self._calls = calls
        self._name_property, self._asks, self._change, self._removal = ASKS[resource_type]

    def create(self, logical_id: str, properties: Properties, stack: str) -> Made:
        name = str(properties.get(self._name_property) or cloudformation_types.physical_name(stack, logical_id))
        self._calls.require(list(self._asks(name, properties)))
        self._check(name, properties, new=True)
        made: Made = self._inner["create"](logical_id, properties, stack)
        if self._type == "AWS::IAM::Role":
            iam_records.set_boundary(made[0], properties.get("PermissionsBoundary"))
        return made

    def update(self, physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
        name = str(new.get(self._name_property) or physical_id)
        changes = [ask for ask in self._asks(name, new) if not ask[0].startswith(("iam:Create", "iam:PassRole"))]
        self._calls.require([(self._change, self._arn_of(physical_id, new), {}), *changes])
        self._check(name, new, new=False)
        made: Made = self._inner["update"](physical_id, old, new, stack, logical_id)
        if self._type == "AWS::IAM::Role":
            iam_records.set_boundary(made[0], new.get("PermissionsBoundary"))
        return made

    def delete(self, physical_id: str, properties: Properties) -> None:
        self._calls.require([(self._removal, self._arn_of(physical_id, properties), {})])
        self._inner["delete"](physical_id, properties)

    def _arn_of(self, physical_id: str, properties: Properties) -> str:
        if physical_id.startswith("arn:"):
            return physical_id
        kind = {"AWS::IAM::InstanceProfile": "instance-profile", "AWS::IAM::Policy": "role"}.get(self._type, "role")
        if self._type == "AWS::IAM::Policy":
            roles = properties.get("Roles") or ["unknown"]
            return _role_arn(str(roles[0]))
        return _arn(kind, physical_id, properties)

    def _check(self, name: str, properties: Properties, *, new: bool) -> None:
        if self._type != "AWS::IAM::Role":
            return
        if new and any(known.lower() == name.lower() for known in iam_records.iam_roles()):
            raise already_exists(self._type, name)
        trust = properties.get("AssumeRolePolicyDocument", {})
        self._calls.check_principals(trust)
        if len(json.dumps(trust, separators=(",", ":"))) > TRUST_POLICY_CHARACTERS_MOST:
            raise ResourceFailed(
                f"Cannot exceed quota for ACLSizePerRole: {TRUST_POLICY_CHARACTERS_MOST} (Service: Iam)"
            )
        inline = [
            json.dumps(policy["PolicyDocument"], separators=(",", ":")) for policy in properties.get("Policies") or ()
        ]
        if sum(map(len, inline)) > INLINE_POLICY_CHARACTERS:
            raise ResourceFailed(
                f"Maximum policy size of {INLINE_POLICY_CHARACTERS} bytes exceeded for role {name} (Service: Iam)"
            )


def _arn(kind: str, name: str, properties: Properties) -> str:
    account, _ = scopes.current_scope()
    return f"arn:aws:iam::{account}:{kind}{properties.get('Path', '/')}{name}"


def _role_arn(name: str) -> str:
    account, _ = scopes.current_scope()
    found = iam_records.role(account, name)
    return found.arn if found else f"arn:aws:iam::{account}:role/{name}"


def _boundary(properties: Properties) -> dict[str, Value]:
    boundary = properties.get("PermissionsBoundary")
    return {"iam:PermissionsBoundary": str(boundary)} if boundary else {}
