"""The stack that runs verify on a schedule: its template, its permissions, and its build run with commands made up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from tenant_keys.local import LocalAws
from tenant_keys.manifest import load_estate
from tenant_keys.operations.verify.finding import DriftFinding
from tenant_keys.operations.verify.schedule import BUILD, schedule_template
from tests.command import tenant_keys
from tests.local.test_detection_delivered import on_call
from tests.operations.verify.deployed import ROOT

REGION = "eu-west-1"
KEY = "arn:aws:kms:eu-west-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OVERDUE = DriftFinding("rotation", "111111111111", REGION, KEY, "its rotation was due on 2026-11-01", tenant="acme")
RESULT = {"findings": [{**OVERDUE.as_document(), "new": True}], "proof": {"verdict": "refuted"}}
PUBLISHED = {
    "verdict": "refuted",
    "findings": 1,
    "kinds": ["rotation"],
    "new": [
        {
            "id": f"rotation/111111111111/eu-west-1/{KEY}",
            "severity": "MEDIUM",
            "what": "its rotation was due on 2026-11-01",
            "tenant": "acme",
            "resource": KEY,
            "account": "111111111111",
            "region": "eu-west-1",
            "next": "as the deployment role, kms:EnableKeyRotation with the declared period; if overdue, contact "
            "AWS Support",
        }
    ],
    "more": 0,
}


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return schedule_template(load_estate(ROOT / "tenants.yaml"), "role/SecurityAudit", "1.2.3")


def test_cfn_lint_finds_nothing(template: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "schedule.template.json"
    path.write_text(json.dumps(template))
    program = Path(sys.executable).parent / "cfn-lint"
    done = subprocess.run([program, "--regions", REGION, "--", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_build_may_become_the_reader_of_each_account_and_nothing_else(template: dict[str, Any]) -> None:
    role = template["Resources"]["BuildRole"]["Properties"]
    [policy] = role["Policies"]
    statements = {one["Sid"]: one for one in policy["PolicyDocument"]["Statement"] if "Sid" in one}
    assert statements["BecomeReader"]["Resource"] == [
        "arn:aws:iam::111111111111:role/SecurityAudit",
        "arn:aws:iam::222222222222:role/SecurityAudit",
        "arn:aws:iam::333333333333:role/SecurityAudit",
    ]
    actions = {action for one in statements.values() for action in one["Action"]}
    assert actions == {
        *("sts:AssumeRole", "s3:GetObject", "s3:PutObject", "s3:ListBucket"),
        *("logs:CreateLogStream", "logs:PutLogEvents", "events:PutEvents"),
    }
    assert all(one["Resource"] != "*" for one in statements.values())
    trust = role["AssumeRolePolicyDocument"]["Statement"][0]
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


@pytest.fixture
def build(tmp_path: Path) -> Any:
    """The build's script with commands that note how they were called; `tenant-keys` ends as the test says."""
    commands = tmp_path / "bin"
    commands.mkdir()
    stubs = {
        "pip": "",
        "unzip": "mkdir -p estate",
        "aws": 'if [ "$1 $2" = "s3 sync" ] && [ -n "$EARLIER" ]; then mkdir -p records; touch records/last.jsonl; fi\n'
        'if [ "$1" = "events" ]; then echo "$REFUSED"; fi',
        "tenant-keys": f"echo '{json.dumps(RESULT)}'; touch ../run.jsonl; exit \"$ENDS\"",
    }
    for name, does in stubs.items():
        path = commands / name
        path.write_text(f'#!/bin/bash\necho "{name} $*" >> "$CALLS"\n{does}\n')
        path.chmod(0o755)

    def run(ends: int, *, earlier: bool, topic: str = "arn:topic", refused: int = 0) -> tuple[int, list[str], Path]:
        given = {
            **os.environ,
            "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
            "CALLS": str(tmp_path / "calls"),
            "ENDS": str(ends),
            "EARLIER": "yes" if earlier else "",
            "REFUSED": str(refused),
            "BUCKET": "b",
            "ARCHIVE": "estate.zip",
            "TOPIC": topic,
            "READER": "role/R",
            "TOOL_VERSION": "1.2.3",
        }
        done = subprocess.run(
            ["bash", "-c", BUILD], env=given, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        return done.returncode, (tmp_path / "calls").read_text().splitlines(), tmp_path

    return run


def test_a_clean_run_keeps_its_record_and_publishes_nothing(build: Any) -> None:
    code, calls, _ = build(0, earlier=False)
    assert code == 0
    assert calls == [
        "pip install --quiet tenant-keys==1.2.3",
        "aws s3 cp --quiet s3://b/estate.zip estate.zip",
        "unzip -q estate.zip -d estate",
        "aws s3 sync --quiet s3://b/verify/ records/",
        "tenant-keys verify --role role/R --record ../run.jsonl --json",
        "aws s3 cp --quiet run.jsonl s3://b/verify/last.jsonl",
    ]


def test_findings_are_compared_with_the_last_record_and_published(build: Any) -> None:
    code, calls, folder = build(2, earlier=True)
    assert code == 0  # the findings were published
    assert "tenant-keys verify --role role/R --record ../run.jsonl --json --since ../records/last.jsonl" in calls
    assert calls[-1].startswith("aws events put-events --entries file://entries.json")
    [entry] = json.loads((folder / "entries.json").read_text())
    assert (entry["Source"], entry["DetailType"]) == ("tenant-keys.verify", "Findings")
    assert json.loads(entry["Detail"]) == PUBLISHED


def test_the_message_of_a_build_arrives_on_the_topic_with_tenant_and_next_step(
    template: dict[str, Any], build: Any
) -> None:
    with LocalAws(accounts=("111111111111",)) as aws:
        arrived = _arrived(aws.session("111111111111"), template["Resources"]["Findings"]["Properties"], build)
    assert (arrived["source"], arrived["account"], arrived["region"]) == (
        "tenant-keys.verify",
        "111111111111",
        "eu-west-1",
    )
    assert arrived["detail"] == PUBLISHED


def _arrived(central: boto3.Session, rule: dict[str, Any], build: Any) -> dict[str, Any]:
    """What arrives on the topic of the rule when the build has put its event."""
    sns, events = central.client("sns"), central.client("events")
    arn = sns.create_topic(Name="tenant-keys-audit")["TopicArn"]
    publish = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{**publish, "Resource": arn}]})
    sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)
    read, _ = on_call(central)
    events.put_rule(Name="findings", EventPattern=json.dumps({**rule["EventPattern"], "account": ["111111111111"]}))
    events.put_targets(Rule="findings", Targets=[{"Id": rule["Targets"][0]["Id"], "Arn": arn}])
    _, _, folder = build(2, earlier=True)
    events.put_events(Entries=json.loads((folder / "entries.json").read_text()))
    (arrived,) = read()
    return arrived


