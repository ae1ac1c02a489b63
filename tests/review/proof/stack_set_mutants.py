"""The stack set that forwards refused sessions with one thing broken; each verdict is decided by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tenant_keys.review.proof import Kind
from tools.mutants.audit_edits import AUDIT, BUS, STRANGER
from tools.mutants.mutant import Edit, Harmless, Mutant, NotProvedBecause, Refuted, together
from tools.mutants.original import CENTRAL, Body, Templates

PLACES = [("222222222222", "eu-central-1"), ("222222222222", "eu-west-1"), ("333333333333", "eu-west-1")]
SET, NAME = "AuditForwarding", "tenant-keys-audit-forwarding-111111111111"
INVENTORY = Kind.INVENTORY
TRUST = "the trust policy of the role that forwards refusals lets more through than is declared"
PERMISSIONS = "the permissions policy of the role that forwards refusals lets more through than is declared"


def of(templates: Templates) -> Body:
    properties: Body = templates.resources(AUDIT)[SET]["Properties"]
    return properties


def setting(**changes: Any) -> Edit:
    return lambda templates: of(templates).update(changes)


def inside(edit: Callable[[Body], object]) -> Edit:
    """An edit of the resources of the stack set's template."""

    def apply(templates: Templates) -> None:
        body = json.loads(of(templates)["TemplateBody"])
        edit(body["Resources"])
        of(templates)["TemplateBody"] = json.dumps(body)

    return apply


def targets(change: Callable[[Body], object]) -> Edit:
    def edit(templates: Templates) -> None:
        change(of(templates)["StackInstancesGroup"][1]["DeploymentTargets"])

    return edit


def group(accounts: list[str], regions: list[str], *, units: int = 1) -> Body:
    unit = {"AccountFilterType": "INTERSECTION", "OrganizationalUnitIds": units * ["ou-ab12-cdef3456"]}
    return {"DeploymentTargets": {**unit, "Accounts": accounts}, "Regions": regions}


def role(resources: Body) -> Body:
    properties: Body = resources["AuditForwarder"]["Properties"]
    return properties


def report(resources: Body) -> Body:
    statement: Body = role(resources)["Policies"][0]["PolicyDocument"]["Statement"][0]
    return statement


def trust(resources: Body) -> Body:
    statement: Body = role(resources)["AssumeRolePolicyDocument"]["Statement"][0]
    return statement


def bus(templates: Templates) -> Body:
    statement: Body = templates.resources(AUDIT)["Busorganization"]["Properties"]["Statement"]
    return statement


def second_set(**changes: Any) -> Edit:
    return lambda templates: templates.resources(AUDIT).update(
        Second={
            "Type": "AWS::CloudFormation::StackSet",
            "Properties": {**of(templates), "StackSetName": "second", **changes},
        }
    )


