"""`tenant-keys deployed` against a local AWS: what CloudFormation holds is what is proved."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import boto3
import pytest
from botocore.stub import Stubber

from tenant_keys.cli import main
from tenant_keys.local import LocalAws
from tenant_keys.manifest import load_estate
from tenant_keys.manifest.bring_up_to_date import bring_up_to_date
from tenant_keys.operations.deployed import DeployedStack, download
from tenant_keys.operations.errors import NotDeployed
from tenant_keys.operations.rollout.calls import CHANGES_OF_THE_CDK
from tenant_keys.operations.rollout.work import work_of_assembly
from tenant_stacks import add_stacks
from tests.local.bootstrap import bootstrap
from tools.cloud_assembly import edit_template

CENTRAL, WORKLOAD, REGION = "111111111111", "222222222222", "eu-west-1"
CELL, ROLES = "tenant-keys-cell-eu-west-1-001", "tenant-keys-roles-001"
PLACE = "tenant-keys-workload-222222222222-eu-west-1"
EXECUTION = f"arn:aws:iam::{CENTRAL}:role/cdk-hnb659fds-cfn-exec-role-{CENTRAL}-{REGION}"
MANIFEST = """
audit: "off"
central:
  account: "111111111111"
  home_region: eu-west-1
  regions: [eu-west-1]
  administrators: [role/KeyAdministrator]
  break_glass: role/KeyBreakGlass
workloads:
  orders: {account: "222222222222", runs_on: lambda}
tenants:
  acme: {workloads: [orders]}
  globex: {workloads: [orders]}
"""
Template = dict[str, Any]
Run = Callable[..., tuple[int, str]]


BEFORE = "before"
"""Folder of the assembly before the last tenant came."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A manifest, its lock, and its assembly; beside it, the assembly before its last tenant came."""
    folder = tmp_path_factory.mktemp("project")
    manifest = folder / "tenants.yaml"
    for text, output in ((MANIFEST, BEFORE), (MANIFEST + "  initech: {workloads: [orders]}\n", "cdk.out")):
        manifest.write_text(text)
        bring_up_to_date(manifest).write()
        app = cdk.App(outdir=str(folder / output), tree_metadata=False, builtin_cloud_formation_validation=False)
        add_stacks(app, load_estate(manifest))
        app.synth()
    return folder


@dataclass
class Growth:
    """The estate deployed, and what it took to add the last tenant."""

    aws: LocalAws
    decisions: list[dict[str, Any]]
    requests: Counter[str]
    """To other services than KMS and STS, by operation."""


@pytest.fixture(scope="module")
def growth(project: Path) -> Iterator[Growth]:
    with LocalAws(accounts=(CENTRAL, WORKLOAD)) as running:
        bootstrap(running, project / BEFORE)
        running.deploy(project / BEFORE)
        requests = Counter(running.requests())
        with running.watch() as decisions:
            running.deploy(project / "cdk.out", stacks=(CELL, ROLES))
        yield Growth(running, decisions, Counter(running.requests()) - requests)


@pytest.fixture(scope="module")
def aws(growth: Growth) -> LocalAws:
    return growth.aws


