"""Edits of the organization's policies, and the statements that each must keep."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from tenant_keys.review.proof import Kind
from tools.mutants.mutant import Edit
from tools.mutants.original import GUARDRAILS, Body, Templates

SCP, RCP = "ServiceControlPolicy", "ResourceControlPolicy"
ARN: Final = "aws:PrincipalArn"
GUARDRAIL = Kind.GUARDRAIL


def control(kind: str, edit: Callable[[Body], object]) -> Edit:
    """Edit the document of a control policy."""

    def edited(templates: Templates) -> None:
        edit(templates.resources(GUARDRAILS)[kind]["Properties"]["Content"])

    return edited


def statement(kind: str, sid: str, edit: Callable[[Body], object]) -> Edit:
    """Edit one statement."""
    return control(kind, lambda document: edit(next(one for one in document["Statement"] if one["Sid"] == sid)))


def gone(kind: str, sid: str) -> Edit:
    def edit(document: Body) -> None:
        document["Statement"] = [one for one in document["Statement"] if one["Sid"] != sid]

    return control(kind, edit)


def under(kind: str, sid: str, **condition: Any) -> Edit:
    """Ask for more before the Deny holds."""

    def edit(one: Body) -> None:
        for operator, keys in condition.items():
            one.setdefault("Condition", {}).setdefault(operator.replace("__", ":"), {}).update(keys)

    return statement(kind, sid, edit)


def conditioned(kind: str, sid: str, condition: Body) -> Edit:
    """Replace all conditions."""
    return statement(kind, sid, lambda one: one.update(Condition=condition))


def property_of(kind: str, **changed: object) -> Edit:
    return lambda templates: templates.resources(GUARDRAILS)[kind]["Properties"].update(changed)


def sparing(kind: str, sid: str, arn: str, operator: str = "ArnNotEquals") -> Edit:
    """Let one principal more through."""

    def edit(one: Body) -> None:
        found = one["Condition"][operator]
        found[ARN] = [*([found[ARN]] if isinstance(found[ARN], str) else found[ARN]), arn]

    return statement(kind, sid, edit)


KEPT: Final = {
    "KeepDeletion": "does not keep deletion",
    "KeepCancellation": "does not keep cancelling a deletion",
    "KeepDisabling": "does not keep disabling",
    "KeepSettings": "does not keep policies and settings of keys",
    "KeepAliases": "does not keep aliases",
    "KeepOpenings": "does not keep grants, alias targets and the primary Region",
    "KeepMaterial": "does not keep key material",
    "KeepLockoutCheck": "does not keep the lockout check",
    "ReserveTenantTag": "does not keep the tag tenant_id",
}
"""What is reported of either policy without the statement."""
OF_PRINCIPALS: Final = {
    "KeepTrail": "does not keep the trail",
    "KeepRules": "does not keep the rules",
    "KeepTopic": "does not keep the topic",
}
OF_RESOURCES: Final = {
    "DenyUseFromOutside": "does not keep use from inside the organization",
    "DenySessionsFromOutside": "does not keep sessions from inside the organization",
}


def to(kind: str, **elements: object) -> Edit:
    """Add a Deny."""
    everyone = {"Principal": "*"} if kind == RCP else {}
    body = {"Sid": "Added", "Effect": "Deny", "Resource": "*", **everyone, **elements}
    return control(kind, lambda document: document["Statement"].append(body))