ADMIN = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "RoleName": "Admin",
        "Tags": [{"Key": "tenant-keys:project", "Value": "tenant-keys"}],
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"AWS": STRANGER}, "Action": "sts:AssumeRole"}],
        },
    },
}
KEY = {"Type": "AWS::KMS::Alias", "Properties": {"AliasName": "alias/x", "TargetKeyId": "x"}}
ALL_KEYS = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
MUTANTS = [
    Mutant(
        "anybody's EventBridge assumes the forwarder",
        Refuted(INVENTORY, (TRUST, "Condition lacks StringEquals aws:SourceAccount 222222222222")),
        inside(lambda found: trust(found).pop("Condition")),
    ),
    Mutant(
        "a stranger assumes the forwarder",
        Refuted(INVENTORY, (TRUST, f"Principal has also AWS {STRANGER}")),
        inside(lambda found: trust(found).update(Principal={"AWS": STRANGER})),
    ),
    Mutant(
        "the forwarder may do anything with events",
        Refuted(INVENTORY, (PERMISSIONS, "Action has also events:*")),
        inside(lambda found: report(found).update(Action=["events:*"])),
    ),
    Mutant(
        "the forwarder may send to another bus",
        Refuted(INVENTORY, (PERMISSIONS, "Resource has also ")),
        inside(lambda found: report(found).update(Resource=BUS.replace(CENTRAL, "999999999999"))),
    ),
    Mutant(
        "the forwarder may use keys",
        Refuted(INVENTORY, (PERMISSIONS, "is not declared: Allow kms:")),
        inside(lambda found: role(found)["Policies"][0]["PolicyDocument"]["Statement"].append(ALL_KEYS)),
    ),
    Mutant(
        "the forwarder has no boundary",
        Refuted(INVENTORY, ('its permissions boundary is missing, declared is "arn:aws:iam::',)),
        inside(lambda found: role(found).pop("PermissionsBoundary")),
    ),
    Mutant(
        "the forwarder has a managed policy",
        Refuted(
            INVENTORY, ("AdministratorAccess is attached to the role that forwards refusals, and is not declared",)
        ),
        inside(lambda found: role(found).update(ManagedPolicyArns=["arn:aws:iam::aws:policy/AdministratorAccess"])),
    ),
    Mutant(
        "the rule sends to another account",
        Refuted(INVENTORY, ("Targets[0].Arn is ",)),
        inside(lambda found: found["AuditForwarding"]["Properties"]["Targets"][0].update(Arn=BUS.replace("111", "9"))),
    ),
    Mutant(
        "the rule matches more",
        NotProvedBecause(("AuditForwarding: EventPattern.detail is missing, declared is ",)),
        inside(lambda found: found["AuditForwarding"]["Properties"]["EventPattern"].pop("detail")),
    ),
    Mutant(
        "the rule gets no read-only events",
        Refuted(INVENTORY, ('detects nothing: State is "ENABLED", declared is "ENABLED_WITH_ALL_',)),
        inside(lambda found: found["AuditForwarding"]["Properties"].update(State="ENABLED")),
    ),
    Mutant("a second role", Refuted(INVENTORY, ("TemplateBody",)), inside(lambda found: found.update(Admin=ADMIN))),
    Mutant("an alias", Refuted(INVENTORY, ("TemplateBody",)), inside(lambda found: found.update(Alias=KEY))),
    Mutant(
        "a function",
        Refuted(INVENTORY, ("TemplateBody",)),
        inside(lambda found: found.update(F={"Type": "AWS::Lambda::Function", "Properties": {}})),
    ),
    Mutant(
        "another account, in which nobody has a workload",
        Refuted(INVENTORY, ("StackInstancesGroup.eu-west-1.999999999999 is [", "and is not declared")),
        targets(lambda found: found["Accounts"].append("999999999999")),
    ),
    Mutant(
        "the key account",
        Refuted(INVENTORY, ("StackInstancesGroup.eu-west-1.111111111111 is [", "and is not declared")),
        targets(lambda found: found["Accounts"].append(CENTRAL)),
    ),
    Mutant(
        "an account less",
        Refuted(INVENTORY, ("is declared and in no template of eu-west-1 in 333333333333",)),
        targets(lambda found: found["Accounts"].remove("333333333333")),
    ),
    Mutant(
        "another unit",
        Refuted(
            INVENTORY, ('StackInstancesGroup.eu-west-1.222222222222 has "ou-zz99-cdef3456" more than is declared',)
        ),
        targets(lambda found: found["OrganizationalUnitIds"].append("ou-zz99-cdef3456")),
    ),
    Mutant(
        "every account that joins a unit",
        Refuted(INVENTORY, ("AutoDeployment",)),
        setting(AutoDeployment={"Enabled": True, "RetainStacksOnAccountRemoval": False}),
    ),
    Mutant(
        "an administration role",
        NotProvedBecause(("AWS::CloudFormation::StackSet AdministrationRoleARN",)),
        setting(AdministrationRoleARN="arn:aws:iam::999999999999:role/Admin"),
    ),
    Mutant(
        "parameters",
        NotProvedBecause(("AWS::CloudFormation::StackSet Parameters",)),
        setting(Parameters=[{"ParameterKey": "Bus", "ParameterValue": "x"}]),
    ),
    Mutant(
        "self-managed permissions", Refuted(INVENTORY, ("PermissionModel",)), setting(PermissionModel="SELF_MANAGED")
    ),
    Mutant("a second stack set", Refuted(INVENTORY, ("another role of the account",)), second_set()),
    Mutant(
        "a second stack set, with nothing in it",
        NotProvedBecause(("Second: AWS::CloudFormation::StackSet",)),
        second_set(TemplateBody='{"Resources": {}}'),
    ),
    Mutant(
        "no stack set",
        Refuted(INVENTORY, (f"AWS::CloudFormation::StackSet {NAME} is declared",)),
        lambda templates: (templates.resources(AUDIT).pop(SET), None)[1],
    ),
    Mutant(
        "any role of the organization reports",
        Refuted(INVENTORY, ("Statement",)),
        lambda templates: (bus(templates)["Condition"].pop("ArnLike"), None)[1],
    ),
    Mutant(
        "any organization reports",
        Refuted(INVENTORY, ("Statement",)),
        lambda templates: (bus(templates)["Condition"].pop("StringEquals"), None)[1],
    ),
    Mutant(
        "another organization reports",
        Refuted(INVENTORY, ("Statement",)),
        lambda templates: bus(templates)["Condition"].update(StringEquals={"aws:PrincipalOrgID": "o-zzzzzzzzzz"}),
    ),
    Mutant(
        "targets in another order",
        Harmless(),
        together(
            lambda templates: of(templates)["StackInstancesGroup"].reverse(),
            lambda templates: of(templates)["StackInstancesGroup"][0]["DeploymentTargets"]["Accounts"].reverse(),
        ),
    ),
    Mutant(
        "a group for each account and Region",
        Harmless(),
        setting(StackInstancesGroup=[group([account], [region]) for account, region in PLACES]),
    ),
    Mutant(
        "a group for each account, a unit named twice",
        NotProvedBecause(("[0].DeploymentTargets.OrganizationalUnitIds: ou-ab12-cdef3456 is listed twice",)),
        setting(
            StackInstancesGroup=[
                group(["333333333333"], ["eu-west-1"], units=2),
                group(["222222222222"], ["eu-west-1", "eu-central-1"]),
            ]
        ),
    ),
    Mutant(
        "a role at another path",
        Refuted(INVENTORY, ("role/x/tenant-keys-audit.eu-west-1 has its name and another path",)),
        inside(lambda found: role(found).update(Path="/x/")),
    ),
    Mutant(
        "an account listed twice",
        NotProvedBecause(("StackInstancesGroup[1].DeploymentTargets.Accounts: 222222222222 is listed twice",)),
        targets(lambda found: found["Accounts"].append("222222222222")),
    ),
    Mutant(
        "a Region listed twice",
        NotProvedBecause(("StackInstancesGroup[1].Regions: eu-west-1 is listed twice",)),
        lambda templates: of(templates)["StackInstancesGroup"][1]["Regions"].append("eu-west-1"),
    ),
    Mutant(
        "an account in two groups",
        NotProvedBecause(("groups 1 and 2 both deploy to 222222222222 in eu-west-1",)),
        lambda templates: of(templates)["StackInstancesGroup"].append(group(["222222222222"], ["eu-west-1"])),
    ),
    Mutant(
        "a group for each account, in one Region too many",
        Refuted(INVENTORY, ("StackInstancesGroup.eu-central-1.333333333333 is [", "and is not declared")),
        setting(StackInstancesGroup=[group(["222222222222", "333333333333"], ["eu-west-1", "eu-central-1"])]),
    ),
]