def test_findings_that_could_not_be_reported_fail_the_build(build: Any) -> None:
    code, _, _ = build(2, earlier=False, refused=1)
    assert code == 2


def test_a_run_that_could_not_be_made_fails_the_build_and_keeps_no_record(build: Any) -> None:
    code, calls, _ = build(1, earlier=False)
    assert code == 1
    assert calls[-1].startswith("tenant-keys verify")


def test_without_a_topic_findings_fail_the_build(build: Any) -> None:
    code, calls, _ = build(2, earlier=False, topic="")
    assert code == 2
    assert not any("events" in one for one in calls)


def test_the_topic_is_notified_by_eventbridge_of_findings_and_of_builds_that_fail(template: dict[str, Any]) -> None:
    rules = {name: one for name, one in template["Resources"].items() if one["Type"] == "AWS::Events::Rule"}
    assert rules.keys() == {"Findings", "Failures"}
    for rule in rules.values():
        assert rule["Condition"] == "HasTopic"
        assert rule["Properties"]["Targets"] == [{"Id": "Topic", "Arn": {"Ref": "Topic"}}]
    assert rules["Findings"]["Properties"]["EventPattern"]["source"] == ["tenant-keys.verify"]


def test_the_command_prints_the_template() -> None:
    done = tenant_keys("verify-schedule", "--manifest", str(ROOT / "tenants.yaml"))
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["Resources"]["Timer"]["Type"] == "AWS::Scheduler::Schedule"


def test_findings_go_to_the_topic_of_the_audit_stack_if_there_is_one(template: dict[str, Any]) -> None:
    assert template["Parameters"]["Topic"]["Default"] == "arn:aws:sns:eu-west-1:111111111111:tenant-keys-audit"
    without = replace(load_estate(ROOT / "tenants.yaml"), audit=None)
    assert schedule_template(without, "role/SecurityAudit", "1.2.3")["Parameters"]["Topic"]["Default"] == ""
