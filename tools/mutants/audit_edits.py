"""Edits of the stacks that record and report: the audit topic, its key, rules, alarms and the event bus."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tenant_keys.review.proof import Kind
from tools.mutants.mutant import Edit
from tools.mutants.original import CENTRAL, Body, Templates

AUDIT = "tenant-keys-audit-eu-west-1"
WORKLOAD = "tenant-keys-workload-222222222222-eu-west-1"
STRANGER = "arn:aws:iam::999999999999:root"
ELSEWHERE = "arn:aws:sns:eu-west-1:999999999999:tenant-keys-audit"
BUS = f"arn:aws:events:eu-west-1:{CENTRAL}:event-bus/default"
INVENTORY, ADMINISTRATION = Kind.INVENTORY, Kind.ADMINISTRATION


def of(name: str, stack: str = AUDIT) -> Callable[[Templates], Body]:
    """The properties of a resource of the audit stack."""
    return lambda templates: templates.resources(stack)[name]["Properties"]


def key_statement(number: int) -> Callable[[Templates], Body]:
    return lambda templates: of("AuditKey")(templates)["KeyPolicy"]["Statement"][number]


def adding_to(find: Callable[[Templates], Body], statement: Body) -> Edit:
    """One statement more in a policy document."""
    return lambda templates: find(templates)["Statement"].append(statement)


def target(templates: Templates, name: str = "RuleuseXdenied", stack: str = AUDIT) -> Body:
    found: Body = of(name, stack)(templates)["Targets"][0]
    return found


def missing(name: str, stack: str = AUDIT) -> Edit:
    def edit(templates: Templates) -> None:
        del templates.resources(stack)[name]

    return edit


def policy_of(name: str) -> Callable[[Templates], Body]:
    return lambda templates: of(name)(templates)["PolicyDocument"]


def topic_key_policy(templates: Templates) -> Body:
    found: Body = of("AuditKey")(templates)["KeyPolicy"]
    return found


def tenants_alias(templates: Templates) -> None:
    templates.resources(AUDIT)["Planted"] = {
        "Type": "AWS::KMS::Alias",
        "Properties": {"AliasName": "alias/audit", "TargetKeyId": {"Ref": "AuditKey"}},
    }


def rules_reversed(templates: Templates) -> None:
    """Rules in another order are the same rules."""
    resources = templates.resources(AUDIT)
    for name in [name for name in resources if name.startswith("Rule")][::-1]:
        resources[name] = resources.pop(name)


def more_targets(templates: Templates) -> None:
    of("RuleuseXdenied")(templates)["Targets"].append({"Arn": ELSEWHERE, "Id": "Second"})


def allow(principal: object, action: str, resource: object = "*") -> dict[str, Any]:
    return {"Sid": "Added", "Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource}
