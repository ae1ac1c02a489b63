"""The stack set that forwards refused sessions: the resources of a stack for each account, proved in each of them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tenant_keys.review.assembly import Assembly, Resource
from tenant_keys.review.errors import AssemblyUnreadable
from tenant_keys.review.proof import prove
from tenant_keys.review.proof.audit import check_audit
from tenant_keys.review.proof.reviewed import review_estate
from tenant_keys.review.second_opinion.inventory import take_inventory
from tests.policy.estates import estate_of_text, manifest
from tests.review.proof.stack_set_mutants import MUTANTS, NAME, PLACES, SET, inside, setting, targets
from tests.stacks.synth import synthesized
from tools.mutants.audit_edits import AUDIT, BUS
from tools.mutants.mutant import Edit, Harmless, Mutant, NotProvedBecause, judge
from tools.mutants.original import CENTRAL, Synthesized

WORKLOADS = """\
  orders: {account: '222222222222', runs_on: lambda, permissions_boundary: policy/Demanded}
  billing: {account: '333333333333', runs_on: ecs, regions: [eu-west-1], permissions_boundary: policy/Demanded}"""
PLAIN = manifest(WORKLOADS, "  acme: {workloads: [orders, billing]}")
NAMED = f"audit: {{forward_from: [ou-ab12-cdef3456]}}\n{PLAIN}"


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


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_of_the_stack_set_is_judged_as_expected_by_hand(mutant: Mutant, original: Synthesized) -> None:
    outcome = judge(mutant, original, {})
    assert outcome.as_expected, outcome.reported


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (setting(TemplateURL="https://s3.amazonaws.com/b/t"), "without StackSetName and TemplateBody"),
        (setting(TemplateBody='{"Parameters": {"P": {"Type": "String"}}, "Resources": {}}'), "got parameter P"),
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
    with pytest.raises(
        AssemblyUnreadable, match=r"AuditForwarding\.Properties\.TemplateBody: .* half of a surrogate pair"
    ):
        judge(Mutant("half a pair", Harmless(), setting(TemplateBody='{"Description": "\ud800"}')), original, {})


def test_a_stack_set_whose_template_is_no_json_cannot_be_read(original: Synthesized) -> None:
    with pytest.raises(AssemblyUnreadable, match="AuditForwarding TemplateBody: not JSON in UTF-8"):
        judge(Mutant("YAML", Harmless(), setting(TemplateBody="Resources: {}")), original, {})
