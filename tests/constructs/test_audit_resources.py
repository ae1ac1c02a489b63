"""Resources that detect misuse of keys, typed by hand but for the text of their policies, which other tests type."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from constructs import Construct

from tenant_constructs.audit import AuditAlarms, AuditBus, AuditRules, AuditTopic, RefusalForwarder
from tenant_constructs.forwarding import ForwardingStackSet
from tenant_keys.manifest import Estate
from tenant_keys.policy.audit.rules import RULES
from tests.constructs.shared_resources import BOUNDARY, KEPT, ROLE, SENTENCES, TAGS, UNITS, Json, Make, of, policies
from tests.constructs.synthesized import abridged, made


def with_topic(construct: Callable[..., Any], **arguments: Any) -> Json:
    """What a construct makes beside the topic that it needs."""

    def both(scope: Construct, construct_id: str, *, estate: Estate) -> None:
        topic = AuditTopic(scope, "Topic", estate=estate)
        construct(scope, construct_id, topic=topic, estate=estate, **arguments)

    return {name: one for name, one in made(both, estate=of()).items() if not name.startswith("Audit")}


def alarm(name: str, operator: str, threshold: int, *metrics: Json) -> Json:
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmName": name,
            "AlarmDescription": "...",
            "AlarmActions": [{"Ref": "AuditTopic"}],
            "ComparisonOperator": operator,
            "Threshold": threshold,
            "EvaluationPeriods": 1,
            "TreatMissingData": "notBreaching",
            "Metrics": list(metrics),
            "Tags": TAGS,
        },
    }


def reporting(statement_id: str) -> Json:
    return {"EventBusName": "default", "StatementId": statement_id, "Statement": "..."}


def stack_set() -> Json:
    places = [("333333333333", "eu-west-1"), ("222222222222", "eu-west-1"), ("222222222222", "eu-central-1")]
    made_of_it = made(ForwardingStackSet, places=places, estate=of(UNITS))
    body = made_of_it["AuditForwarding"]["Properties"].pop("TemplateBody")
    assert list(json.loads(body)["Resources"]) == ["AuditForwarder", "AuditForwarding"]
    assert '"Resources":{"' in body
    return made_of_it


def instances(region: str, *accounts: str) -> Json:
    return {
        "DeploymentTargets": {
            "AccountFilterType": "INTERSECTION",
            "Accounts": list(accounts),
            "OrganizationalUnitIds": ["ou-ab12-cdef3456"],
        },
        "Regions": [region],
    }


MADE: dict[str, tuple[Make, Json]] = {
    "a topic": (
        lambda: made(AuditTopic, estate=of()),
        {
            "AuditKey": {
                "Type": "AWS::KMS::Key",
                **KEPT,
                "Properties": {
                    "Description": "...",
                    "EnableKeyRotation": True,
                    "KeyPolicy": "...",
                    "PendingWindowInDays": 7,
                    "Tags": TAGS,
                },
            },
            "AuditTopic": {
                "Type": "AWS::SNS::Topic",
                "Properties": {
                    "TopicName": "tenant-keys-audit",
                    "DisplayName": "...",
                    "KmsMasterKeyId": {"Fn::GetAtt": ["AuditKey", "Arn"]},
                    "Tags": TAGS,
                },
            },
            "AuditTopicPolicy": {
                "Type": "AWS::SNS::TopicPolicy",
                "Properties": {"Topics": [{"Ref": "AuditTopic"}], "PolicyDocument": "..."},
            },
        },
    ),
    "alarms": (
        lambda: with_topic(AuditAlarms, region="eu-central-1"),
        {
            "AlarmmaterialXexpiring": alarm(
                "tenant-keys-audit-material-expiring",
                "LessThanThreshold",
                14 * 24 * 60 * 60,
                {
                    "Id": "q1",
                    "Expression": 'SELECT MIN(SecondsUntilKeyMaterialExpiration) FROM SCHEMA("AWS/KMS", KeyId) '
                    "GROUP BY KeyId ORDER BY MIN() ASC",
                    "Period": 3600,
                    "ReturnData": True,
                },
            ),
            "AlarmquotaXnear": alarm(
                "tenant-keys-audit-quota-near",
                "GreaterThanThreshold",
                80,
                {
                    "Id": "m1",
                    "MetricStat": {
                        "Metric": {
                            "Namespace": "AWS/Usage",
                            "MetricName": "CallCount",
                            "Dimensions": [
                                {"Name": "Service", "Value": "KMS"},
                                {"Name": "Type", "Value": "API"},
                                {"Name": "Resource", "Value": "CryptographicOperationsSymmetric"},
                                {"Name": "Class", "Value": "None"},
                            ],
                        },
                        "Period": 60,
                        "Stat": "Sum",
                    },
                    "ReturnData": False,
                },
                {"Id": "e1", "Expression": "100 * (m1 / PERIOD(m1)) / SERVICE_QUOTA(m1)", "ReturnData": True},
            ),
        },
    ),
    "an account that may report": (
        lambda: made(AuditBus, accounts=["222222222222"], region="eu-west-1", estate=of()),
        {
            "Bus222222222222": {
                "Type": "AWS::Events::EventBusPolicy",
                "Properties": reporting("tenant-keys-audit-222222222222"),
            }
        },
    ),
    "an organization that may report": (
        lambda: made(AuditBus, accounts=["222222222222"], region="eu-west-1", estate=of(UNITS)),
        {
            "Busorganization": {
                "Type": "AWS::Events::EventBusPolicy",
                "Properties": reporting("tenant-keys-audit-organization"),
            }
        },
    ),
    "nobody who may report": (lambda: made(AuditBus, accounts=[], region="eu-west-1", estate=of(UNITS)), {}),
    "a forwarder": (
        lambda: made(RefusalForwarder, account="222222222222", region="eu-central-1", estate=of()),
        {
            "AuditForwarder": {
                **ROLE,
                "Properties": {
                    "RoleName": "tenant-keys-audit.eu-central-1",
                    **policies("Report"),
                    "Description": "...",
                    "PermissionsBoundary": BOUNDARY("222222222222"),
                    "Tags": TAGS,
                },
            },
            "AuditForwarding": {
                "Type": "AWS::Events::Rule",
                "Properties": {
                    "Name": "tenant-keys-audit-access-refused",
                    "Description": "...",
                    "EventPattern": "...",
                    "State": "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS",
                    "Targets": [
                        {
                            "Arn": "arn:aws:events:eu-central-1:111111111111:event-bus/default",
                            "Id": "KeyAccount",
                            "RoleArn": {"Fn::GetAtt": ["AuditForwarder", "Arn"]},
                        }
                    ],
                    "Tags": TAGS,
                },
            },
        },
    ),
    "a stack set that forwards": (
        stack_set,
        {
            "AuditForwarding": {
                "Type": "AWS::CloudFormation::StackSet",
                "Properties": {
                    "StackSetName": "tenant-keys-audit-forwarding-111111111111",
                    "Description": "...",
                    "PermissionModel": "SERVICE_MANAGED",
                    "CallAs": "DELEGATED_ADMIN",
                    "AutoDeployment": {"Enabled": False},
                    "ManagedExecution": {"Active": True},
                    "OperationPreferences": {
                        "ConcurrencyMode": "SOFT_FAILURE_TOLERANCE",
                        "FailureToleranceCount": 0,
                        "MaxConcurrentPercentage": 100,
                        "RegionConcurrencyType": "PARALLEL",
                    },
                    "Capabilities": ["CAPABILITY_NAMED_IAM"],
                    "StackInstancesGroup": [
                        instances("eu-central-1", "222222222222"),
                        instances("eu-west-1", "222222222222", "333333333333"),
                    ],
                    "Tags": TAGS,
                },
            }
        },
    ),
    "a stack set that forwards from nowhere": (lambda: made(ForwardingStackSet, places=[], estate=of(UNITS)), {}),
    "a stack set of an estate without audit": (
        lambda: made(ForwardingStackSet, places=[("222222222222", "eu-west-1")], estate=of('audit: "off"\n')),
        {},
    ),
}


@pytest.mark.parametrize("case", MADE)
def test_what_detects_misuse_has_exactly_these_properties(case: str) -> None:
    make, expected = MADE[case]
    assert abridged(make(), {*SENTENCES, "EventPattern"}) == expected


def test_every_rule_has_one_resource_that_notifies_the_topic() -> None:
    rules = with_topic(AuditRules)
    assert len(rules) == len(RULES)
    pattern = {"source": ["aws.kms"], "detail-type": ["KMS CMK Deletion"]}
    paths = {
        "time": "$.time",
        "account": "$.account",
        "region": "$.region",
        "event": "$.detail-type",
        "key": "$.detail.key-id",
        "record": "$.id",
    }
    assert abridged(rules["RulekeyXdeleted"], SENTENCES) == {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "Name": "tenant-keys-audit-key-deleted",
            "Description": "...",
            "State": "ENABLED",
            "EventPattern": pattern,
            "Targets": [
                {
                    "Arn": {"Ref": "AuditTopic"},
                    "Id": "Topic",
                    "InputTransformer": {"InputPathsMap": paths, "InputTemplate": "..."},
                }
            ],
            "Tags": TAGS,
        },
    }
    whole = {name: json.dumps(one["Properties"]["Targets"]) for name, one in rules.items()}
    assert all(f'\\"rule\\": \\"{name[4:].replace("X", "-")}\\"' in text for name, text in whole.items())
