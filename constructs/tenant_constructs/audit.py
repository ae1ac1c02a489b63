"""What the audit stack of a Region holds: a topic with a key of its own, rules, and two alarms."""

from __future__ import annotations

from typing import Any, Final

from tenant_constructs.access_role import bounded
from tenant_constructs.logical_id import logical_id
from tenant_constructs.resource_batch import ResourceBatch
from tenant_constructs.tags import estate_tags
from tenant_keys.manifest import Estate
from tenant_keys.manifest import stack_names as names
from tenant_keys.policy.acknowledged import INLINE_POLICY_METADATA
from tenant_keys.policy.audit import topic as policies
from tenant_keys.policy.audit.rule import Rule
from tenant_keys.policy.audit.rules import RULES
from tenant_keys.policy.names import forwarder_role_name

_KEPT: Final = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
TWO_WEEKS: Final = 1_209_600
"""Seconds before key material expires: time for a tenant to import it again."""
NEAR_QUOTA: Final = 80
"""Per cent of the Region's quota of cryptographic operations."""


class AuditTopic:
    """Where findings go. Encrypted with a key that no role uses; the publishers are services."""

    def __init__(self, batch: ResourceBatch, *, estate: Estate) -> None:
        self.arn = {"Ref": "AuditTopic"}
        tags = estate_tags(estate)
        key = {
            "Description": "Encrypts the topic on which misuse of tenants' keys is told",
            "EnableKeyRotation": True,
            "KeyPolicy": policies.topic_key_policy(estate),
            "PendingWindowInDays": 7,
            "Tags": tags,
        }
        batch.add("AuditKey", {"Type": "AWS::KMS::Key", "Properties": key, **_KEPT})
        topic = {
            "TopicName": names.audit_prefix(estate.naming).removesuffix("-"),
            "DisplayName": "Tenants' keys",
            "KmsMasterKeyId": {"Fn::GetAtt": ["AuditKey", "Arn"]},
            "Tags": tags,
        }
        batch.add("AuditTopic", {"Type": "AWS::SNS::Topic", "Properties": topic})
        policy = {"PolicyDocument": policies.topic_policy(self.arn, estate), "Topics": [self.arn]}
        batch.add("AuditTopicPolicy", {"Type": "AWS::SNS::TopicPolicy", "Properties": policy})


class AuditRules:
    """One EventBridge rule for each row of the table; each sends its message to the topic."""

    def __init__(self, batch: ResourceBatch, *, topic: AuditTopic, estate: Estate) -> None:
        for rule in RULES:
            properties = _rule(rule, estate)
            properties["Targets"] = [{"Arn": topic.arn, "Id": "Topic", "InputTransformer": rule.input_transformer}]
            batch.add(logical_id("Rule", rule.id), {"Type": "AWS::Events::Rule", "Properties": properties})


class AuditAlarms:
    """What no event tells in time: key material that expires soon, and a quota that is nearly used up."""

    def __init__(self, batch: ResourceBatch, *, topic: AuditTopic, estate: Estate, region: str) -> None:
        self._batch, self._topic, self._prefix = batch, topic, names.audit_prefix(estate.naming)
        self._tags = estate_tags(estate)
        self._add(
            "material-expiring",
            "high: imported key material of the key named in the alarm's contributors expires within two weeks. "
            f"Run: aws cloudwatch describe-alarm-contributors --region {region}; then tenant-keys byok status",
            # One alarm over all keys: at most 10,000 metrics match, 500 series come back (CloudWatch guide,
            # cloudwatch-metrics-insights-limits), the nearest first.
            _query(
                'SELECT MIN(SecondsUntilKeyMaterialExpiration) FROM SCHEMA("AWS/KMS", KeyId) GROUP BY KeyId '
                "ORDER BY MIN() ASC",
                period=3_600,
            ),
            ("LessThanThreshold", TWO_WEEKS),
        )
        self._add(
            "quota-near",
            f"medium: cryptographic operations in {region} are above {NEAR_QUOTA} % of the account's quota; the next "
            "calls may be throttled. Run: tenant-keys cost; let services use the client, which caches",
            _quota_share(),
            ("GreaterThanThreshold", NEAR_QUOTA),
        )

    def _add(self, name: str, description: str, metrics: list[dict[str, Any]], breach: tuple[str, int]) -> None:
        properties = {
            "AlarmName": f"{self._prefix}{name}",
            "AlarmDescription": description,
            "Metrics": metrics,
            "ComparisonOperator": breach[0],
            "Threshold": breach[1],
            "EvaluationPeriods": 1,
            "TreatMissingData": "notBreaching",
            "AlarmActions": [self._topic.arn],
            "Tags": self._tags,
        }
        batch_id = logical_id("Alarm", name)
        self._batch.add(batch_id, {"Type": "AWS::CloudWatch::Alarm", "Properties": properties})


