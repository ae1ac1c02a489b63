"""The audit stack with one thing broken: its topic, where its rules send, its alarms, who may report."""

from __future__ import annotations

from tools.mutants.audit_edits import (
    AUDIT,
    BUS,
    ELSEWHERE,
    INVENTORY,
    STRANGER,
    WORKLOAD,
    adding_to,
    allow,
    missing,
    more_targets,
    of,
    policy_of,
    rules_reversed,
    target,
)
from tools.mutants.mutant import Harmless, Mutant, NotProvedBecause, Refuted, adding_resource, change
from tools.mutants.original import CENTRAL

MUTANTS = [
    Mutant(
        "the topic is not encrypted",
        Refuted(INVENTORY, ("KmsMasterKeyId is missing",)),
        lambda templates: (of("AuditTopic")(templates).pop("KmsMasterKeyId"), None)[1],
    ),
    Mutant(
        "the topic has the account's default key",
        Refuted(INVENTORY, ("KmsMasterKeyId",)),
        change(of("AuditTopic"), KmsMasterKeyId="alias/aws/sns"),
    ),
    Mutant(
        "the topic has a subscriber of its own",
        NotProvedBecause(("AWS::SNS::Topic Subscription",)),
        change(of("AuditTopic"), Subscription=[{"Protocol": "https", "Endpoint": "https://stranger.example.com"}]),
    ),
    Mutant(
        "a subscription beside the topic",
        NotProvedBecause(("AWS::SNS::Subscription",)),
        adding_resource(
            AUDIT,
            "AWS::SNS::Subscription",
            Protocol="email",
            Endpoint="eve@example.com",
            TopicArn={"Ref": "AuditTopic"},
        ),
    ),
    Mutant(
        "a stranger subscribes to the topic",
        Refuted(INVENTORY, ("PolicyDocument",)),
        adding_to(policy_of("AuditTopicPolicy"), allow({"AWS": STRANGER}, "sns:Subscribe", {"Ref": "AuditTopic"})),
    ),
    Mutant(
        "the topic takes plain HTTP",
        Refuted(INVENTORY, ("PolicyDocument",)),
        lambda templates: (policy_of("AuditTopicPolicy")(templates)["Statement"].pop(), None)[1],
    ),
    Mutant(
        "a second policy of the topic",
        Refuted(INVENTORY, ("a second AWS::SNS::TopicPolicy",)),
        lambda templates: templates.resources(AUDIT).update(Planted=templates.resources(AUDIT)["AuditTopicPolicy"]),
    ),
    Mutant(
        "a rule sends to a stranger's topic",
        Refuted(INVENTORY, ("Targets[0].Arn is ",)),
        lambda templates: target(templates).update(Arn=ELSEWHERE),
    ),
    Mutant(
        "a rule sends to a second topic", Refuted(INVENTORY, ("Targets[1] is ", "and is not declared")), more_targets
    ),
    Mutant(
        "a rule passes a role",
        Refuted(INVENTORY, ("Targets[0].RoleArn is ", "and is not declared")),
        lambda templates: target(templates).update(RoleArn=f"arn:aws:iam::{CENTRAL}:role/KeyBreakGlass"),
    ),
    Mutant(
        "a rule is switched off",
        Refuted(INVENTORY, ('detects nothing: State is "DISABLED"',)),
        change(of("RuleuseXdenied"), State="DISABLED"),
    ),
    Mutant(
        "a rule is gone", Refuted(INVENTORY, ("tenant-keys-audit-alias-moved is declared",)), missing("RulealiasXmoved")
    ),
    Mutant(
        "a rule runs by the clock",
        NotProvedBecause(("AWS::Events::Rule ScheduleExpression",)),
        change(of("RuleuseXdenied"), ScheduleExpression="rate(1 minute)"),
    ),
    Mutant(
        "a rule of a name that nobody declares",
        NotProvedBecause(("AWS::Events::Rule",)),
        adding_resource(
            AUDIT,
            "AWS::Events::Rule",
            Name="other",
            EventPattern={"source": ["aws.kms"]},
            Targets=[{"Arn": f"arn:aws:lambda:eu-west-1:{CENTRAL}:function:f", "Id": "f"}],
        ),
    ),
    Mutant(
        "an alarm tells a stranger",
        Refuted(INVENTORY, ("AlarmActions",)),
        change(of("AlarmmaterialXexpiring"), AlarmActions=[ELSEWHERE]),
    ),
    Mutant(
        "an alarm tells a stranger when it is over",
        NotProvedBecause(("AWS::CloudWatch::Alarm OKActions",)),
        change(of("AlarmmaterialXexpiring"), OKActions=[ELSEWHERE]),
    ),
    Mutant(
        "an alarm is gone", Refuted(INVENTORY, ("material-expiring is declared",)), missing("AlarmmaterialXexpiring")
    ),
    Mutant(
        "anybody reports to the bus",
        Refuted(INVENTORY, ("Statement",)),
        lambda templates: of("Bus222222222222")(templates)["Statement"].update(Principal="*"),
    ),
    Mutant(
        "a workload account makes rules on the bus",
        Refuted(INVENTORY, ("Statement",)),
        lambda templates: of("Bus222222222222")(templates)["Statement"].update(
            Action=["events:PutEvents", "events:PutRule"]
        ),
    ),
    Mutant(
        "a workload account reports as any source",
        Refuted(INVENTORY, ("Statement",)),
        lambda templates: (of("Bus222222222222")(templates)["Statement"].pop("Condition"), None)[1],
    ),
    Mutant(
        "an account without workloads reports",
        NotProvedBecause(("AWS::Events::EventBusPolicy",)),
        adding_resource(
            AUDIT,
            "AWS::Events::EventBusPolicy",
            EventBusName="default",
            StatementId="stranger",
            Statement=allow({"AWS": STRANGER}, "events:PutEvents", BUS),
        ),
    ),
    Mutant(
        "refusals are reported to a stranger",
        Refuted(INVENTORY, ("Targets[0].Arn is ",)),
        lambda templates: target(templates, "AuditForwarding", WORKLOAD).update(
            Arn=BUS.replace(CENTRAL, "999999999999")
        ),
    ),
    Mutant(
        "the forwarder may send anywhere",
        Refuted(INVENTORY, ("the permissions policy of the role that forwards refusals", "Resource has also *")),
        lambda templates: of("AuditForwarder", WORKLOAD)(templates)["Policies"][0]["PolicyDocument"]["Statement"][
            0
        ].update(Resource="*"),
    ),
    Mutant(
        "anybody sends as the forwarder",
        Refuted(INVENTORY, ("the trust policy of the role that forwards refusals", "Condition lacks StringEquals")),
        lambda templates: (
            of("AuditForwarder", WORKLOAD)(templates)["AssumeRolePolicyDocument"]["Statement"][0].pop("Condition"),
            None,
        )[1],
    ),
    Mutant(
        "a workload account reports nothing",
        Refuted(INVENTORY, ("tenant-keys-audit-access-refused is declared",)),
        missing("AuditForwarding", WORKLOAD),
    ),
    Mutant(
        "a rule of read-only events gets none of them",
        Refuted(INVENTORY, ('the rule detects nothing: State is "ENABLED"',)),
        change(of("RuleuseXdenied"), State="ENABLED"),
    ),
    Mutant(
        "a rule of read-only events has no state",
        Refuted(INVENTORY, ('the rule detects nothing: State is "ENABLED"',)),
        lambda templates: (of("RuleimportXbegun")(templates).pop("State"), None)[1],
    ),
    Mutant(
        "refusals are forwarded without read-only events",
        Refuted(INVENTORY, ('AuditForwarding: the rule detects nothing: State is "ENABLED"',)),
        change(of("AuditForwarding", WORKLOAD), State="ENABLED"),
    ),
    Mutant(
        "a rule gets more events than it needs",
        NotProvedBecause(('State is "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS", declared is',)),
        change(of("RulealiasXmoved"), State="ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"),
    ),
    Mutant(
        "the state is a list", Refuted(INVENTORY, ("detects nothing",)), change(of("RuleuseXdenied"), State=["ENABLED"])
    ),
    Mutant(
        "a target is a word",
        Refuted(INVENTORY, ('Targets[0] is "x", declared is',)),
        change(of("RuleuseXdenied"), Targets=["x"]),
    ),
    Mutant("the targets are a number", Refuted(INVENTORY, ("Targets is 5",)), change(of("RuleuseXdenied"), Targets=5)),
    Mutant(
        "the topics of the policy are a number",
        Refuted(INVENTORY, ("AWS::SNS::TopicPolicy",)),
        change(of("AuditTopicPolicy"), Topics=5),
    ),
    Mutant(
        "the policy of the topic is a word",
        NotProvedBecause(("PolicyDocument differs from what is declared: got",)),
        change(of("AuditTopicPolicy"), PolicyDocument="x"),
    ),
    Mutant(
        "the statement on the bus is a list",
        NotProvedBecause(("Statement differs from what is declared: Statement[0]: got 1",)),
        change(of("Bus222222222222"), Statement=[1]),
    ),
    Mutant(
        "the pattern of a rule is a list",
        NotProvedBecause(("EventPattern is [{}], declared is",)),
        change(of("RuleuseXdenied"), EventPattern=[{}]),
    ),
    Mutant(
        "the message of a rule is a word",
        NotProvedBecause(('InputTransformer: got "x"',)),
        lambda templates: target(templates).update(InputTransformer="x"),
    ),
    Mutant(
        "a rule matches nothing",
        NotProvedBecause(("EventPattern.",)),
        change(of("RuledeletionXscheduled"), EventPattern={"source": ["aws.nothing"]}),
    ),
    Mutant(
        "a rule spares the administrator",
        NotProvedBecause(("EventPattern.detail.userIdentity",)),
        lambda templates: of("RulekeyXpolicyXchanged")(templates)["EventPattern"]["detail"]["userIdentity"][
            "sessionContext"
        ]["sessionIssuer"]["arn"][1]["anything-but"].append(f"arn:aws:iam::{CENTRAL}:role/KeyAdministrator"),
    ),
    Mutant(
        "refusals of another service are forwarded",
        NotProvedBecause(("AuditForwarding: EventPattern.",)),
        change(of("AuditForwarding", WORKLOAD), EventPattern={"source": ["aws.s3"]}),
    ),
    Mutant(
        "the message of a rule is no JSON",
        NotProvedBecause(("InputTemplate is not JSON",)),
        lambda templates: target(templates)["InputTransformer"].update(InputTemplate="{ <nothing>"),
    ),
    Mutant(
        "the message of a rule says who twice",
        NotProvedBecause(("InputTemplate",)),
        lambda templates: target(templates)["InputTransformer"].update(
            InputTemplate=target(templates)["InputTransformer"]["InputTemplate"].replace(
                '"who"', '"who": "x", "who"', 1
            )
        ),
    ),
    Mutant(
        "the message of a rule does not say who",
        NotProvedBecause(('InputTransformer.InputPathsMap.who is "$.account"',)),
        lambda templates: target(templates)["InputTransformer"]["InputPathsMap"].update(who="$.account"),
    ),
    Mutant(
        "an alarm waits for what never comes",
        NotProvedBecause(("Threshold is 1000000000.0, declared is 80",)),
        change(of("AlarmquotaXnear"), Threshold=1e9),
    ),
    Mutant(
        "an alarm watches another service",
        NotProvedBecause(("Metrics",)),
        lambda templates: of("AlarmmaterialXexpiring")(templates)["Metrics"][0].update(
            Expression='SELECT MIN(x) FROM SCHEMA("AWS/EC2", InstanceId)'
        ),
    ),
    Mutant(
        "the topic is published on from one account alone",
        NotProvedBecause(("PolicyDocument differs from what is declared",)),
        lambda templates: policy_of("AuditTopicPolicy")(templates)["Statement"][1].update(
            Condition={"StringEquals": {"aws:SourceAccount": CENTRAL}}
        ),
    ),
    Mutant(
        "the forwarder is held to TLS",
        NotProvedBecause(("policy of the role that forwards refusals differs",)),
        lambda templates: of("AuditForwarder", WORKLOAD)(templates)["Policies"][0]["PolicyDocument"]["Statement"][
            0
        ].update(Condition={"Bool": {"aws:SecureTransport": "true"}}),
    ),
    Mutant("rules in another order", Harmless(), rules_reversed),
    Mutant(
        "operations of a pattern in another order",
        Harmless(),
        lambda templates: of("RuleuseXdenied")(templates)["EventPattern"]["detail"]["eventName"].reverse(),
    ),
    Mutant(
        "one action on the topic as text",
        Harmless(),
        lambda templates: policy_of("AuditTopicPolicy")(templates)["Statement"][1].update(Action="sns:Publish"),
    ),
    Mutant(
        "the statement on the bus with a Sid and a list",
        Harmless(),
        lambda templates: of("Bus222222222222")(templates)["Statement"].update(
            Sid="Report", Action=["events:PutEvents"]
        ),
    ),
    Mutant("a rule described in other words", Harmless(), change(of("RuleuseXdenied"), Description="other words")),
]
"""By hand: what the proof says of each."""
