"""From an example of the solver to a request, and what the evaluator says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from ipaddress import ip_address
from typing import Any, Final, Literal

from tenant_keys.review.iam import Policies, Policy, Request, UnsupportedPolicy, authorize
from tenant_keys.review.iam import Principal as EvaluatedPrincipal
from tenant_keys.review.iam.errors import InvalidRequest
from tenant_keys.review.iam.principal import IMPLIED_KEYS, PrincipalKind
from tenant_keys.review.second_opinion.principals import (
    ANONYMOUS,
    FEDERATED_USER,
    ROLE,
    ROOT,
    SERVICE,
    TAG,
    TOKEN,
    USER,
    Principal,
)
from tenant_keys.review.second_opinion.request import Asked, OneAction
from tenant_keys.review.second_opinion.solver import Model
from tenant_keys.review.second_opinion.values import Value

_KINDS: Final = {
    ROLE: PrincipalKind.ROLE_SESSION,
    USER: PrincipalKind.USER,
    FEDERATED_USER: PrincipalKind.FEDERATED_USER,
    ROOT: PrincipalKind.ROOT_USER,
    SERVICE: PrincipalKind.SERVICE,
    ANONYMOUS: PrincipalKind.ANONYMOUS,
    TOKEN: PrincipalKind.FEDERATED,
}
EVERYTHING: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


@dataclass(frozen=True, slots=True)
class Replay:
    """What the evaluator says of a request: allowed, denied, or undecided with the reason."""

    outcome: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """A request in full."""

    principal: Mapping[str, Any]
    tags: Mapping[str, str]
    action: str
    resource: str
    context: Mapping[str, str | tuple[str, ...]]

    def as_document(self) -> dict[str, object]:
        """As JSON types, without what is empty."""
        found = {
            "principal": dict(self.principal),
            "session tags": dict(self.tags),
            "action": self.action,
            "resource": self.resource,
            "context": dict(self.context),
        }
        return {name: value for name, value in found.items() if value}


def example_of(model: Model, request: OneAction) -> Example:
    """Read the solver's example."""
    asked = request.asked
    context: dict[str, str | tuple[str, ...]] = {}
    tags = dict(request.principal.own_tags)
    for key, value in asked.values.items():
        carried = value.given(request.value(key).present)
        if not model.holds(carried.present):
            continue
        if key.startswith(TAG):
            tags[key.removeprefix(TAG)] = written(model, value)
        elif not request.principal.decides(key):
            context[key] = written(model, value)
    for key in asked.sets:
        members = [written(model, one) for one in request.members(key) if model.holds(one.present)]
        if members:
            context[key] = tuple(dict.fromkeys(members))
    for key, value in asked.facts.items():
        if key != "aws:resourceaccount" and model.holds(value.present):
            context.setdefault(key, model.text(value.held()))
    userid = request.principal.opened.get("aws:userid")
    if userid is not None and userid.present is True:
        context["aws:userid"] = model.text(userid.held())
    return Example(_principal(model, request.principal), tags, model.text(request.action), asked.resource, context)


def written(model: Model, value: Value) -> str:
    """A value as a request would hold it."""
    for sort, term in value.open.items():
        if sort == "typed":
            continue
        if sort == "text":
            return model.text(term)
        if not model.holds(value.open.get("typed", True)):
            return f"no {sort}"
        found = model.number(term)
        if sort.startswith("IPv"):
            return str(ip_address(int(found)))
        return str(found) if found.denominator == 1 else _decimal(found)
    return model.text(value.held())


def _decimal(number: Fraction) -> str:
    return f"{float(number):.12f}".rstrip("0")


def _principal(model: Model, principal: Principal) -> dict[str, Any]:
    arn, account = model.text(principal.arn), model.text(principal.account)
    organization = principal.opened.get("aws:principalorgid")
    made: dict[str, Any] = {"kind": principal.kind}
    if principal.kind == ROLE:
        session = model.text(principal.session) if "session" in principal.__dict__ else "any"
        made |= {
            "role_arn": arn,
            "arn": f"arn:{arn.split(':')[1]}:sts::{account}:assumed-role/{arn.rpartition('/')[2]}/{session}",
        }
    elif principal.kind != ANONYMOUS:
        made["arn"] = arn
    if principal.in_account:
        made["account"] = account
        if organization is not None and model.holds(organization.present):
            made["organization"] = model.text(organization.held())
    return made


def replay(
    example: Example,
    asked: Asked,
    resource_policy: object,
    kind: str = "resource",
    controls: tuple[tuple[str, Any], ...] = (),
) -> Replay:
    """Decide the request by the evaluator, with the same documents; control policies are beside FullAWSAccess."""
    fields = {name: value for name, value in example.principal.items() if name != "kind"}
    context = {key: value for key, value in example.context.items() if key not in IMPLIED_KEYS}
    own = asked.principal.identity
    documents = [("everything", EVERYTHING)] if own is None else list(own)
    try:
        principal = EvaluatedPrincipal(_KINDS[example.principal["kind"]], **fields, tags=example.tags)
        policies = Policies(
            identity=tuple(Policy.parse(body, name=name, kind="identity") for name, body in documents)
            if principal.in_account
            else (),
            resource=Policy.parse(resource_policy, name=kind, kind="resource"),  # type: ignore[arg-type]
            scps=_level("scp", controls),
            rcps=_level("rcp", controls),
        )
        request = Request(principal, example.action, example.resource, asked.account, context)
        decision = authorize(request, policies)
    except (UnsupportedPolicy, InvalidRequest, ValueError) as problem:
        return Replay("undecided", f"{type(problem).__name__}: {problem}")
    return Replay("allowed" if decision.allowed else "denied", decision.reason)


def _level(kind: Literal["scp", "rcp"], controls: tuple[tuple[str, Any], ...]) -> tuple[tuple[Policy, ...], ...]:
    found = [document for each, document in controls if each == kind]
    if not found:
        return ()
    principal = {"Principal": "*"} if kind == "rcp" else {}
    full = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", **principal}]}
    return (tuple(Policy.parse(one, name=kind, kind=kind) for one in (full, *found)),)