class AuditBus:
    """Lets each workload account report refusals of STS, which AWS logs where the caller is."""

    def __init__(self, batch: ResourceBatch, *, accounts: list[str], region: str, estate: Estate) -> None:
        for account in accounts:
            properties = {
                "EventBusName": "default",
                "StatementId": f"{names.audit_prefix(estate.naming)}{account}",
                "Statement": policies.bus_statement(account, region, estate),
            }
            batch.add(f"Bus{account}", {"Type": "AWS::Events::EventBusPolicy", "Properties": properties})


class RefusalForwarder:
    """In a workload account: sends refused sessions of access roles to the key account's bus."""

    def __init__(self, batch: ResourceBatch, *, account: str, region: str, estate: Estate) -> None:
        rule = next(rule for rule in RULES if rule.id == "access-refused")
        boundaries = [w.permissions_boundary for w in estate.workloads.values() if w.account == account]
        role = {
            "RoleName": forwarder_role_name(region, estate),
            "AssumeRolePolicyDocument": policies.forwarder_trust(account),
            "Description": "Reports refused sessions of access roles to the key account",
            "Policies": [{"PolicyName": "Report", "PolicyDocument": policies.forwarder_policy(region, estate)}],
            **bounded(next((one for one in boundaries if one), None)),
            "Tags": estate_tags(estate),
        }
        batch.add("AuditForwarder", {"Type": "AWS::IAM::Role", "Metadata": INLINE_POLICY_METADATA, "Properties": role})
        properties = _rule(rule, estate)
        bus = {"Arn": policies.bus_arn(region, estate), "Id": "KeyAccount"}
        properties["Targets"] = [{**bus, "RoleArn": {"Fn::GetAtt": ["AuditForwarder", "Arn"]}}]
        batch.add("AuditForwarding", {"Type": "AWS::Events::Rule", "Properties": properties})


def _rule(rule: Rule, estate: Estate) -> dict[str, Any]:
    return {
        "Name": f"{names.audit_prefix(estate.naming)}{rule.id}",
        "Description": f"{rule.severity}: {rule.sentence}",
        "EventPattern": rule.pattern(estate),
        "State": rule.state,
        "Tags": estate_tags(estate),
    }


def _query(expression: str, *, period: int) -> list[dict[str, Any]]:
    return [{"Id": "q1", "Expression": expression, "Period": period, "ReturnData": True}]


def _quota_share() -> list[dict[str, Any]]:
    """AWS/Usage with SERVICE_QUOTA (CloudWatch guide, CloudWatch-Quotas-Visualize-Alarms)."""
    dimensions = {
        "Service": "KMS",
        "Type": "API",
        "Resource": "CryptographicOperationsSymmetric",
        "Class": "None",
    }
    metric = {
        "Namespace": "AWS/Usage",
        "MetricName": "CallCount",
        "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
    }
    calls = {"Metric": metric, "Period": 60, "Stat": "Sum"}
    return [
        {"Id": "m1", "MetricStat": calls, "ReturnData": False},
        {"Id": "e1", "Expression": "100 * (m1 / PERIOD(m1)) / SERVICE_QUOTA(m1)", "ReturnData": True},
    ]
