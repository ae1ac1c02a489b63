"""A stack of its own that runs verify on a schedule: EventBridge Scheduler starts a build of AWS CodeBuild.

A build may take hours, where a Lambda function has 15 minutes: 10,000 keys take 4 minutes at half of the quota, and 67
with GetKeyLastUsage. The stack is a template apart from the app's assembly, so it is no part of what the app's proof
decides; its role may assume the reading roles, read the estate's archive, keep records and put events of its own on the
bus, and nothing else. EventBridge publishes to the topic, as the rules of an audit stack do, so that an encrypted topic
needs no further permission.
Source of the target: EventBridge Scheduler guide, managing-targets-universal.
"""

from __future__ import annotations

import json
from typing import Any, Final

from tenant_keys.manifest import Estate
from tenant_keys.manifest.stack_names import audit_prefix

BUILD: Final = """\
set -euo pipefail
pip install --quiet "tenant-keys==$TOOL_VERSION"
aws s3 cp --quiet "s3://$BUCKET/$ARCHIVE" estate.zip
unzip -q estate.zip -d estate
aws s3 sync --quiet "s3://$BUCKET/verify/" records/
since=()
if [ -f records/last.jsonl ]; then since=(--since ../records/last.jsonl); fi
code=0
(cd estate && tenant-keys verify --role "$READER" --record ../run.jsonl --json "${since[@]}" > ../result.json) \\
  || code=$?
if [ "$code" = 0 ] || [ "$code" = 2 ]; then aws s3 cp --quiet run.jsonl "s3://$BUCKET/verify/last.jsonl"; fi
if [ "$code" = 2 ] && [ -n "$TOPIC" ]; then
  python - > entries.json <<'END'
import json
found = json.load(open("result.json"))
shown = ("id", "severity", "what", "tenant", "resource", "account", "region")
new = [one for one in found["findings"] if one.get("new", True)]
counts = {
    "verdict": found["proof"]["verdict"],
    "findings": len(found["findings"]),
    "kinds": sorted({one["kind"] for one in found["findings"]}),
    "new": [{**{name: one[name] for name in shown}, "next": one["way_back"]} for one in new[:50]],
    "more": len(new[50:]),
}
print(json.dumps([{"Source": "tenant-keys.verify", "DetailType": "Findings", "Detail": json.dumps(counts)}]))
END
  failed=$(aws events put-events --entries file://entries.json --query FailedEntryCount --output text)
  if [ "$failed" = 0 ]; then code=0; fi
fi
exit "$code"
"""
"""Runs in bash. Findings that were reported end the build well: a build that fails is a run that could not be made."""
_IMAGE: Final = "aws/codebuild/standard:7.0"
"""Has the AWS CLI, unzip and this Python (AWS CodeBuild guide, available-runtimes)."""
_PYTHON: Final = "3.12"
_SOURCE: Final = "tenant-keys.verify"
_BUS: Final = "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/default"
_LOGS: Final = "/aws/codebuild/${AWS::StackName}"
_OWN: Final = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
"""Against the confused deputy (IAM guide, confused-deputy)."""


def schedule_template(estate: Estate, reader: str, version: str) -> dict[str, Any]:
    """The CloudFormation template, for the home Region of the key account.

    Args:
        estate: whose accounts are read.
        reader: `role/NAME`, the reading role of every account; it must trust the key account.
        version: of tenant-keys, which the build installs.
    """
    accounts = sorted({estate.central.account, *(one.account for one in estate.workloads.values())})
    readers = [f"arn:{estate.central.partition}:iam::{account}:{reader}" for account in accounts]
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Runs tenant-keys verify on a schedule",
        "Parameters": {
            "Bucket": {"Type": "String", "Description": "Has the archive; takes the records below verify/"},
            "Archive": {
                "Type": "String",
                "Default": "estate.zip",
                "Description": "tenants.yaml, tenants.lock and cdk.out as they were deployed",
            },
            "Topic": {
                "Type": "String",
                "Default": _topic(estate),
                "Description": "ARN of a topic for findings; none if empty",
            },
            "Schedule": {"Type": "String", "Default": "rate(1 day)", "Description": "A rate or cron expression"},
        },
        "Conditions": {"HasTopic": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Topic"}, ""]}]}},
        "Resources": {
            "Logs": {
                "Type": "AWS::Logs::LogGroup",
                "DeletionPolicy": "Delete",
                "UpdateReplacePolicy": "Delete",
                "Properties": {"LogGroupName": {"Fn::Sub": _LOGS}, "RetentionInDays": 90},
            },
            "BuildRole": _role("codebuild.amazonaws.com", _build_statements(readers)),
            "Build": _build(reader, version),
            "ScheduleRole": _role(
                "scheduler.amazonaws.com",
                [_allow("StartTheBuild", ["codebuild:StartBuild"], {"Fn::GetAtt": ["Build", "Arn"]})],
            ),
            "Findings": _rule({"source": [_SOURCE], "account": [{"Ref": "AWS::AccountId"}]}),
            "Failures": _rule(
                {
                    "source": ["aws.codebuild"],
                    "detail-type": ["CodeBuild Build State Change"],
                    "detail": {
                        "build-status": ["FAILED", "FAULT", "STOPPED", "TIMED_OUT"],
                        "project-name": [{"Ref": "Build"}],
                    },
                }
            ),
            "Timer": {
                "Type": "AWS::Scheduler::Schedule",
                "Properties": {
                    "ScheduleExpression": {"Ref": "Schedule"},
                    "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15},
                    "Target": {
                        "Arn": {"Fn::Sub": "arn:${AWS::Partition}:scheduler:::aws-sdk:codebuild:startBuild"},
                        "RoleArn": {"Fn::GetAtt": ["ScheduleRole", "Arn"]},
                        "Input": {"Fn::Sub": '{"ProjectName": "${Build}"}'},
                        "RetryPolicy": {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 3600},
                    },
                },
            },
        },
    }


