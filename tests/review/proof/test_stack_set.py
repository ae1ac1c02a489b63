"""The stack set that forwards refused sessions: the same resources as a stack for each account, proved in each of them.

Each mutant and its verdict is decided by hand.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tenant_keys.review.assembly import Assembly, Resource
from tenant_keys.review.errors import AssemblyUnreadable
from tenant_keys.review.proof import Kind, prove
from tenant_keys.review.proof.audit import check_audit
from tenant_keys.review.proof.reviewed import review_estate
from tenant_keys.review.second_opinion.inventory import take_inventory
from tests.policy.estates import estate_of_text, manifest
from tests.stacks.synth import synthesized
from tools.mutants.audit_edits import AUDIT, BUS, STRANGER
from tools.mutants.mutant import Edit, Harmless, Mutant, NotProvedBecause, Refuted, judge, together
from tools.mutants.original import CENTRAL, Body, Synthesized, Templates

WORKLOADS = """\
  orders: {account: '222222222222', runs_on: lambda, permissions_boundary: policy/Demanded}
  billing: {account: '333333333333', runs_on: ecs, regions: [eu-west-1], permissions_boundary: policy/Demanded}"""
PLAIN = manifest(WORKLOADS, "  acme: {workloads: [orders, billing]}")
NAMED = f"audit: {{forward_from: [ou-ab12-cdef3456]}}\n{PLAIN}"
PLACES = [("222222222222", "eu-central-1"), ("222222222222", "eu-west-1"), ("333333333333", "eu-west-1")]
SET, NAME = "AuditForwarding", "tenant-keys-audit-forwarding-111111111111"
INVENTORY = Kind.INVENTORY
TRUST = "the trust policy of the role that forwards refusals lets more through than is declared"
PERMISSIONS = "the permissions policy of the role that forwards refusals lets more through than is declared"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    folder, estate = tmp_path_factory.mktemp("stack-set") / "cdk.out", estate_of_text(NAMED)
    return Synthesized(folder, estate, synthesized(estate, folder))


def forwarders(assembly: Assembly) -> dict[tuple[str, str, str], Resource]:
    """By account, Region and type."""
    return {
        (stack.account, stack.region, one.type): one
        for stack in assembly.stacks()
        if stack.account != CENTRAL
        for one in stack.resources.values()
        if one.logical_id in ("AuditForwarder", "AuditForwarding")
    }


def test_the_stack_set_makes_what_a_stack_for_each_account_would_make(
    original: Synthesized, tmp_path_factory: pytest.TempPathFactory
) -> None:
    plain = tmp_path_factory.mktemp("without") / "cdk.out"
    templates = synthesized(estate_of_text(PLAIN), plain)
    expected, found = forwarders(Assembly.open(plain)), forwarders(Assembly.open(original.folder))
    types = ("AWS::IAM::Role", "AWS::Events::Rule")
    assert set(found) == set(expected) == {(*place, kind) for place in PLACES for kind in types}
    for place, one in expected.items():
        assert json.dumps(found[place].properties, sort_keys=True) == json.dumps(one.properties, sort_keys=True)
    role = found["333333333333", "eu-west-1", "AWS::IAM::Role"].properties
    assert role["RoleName"] == "tenant-keys-audit.eu-west-1"
    assert role["PermissionsBoundary"] == "arn:aws:iam::333333333333:policy/Demanded"
    changed = {name for name, body in templates.items() if body != original.templates[name]}
    assert changed == {name for name in templates if "-audit-" in name or "-workload-" in name}
    assert not any("AWS::CloudFormation::StackSet" in json.dumps(body) for body in templates.values())


def test_it_deploys_to_exactly_the_workloads_accounts_and_their_forwarders_alone_report(original: Synthesized) -> None:
    properties = original.templates[AUDIT]["Resources"][SET]["Properties"]
    units = {"AccountFilterType": "INTERSECTION", "OrganizationalUnitIds": ["ou-ab12-cdef3456"]}
    assert properties["StackInstancesGroup"] == [
        {"DeploymentTargets": {**units, "Accounts": ["222222222222"]}, "Regions": ["eu-central-1"]},
        {"DeploymentTargets": {**units, "Accounts": ["222222222222", "333333333333"]}, "Regions": ["eu-west-1"]},
    ]
    assert (properties["StackSetName"], properties["PermissionModel"]) == (NAME, "SERVICE_MANAGED")
    assert (properties["CallAs"], properties["AutoDeployment"]) == ("DELEGATED_ADMIN", {"Enabled": False})
    assert len(properties["TemplateBody"]) < 51_200
    buses = [one for one in original.templates[AUDIT]["Resources"].values() if "EventBusPolicy" in one["Type"]]
    assert [one["Properties"]["Statement"] for one in buses] == [
        {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "events:PutEvents",
            "Resource": BUS,
            "Condition": {
                "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/tenant-keys-audit.eu-west-1"},
                "StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"},
                "ForAllValues:StringEquals": {
                    "events:detail-type": "AWS API Call via CloudTrail",
                    "events:source": "aws.sts",
                },
                "Null": {"events:detail-type": "false", "events:source": "false"},
            },
        }
    ]
    others = [body for name, body in original.templates.items() if name != AUDIT]
    assert not any("AWS::CloudFormation::StackSet" in json.dumps(body) for body in others)


def test_both_engines_read_the_forwarders_of_each_account(original: Synthesized) -> None:
    assert prove(original.folder, original.estate).verdict == "proved"
    found = take_inventory(Assembly.open(original.folder))
    assert found.not_understood == []
    arns = {f"arn:aws:iam::{account}:role/tenant-keys-audit.{region}" for account, region in PLACES}
    assert {one for one in found.roles if "tenant-keys-audit" in one} == arns


def test_a_forwarder_has_the_boundary_that_one_workload_of_its_account_demands(original: Synthesized) -> None:
    free = replace(original.estate.workloads["orders"], name="free", permissions_boundary=None)
    estate = replace(original.estate, workloads={**original.estate.workloads, "free": free})
    inventory = review_estate(original.folder, original.estate).inventory
    role = inventory.roles["arn:aws:iam::222222222222:role/tenant-keys-audit.eu-west-1"]
    assert list(check_audit(inventory, estate)) == []
    role.boundary = None
    assert "".join(one.what for one in check_audit(inventory, estate)) == (
        "arn:aws:iam::222222222222:role/tenant-keys-audit.eu-west-1: "
        'its permissions boundary is missing, declared is "arn:aws:iam::222222222222:policy/Demanded"'
    )


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


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_of_the_stack_set_is_judged_as_expected_by_hand(mutant: Mutant, original: Synthesized) -> None:
    outcome = judge(mutant, original, {})
    assert outcome.as_expected, outcome.reported


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (setting(TemplateURL="https://s3.amazonaws.com/b/t"), "without StackSetName and TemplateBody"),
        (setting(TemplateBody='{"Parameters": {"P": {"Type": "String"}}, "Resources": {}}'), "Parame"),
        (setting(TemplateBody='{"Transform": "AWS::Include", "Resources": {}}'), "section Transform"),
        (setting(TemplateBody="{}"), "got no Resources"),
        (setting(TemplateBody='{"Resources": {}}' + 60_000 * " "), "allowed: 51,200"),
        (setting(Tags=[{"Key": "x"}]), "Key and Value"),
        (setting(StackInstancesGroup=[]), "name its accounts and Regions"),
        (targets(lambda found: found.update(OrganizationalUnitIds=["ou-ab12-34567890", 7])), "name the accounts"),
        (targets(lambda found: found.update(AccountFilterType="UNION")), "INTERSECTION"),
        (targets(lambda found: found.pop("Accounts")), "name the accounts"),
        (targets(lambda found: found.update(AccountsUrl="s3://b/a")), "name the accounts"),
        (inside(lambda found: found["AuditForwarder"].update(Condition="C")), "Condition"),
        (
            inside(lambda found: found.update(S={"Type": "AWS::CloudFormation::StackSet"})),
            "creates resources that are not in the template",
        ),
    ],
)
def test_a_stack_set_whose_stacks_the_assembly_does_not_show_is_not_proved(
    edit: Edit, words: str, original: Synthesized
) -> None:
    outcome = judge(Mutant("not reported", NotProvedBecause((words,)), edit), original, {})
    assert outcome.as_expected, outcome.reported


def test_a_stack_set_is_not_proved_where_no_manifest_asks_for_one(original: Synthesized) -> None:
    proof = prove(original.folder, estate_of_text(PLAIN))
    assert proof.verdict == "refuted"
    assert any("AuditForwarding: AWS::CloudFormation::StackSet: the proof" in one.what for one in proof.findings)


def test_a_stack_set_whose_template_is_not_utf_8_cannot_be_read(original: Synthesized) -> None:
    with pytest.raises(AssemblyUnreadable, match="not JSON in UTF-8"):
        judge(Mutant("half a pair", Harmless(), setting(TemplateBody='{"Description": "\ud800"}')), original, {})


def test_a_stack_set_whose_template_is_no_json_cannot_be_read(original: Synthesized) -> None:
    with pytest.raises(AssemblyUnreadable, match="AuditForwarding TemplateBody: not JSON in UTF-8"):
        judge(Mutant("YAML", Harmless(), setting(TemplateBody="Resources: {}")), original, {})