@pytest.fixture
def run(
    project: Path, aws: LocalAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Run a command in the project as an administrator of an account; its exit code and what it prints."""

    def command(*arguments: str, account: str = CENTRAL) -> tuple[int, str]:
        monkeypatch.chdir(project)
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            monkeypatch.delenv(name)
        for name, value in aws.environment(account, region=REGION).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("COLUMNS", "200")
        monkeypatch.setattr(sys, "argv", ["tenant-keys", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        printed = capsys.readouterr()
        return int(left.value.code or 0), printed.out + printed.err

    return command


def update(aws: LocalAws, stack: str, edit: Callable[[Template], object], role: str = EXECUTION) -> None:
    """Change a stack past the pipeline."""
    cloudformation = aws.session(CENTRAL, region=REGION).client("cloudformation")
    template: Any = cloudformation.get_template(StackName=stack)["TemplateBody"]
    edit(template)
    cloudformation.update_stack(
        StackName=stack,
        TemplateBody=json.dumps(template),
        RoleARN=role,
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    cloudformation.get_waiter("stack_update_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})


@pytest.mark.slow
def test_what_was_deployed_is_downloaded_and_proved_and_a_change_past_the_pipeline_is_refuted(
    project: Path, aws: LocalAws, run: Run
) -> None:
    code, reported = run("deployed", CENTRAL)
    assert code == 0, reported
    assert reported.splitlines() == [
        f"{CELL} in {REGION}: as in the assembly",
        f"{ROLES} in {REGION}: as in the assembly",
        "wrote deployed; now run: tenant-keys prove deployed",
    ]
    assert run("deployed", WORKLOAD, account=WORKLOAD)[0] == 0
    code, reported = run("prove", "deployed")
    assert (code, reported[:6]) == (0, "PROVED")

    def open_policy(template: Template) -> None:
        statements = template["Resources"]["Keyacme"]["Properties"]["KeyPolicy"]["Statement"]
        statements[:] = [one for one in statements if not one["Sid"].startswith("Deny")]
        statements.append(
            {
                "Sid": "Open",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{CENTRAL}:root"},
                "Action": "kms:Decrypt",
                "Resource": "*",
            }
        )

    update(aws, CELL, open_policy)
    code, reported = run("deployed", CENTRAL)
    assert code == 2
    assert f"{CELL} in {REGION}: its template differs\n" in reported
    assert f"{ROLES} in {REGION}: as in the assembly\n" in reported
    code, reported = run("prove", "deployed")
    assert (code, reported[:7]) == (2, "REFUTED")
    assert run("prove", "cdk.out")[0] == 0  # what the assembly alone would say


@pytest.mark.slow
def test_a_stack_that_left_the_assembly_and_still_exists_is_reported_and_proved_too(aws: LocalAws, run: Run) -> None:
    cloudformation = aws.session(CENTRAL, region=REGION).client("cloudformation")
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": "left-over",
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
                ],
            },
            "Policies": [
                {
                    "PolicyName": "Use",
                    "PolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}],
                    },
                }
            ],
        },
    }
    cloudformation.create_stack(
        StackName="tenant-keys-roles-009",
        TemplateBody=json.dumps({"Resources": {"Role": role}}),
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName="tenant-keys-roles-009", WaiterConfig={"Delay": 1}
    )
    code, reported = run("deployed", CENTRAL)
    assert code == 2
    assert f"tenant-keys-roles-009 in {REGION}: the assembly no longer holds it; delete the stack\n" in reported
    code, reported = run("prove", "deployed", "--json")
    assert code == 2
    found = " ".join(finding["what"] for finding in json.loads(reported)["findings"])
    assert "role/left-over: a role that the manifest does not declare is allowed kms:Decrypt" in found
    assert "stack tenant-keys-roles-009 is deployed by the credentials of the caller of the deployment" in found


class Answers:
    """A stubbed CloudFormation: what it is asked, in order, and answers."""

    def __init__(self) -> None:
        self.client = boto3.client(
            "cloudformation", region_name=REGION, aws_access_key_id="x", aws_secret_access_key="y"
        )
        self.stub = Stubber(self.client)
        self.stub.activate()

    def stack(self, name: str, body: str | None, status: str = "UPDATE_COMPLETE", **more: Any) -> None:
        described = {
            "StackName": name,
            "CreationTime": "2026-11-01T00:00:00Z",
            "StackStatus": status,
            "RoleARN": EXECUTION,
            "EnableTerminationProtection": name == CELL,
            **more,
        }
        self.stub.add_response("describe_stacks", {"Stacks": [described]}, {"StackName": name})
        if body is not None:
            self.stub.add_response(
                "get_template", {"TemplateBody": body}, {"StackName": name, "TemplateStage": "Processed"}
            )

    def absent(self, name: str) -> None:
        message = f"Stack with id {name} does not exist"
        self.stub.add_client_error("describe_stacks", "ValidationError", message)

    def others(self, *names: str, status: str = "CREATE_COMPLETE") -> None:
        summaries = [
            {"StackName": name, "CreationTime": "2026-11-01T00:00:00Z", "StackStatus": status} for name in names
        ]
        self.stub.add_response("list_stacks", {"StackSummaries": summaries}, {})


@pytest.fixture
def answers() -> Answers:
    return Answers()


def template(project: Path, stack: str) -> str:
    return (project / "cdk.out" / f"{stack}.template.json").read_text()


def asked(project: Path, output: Path, answers: Answers) -> list[DeployedStack]:
    reported = download(project / "cdk.out", CENTRAL, output, lambda place: answers.client)
    answers.stub.assert_no_pending_responses()
    return reported


def test_a_template_written_differently_is_the_same_and_other_accounts_stay_as_they_are(
    project: Path, tmp_path: Path, answers: Answers
) -> None:
    answers.stack(CELL, json.dumps(json.loads(template(project, CELL)), indent=4))
    answers.stack(ROLES, template(project, ROLES))
    answers.others("another-app", CELL, ROLES)
    reported = asked(project, tmp_path / "deployed", answers)
    assert reported == [DeployedStack(CELL, REGION, ()), DeployedStack(ROLES, REGION, ())]
    written = (tmp_path / "deployed" / f"{WORKLOAD}.{REGION}.{PLACE}.template.json").read_text()
    assert written == template(project, PLACE)


@pytest.mark.parametrize(
    ("body", "more", "difference"),
    [
        ("Resources: {}\n", {}, "its template differs"),
        ('{"Resources": {}, "Resources": {}}', {}, "its template differs"),
        (None, {"RoleARN": "arn:aws:iam::111111111111:role/Admin"}, "its execution role: got arn:aws:iam::1111111111"),
        (None, {"EnableTerminationProtection": False}, "its termination protection: got False; the assembly has True"),
        (None, {"Tags": [{"Key": "tenant_id", "Value": "acme"}]}, "its tags: got {'tenant_id': 'acme'}"),
    ],
    ids=["YAML", "a name twice", "another role", "unprotected", "tags"],
)
def test_whatever_differs_is_reported(
    project: Path, tmp_path: Path, answers: Answers, body: str | None, more: Template, difference: str
) -> None:
    answers.stack(CELL, body or template(project, CELL), **more)
    answers.stack(ROLES, template(project, ROLES))
    answers.others()
    reported = asked(project, tmp_path / "deployed", answers)
    assert reported[0].differences[0].startswith(difference)
    assert reported[1].differences == ()


@pytest.mark.parametrize("status", ["DELETE_COMPLETE", "ROLLBACK_COMPLETE"])
def test_a_stack_that_is_not_there_is_reported_and_left_out(
    project: Path, tmp_path: Path, answers: Answers, status: str
) -> None:
    answers.absent(CELL)
    answers.stack(ROLES, None, status)
    answers.others()
    reported = asked(project, tmp_path / "deployed", answers)
    assert {one.differences for one in reported} == {("it is not deployed",)}
    manifest = json.loads((tmp_path / "deployed/manifest.json").read_text())
    assert list(manifest["artifacts"]) == [f"{WORKLOAD}.{REGION}.{PLACE}"]


@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED", "ROLLBACK_FAILED", "SOMETHING_NEW"])
def test_a_stack_whose_resources_are_not_known_stops_it_and_nothing_is_written(
    project: Path, tmp_path: Path, answers: Answers, status: str
) -> None:
    answers.stack(CELL, None, status)
    with pytest.raises(NotDeployed, match=f"stack {CELL}: {status}"):
        asked(project, tmp_path / "deployed", answers)
    assert not list(tmp_path.iterdir())


def test_an_earlier_download_is_replaced_whole_and_nothing_else_is(
    project: Path, tmp_path: Path, answers: Answers
) -> None:
    for _ in range(2):
        answers.stack(CELL, template(project, CELL))
        answers.stack(ROLES, template(project, ROLES))
        answers.others()
        asked_again = download(project / "cdk.out", CENTRAL, tmp_path / "deployed", lambda place: answers.client)
        assert asked_again
        (tmp_path / "deployed/old.template.json").write_text("{}")
    (tmp_path / "mine").mkdir()
    answers.stack(CELL, template(project, CELL))
    answers.stack(ROLES, template(project, ROLES))
    answers.others()
    with pytest.raises(NotDeployed, match="mine: exists and is not an earlier download"):
        download(project / "cdk.out", CENTRAL, tmp_path / "mine", lambda place: answers.client)


def test_an_account_without_stacks_is_reported(project: Path, tmp_path: Path, answers: Answers) -> None:
    with pytest.raises(NotDeployed, match="contains no stack of account 999999999999"):
        download(project / "cdk.out", "999999999999", tmp_path / "deployed", lambda place: answers.client)


def test_an_inconsistent_assembly_of_another_account_is_refused(
    project: Path, tmp_path: Path, answers: Answers
) -> None:
    copied = tmp_path / "cdk.out"
    shutil.copytree(project / "cdk.out", copied)
    edit_template(copied, PLACE, lambda _: None)
    (copied / f"{PLACE}.template.json").write_text("{}")
    with pytest.raises(Exception, match=f"{PLACE}.template.json: its SHA-256 is"):
        download(copied, CENTRAL, tmp_path / "deployed", lambda place: answers.client)


def test_one_more_tenant_takes_the_calls_that_the_plan_names_and_three_of_the_cdk_for_each_stack(
    project: Path, growth: Growth
) -> None:
    planned = work_of_assembly(project / "cdk.out", project / BEFORE)
    assert {stack.name for stack in planned} == {CELL, ROLES}
    by_cloudformation = {
        each["request_id"]: f"{each['source'].partition('.')[0]}:{each['operation']}"
        for each in growth.decisions
        if each["via"] == "cloudformation.amazonaws.com"
    }
    made = Counter(by_cloudformation.values())
    del made["iam:TagRole"]  # IAM decides on tags with the call that creates the role
    assert made == sum((stack.calls() for stack in planned), Counter())
    assert made == {
        "kms:CreateKey": 1,
        "kms:EnableKeyRotation": 1,
        "kms:DescribeKey": 1,
        "kms:CreateAlias": 1,
        "iam:CreateRole": 1,
        "iam:PutRolePolicy": 1,
    }
    reads = ("Describe", "Get", "List")
    changing = {name: n for name, n in growth.requests.items() if not name.partition(":")[2].startswith(reads)}
    changing.pop("cloudformation:DeleteChangeSet")  # of the deployment before, where it is still there
    assert changing == dict.fromkeys(CHANGES_OF_THE_CDK, 2)