def _build(reader: str, version: str) -> dict[str, Any]:
    specification = {
        "version": 0.2,
        "env": {"shell": "bash"},
        "phases": {"install": {"runtime-versions": {"python": _PYTHON}}, "build": {"commands": [BUILD]}},
    }
    variables = {"Bucket": "BUCKET", "Archive": "ARCHIVE", "Topic": "TOPIC"}
    named = [{"Name": name, "Value": {"Ref": parameter}} for parameter, name in variables.items()]
    named += [{"Name": "READER", "Value": reader}, {"Name": "TOOL_VERSION", "Value": version}]
    return {
        "Type": "AWS::CodeBuild::Project",
        "Properties": {
            "Description": "tenant-keys verify",
            "ServiceRole": {"Fn::GetAtt": ["BuildRole", "Arn"]},
            "Artifacts": {"Type": "NO_ARTIFACTS"},
            "Source": {"Type": "NO_SOURCE", "BuildSpec": json.dumps(specification)},
            "TimeoutInMinutes": 120,
            "ConcurrentBuildLimit": 1,
            "Environment": {
                "Type": "LINUX_CONTAINER",
                "ComputeType": "BUILD_GENERAL1_SMALL",
                "Image": _IMAGE,
                "EnvironmentVariables": named,
            },
            "LogsConfig": {"CloudWatchLogs": {"Status": "ENABLED", "GroupName": {"Ref": "Logs"}}},
        },
    }


def _build_statements(readers: list[str]) -> list[dict[str, Any]]:
    bucket = "arn:${AWS::Partition}:s3:::${Bucket}"
    records = {"Fn::Sub": f"{bucket}/verify/*"}
    return [
        _allow("BecomeReader", ["sts:AssumeRole"], readers),
        _allow("ReadEstate", ["s3:GetObject"], {"Fn::Sub": f"{bucket}/${{Archive}}"}),
        _allow("KeepRecords", ["s3:GetObject", "s3:PutObject"], records),
        {
            **_allow("FindRecords", ["s3:ListBucket"], {"Fn::Sub": bucket}),
            "Condition": {"StringEquals": {"s3:prefix": "verify/"}},
        },
        _allow("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], {"Fn::GetAtt": ["Logs", "Arn"]}),
        {
            **_allow("Tell", ["events:PutEvents"], {"Fn::Sub": _BUS}),
            "Condition": {"StringEquals": {"events:source": _SOURCE}},
        },
    ]


def _rule(pattern: dict[str, Any]) -> dict[str, Any]:
    return {
        "Type": "AWS::Events::Rule",
        "Condition": "HasTopic",
        "Properties": {"EventPattern": pattern, "Targets": [{"Id": "Topic", "Arn": {"Ref": "Topic"}}]},
    }


def _topic(estate: Estate) -> str:
    """The topic of the home Region's audit stack; empty where the manifest switches audit off."""
    central, name = estate.central, audit_prefix(estate.naming).removesuffix("-")
    arn = f"arn:{central.partition}:sns:{central.home_region}:{central.account}:{name}"
    return arn if estate.audit is not None else ""


def _role(service: str, statements: list[dict[str, Any]]) -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole", "Condition": _OWN}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [
                {"PolicyName": "Verify", "PolicyDocument": {"Version": "2012-10-17", "Statement": statements}}
            ],
        },
    }


def _allow(sid: str, actions: list[str], resource: object) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}
