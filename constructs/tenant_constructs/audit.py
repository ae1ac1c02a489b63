"""What the audit stack of a Region holds: a topic with a key of its own, rules, two alarms, and who may report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from aws_cdk import RemovalPolicy
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from tenant_constructs.logical_id import logical_id
from tenant_constructs.metadata import add_metadata
from tenant_constructs.tags import estate_tags
from tenant_keys.manifest import Estate
from tenant_keys.manifest import stack_names as names
from tenant_keys.policy.acknowledged import INLINE_POLICY_METADATA
from tenant_keys.policy.audit import topic as policies
from tenant_keys.policy.audit.rule import Rule
from tenant_keys.policy.audit.rules import RULES
from tenant_keys.policy.names import forwarder_role_name

TWO_WEEKS: Final = 1_209_600
"""Seconds before key material expires: time for a tenant to import it again."""
NEAR_QUOTA: Final = 80
"""Per cent of the Region's quota of cryptographic operations."""


class AuditTopic(Construct):
    """Where findings go. Encrypted with a key that no role uses; the publishers are services."""

    def __init__(self, scope: Construct, construct_id: str, *, estate: Estate) -> None:
        super().__init__(scope, construct_id)
        key = kms.CfnKey(
            self,
            "Key",
            description="Encrypts the topic on which misuse of tenants' keys is reported",
            enable_key_rotation=True,
            key_policy=policies.topic_key_policy(estate),
            pending_window_in_days=7,
            tags=estate_tags(estate),
        )
        key.apply_removal_policy(RemovalPolicy.RETAIN)
        key.override_logical_id("AuditKey")
        topic = sns.CfnTopic(
            self,
            "Topic",
            topic_name=names.audit_prefix(estate.naming).removesuffix("-"),
            display_name="Tenants' keys",
            kms_master_key_id=key.attr_arn,
            tags=estate_tags(estate),
        )
        topic.override_logical_id("AuditTopic")
        self.topic_arn = topic.ref
        """ARN of the topic: an attribute that CloudFormation resolves at deployment."""
        policy = policies.topic_policy(self.topic_arn, estate)
        sns.CfnTopicPolicy(self, "Policy", topics=[self.topic_arn], policy_document=policy).override_logical_id(
            "AuditTopicPolicy"
        )


class AuditRules(Construct):
    """One EventBridge rule for each row of the table; each sends its message to the topic."""

    def __init__(self, scope: Construct, construct_id: str, *, topic: AuditTopic, estate: Estate) -> None:
        """Raises:
        PolicyTooLarge: EventBridge would refuse a pattern for its size.
        """
        super().__init__(scope, construct_id)
        for rule in RULES:
            message = rule.input_transformer
            target = events.CfnRule.TargetProperty(
                arn=topic.topic_arn,
                id="Topic",
                input_transformer=events.CfnRule.InputTransformerProperty(
                    input_template=message["InputTemplate"], input_paths_map=message["InputPathsMap"]
                ),
            )
            _add_rule(self, rule.id, rule, target, estate).override_logical_id(logical_id("Rule", rule.id))


class AuditAlarms(Construct):
    """What no event tells in time: key material that expires soon, and a quota that is nearly used up."""

    def __init__(self, scope: Construct, construct_id: str, *, topic: AuditTopic, estate: Estate, region: str) -> None:
        super().__init__(scope, construct_id)
        self._topic, self._estate = topic, estate
        self._add(
            "material-expiring",
            "high: imported key material of the key named in the alarm's contributors expires within two weeks. "
            f"Run: aws cloudwatch describe-alarm-contributors --region {region}; then tenant-keys byok status",
            _expiring(),
            ("LessThanThreshold", TWO_WEEKS),
        )
        self._add(
            "quota-near",
            f"medium: cryptographic operations in {region} are above {NEAR_QUOTA} % of the account's quota; the next "
            "calls may be throttled. Run: tenant-keys cost; let services use the client, which caches",
            _quota_share(),
            ("GreaterThanThreshold", NEAR_QUOTA),
        )

    def _add(self, name: str, description: str, metrics: Sequence[Any], breach: tuple[str, int]) -> None:
        alarm = cloudwatch.CfnAlarm(
            self,
            name,
            alarm_name=f"{names.audit_prefix(self._estate.naming)}{name}",
            alarm_description=description,
            metrics=list(metrics),
            comparison_operator=breach[0],
            threshold=breach[1],
            evaluation_periods=1,
            treat_missing_data="notBreaching",
            alarm_actions=[self._topic.topic_arn],
            tags=estate_tags(self._estate),
        )
        alarm.override_logical_id(logical_id("Alarm", name))


class AuditBus(Construct):
    """Lets each workload account report refusals of STS, which AWS logs where the caller is.

    Where a stack set forwards them, one statement lets the forwarders of the organization report.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, accounts: Sequence[str], region: str, estate: Estate
    ) -> None:
        super().__init__(scope, construct_id)
        statements = {account: policies.bus_statement(account, region, estate) for account in accounts}
        if accounts and estate.audit and estate.audit.forward_from:
            statements = {"organization": policies.bus_statement_of_organization(region, estate)}
        for name, body in statements.items():
            statement = events.CfnEventBusPolicy(
                self,
                name,
                event_bus_name="default",
                statement_id=f"{names.audit_prefix(estate.naming)}{name}",
                statement=body,
            )
            statement.override_logical_id(f"Bus{name}")


class RefusalForwarder(Construct):
    """In a workload account: sends refused sessions of access roles to the key account's bus."""

    def __init__(self, scope: Construct, construct_id: str, *, account: str, region: str, estate: Estate) -> None:
        super().__init__(scope, construct_id)
        boundaries = [w.permissions_boundary for w in estate.workloads.values() if w.account == account]
        report = iam.CfnRole.PolicyProperty(
            policy_name="Report", policy_document=policies.forwarder_policy(region, estate)
        )
        role = iam.CfnRole(
            self,
            "Role",
            role_name=forwarder_role_name(region, estate),
            description=policies.FORWARDER,
            assume_role_policy_document=policies.forwarder_trust(account),
            policies=[report],
            permissions_boundary=next((one for one in boundaries if one), None),
            tags=estate_tags(estate),
        )
        role.override_logical_id("AuditForwarder")
        add_metadata(role, INLINE_POLICY_METADATA)
        rule = next(rule for rule in RULES if rule.id == "access-refused")
        target = events.CfnRule.TargetProperty(
            arn=policies.bus_arn(region, estate), id="KeyAccount", role_arn=role.attr_arn
        )
        _add_rule(self, "Rule", rule, target, estate).override_logical_id("AuditForwarding")


def _add_rule(
    scope: Construct, construct_id: str, rule: Rule, target: events.CfnRule.TargetProperty, estate: Estate
) -> events.CfnRule:
    """An L1: the L2 rule knows no state but ENABLED and DISABLED."""
    return events.CfnRule(
        scope,
        construct_id,
        name=f"{names.audit_prefix(estate.naming)}{rule.id}",
        description=f"{rule.severity}: {rule.sentence}",
        event_pattern=rule.pattern(estate),
        state=rule.state,
        targets=[target],
        tags=estate_tags(estate),
    )


def _expiring() -> list[cloudwatch.CfnAlarm.MetricDataQueryProperty]:
    """One alarm over all keys: at most 10,000 metrics match, 500 series come back, the nearest first (CloudWatch guide,
    cloudwatch-metrics-insights-limits).
    """
    query = (
        'SELECT MIN(SecondsUntilKeyMaterialExpiration) FROM SCHEMA("AWS/KMS", KeyId) GROUP BY KeyId ORDER BY MIN() ASC'
    )
    return [cloudwatch.CfnAlarm.MetricDataQueryProperty(id="q1", expression=query, period=3_600, return_data=True)]


def _quota_share() -> list[cloudwatch.CfnAlarm.MetricDataQueryProperty]:
    """AWS/Usage with SERVICE_QUOTA (CloudWatch guide, CloudWatch-Quotas-Visualize-Alarms)."""
    dimensions = {
        "Service": "KMS",
        "Type": "API",
        "Resource": "CryptographicOperationsSymmetric",
        "Class": "None",
    }
    metric = cloudwatch.CfnAlarm.MetricProperty(
        namespace="AWS/Usage",
        metric_name="CallCount",
        dimensions=[
            cloudwatch.CfnAlarm.DimensionProperty(name=name, value=value) for name, value in dimensions.items()
        ],
    )
    calls = cloudwatch.CfnAlarm.MetricStatProperty(metric=metric, period=60, stat="Sum")
    share = "100 * (m1 / PERIOD(m1)) / SERVICE_QUOTA(m1)"
    return [
        cloudwatch.CfnAlarm.MetricDataQueryProperty(id="m1", metric_stat=calls, return_data=False),
        cloudwatch.CfnAlarm.MetricDataQueryProperty(id="e1", expression=share, return_data=True),
    ]
