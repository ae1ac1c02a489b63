"""The audit stack with one thing broken: its key, its topic, where its rules send, who may report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tenant_keys.review.proof import Kind
from tools.mutants.mutant import Edit, Harmless, Mutant, NotProvedBecause, Refuted, adding_resource, change
from tools.mutants.original import CENTRAL, Body, Templates

AUDIT = "tenant-keys-audit-eu-west-1"
WORKLOAD = "tenant-keys-workload-222222222222-eu-west-1"
STRANGER = "arn:aws:iam::999999999999:root"
ELSEWHERE = "arn:aws:sns:eu-west-1:999999999999:tenant-keys-audit"
BUS = f"arn:aws:events:eu-west-1:{CENTRAL}:event-bus/default"
INVENTORY, ADMINISTRATION = Kind.INVENTORY, Kind.ADMINISTRATION


def of(name: str, stack: str = AUDIT) -> Callable[[Templates], Body]:
    """The properties of a resource of the audit stack."""
    return lambda templates: templates.resources(stack)[name]["Properties"]


def key_statement(number: int) -> Callable[[Templates], Body]:
    return lambda templates: of("AuditKey")(templates)["KeyPolicy"]["Statement"][number]


def adding_to(find: Callable[[Templates], Body], statement: Body) -> Edit:
    """One statement more in a policy document."""
    return lambda templates: find(templates)["Statement"].append(statement)


def target(templates: Templates, name: str = "RuleuseXdenied", stack: str = AUDIT) -> Body:
    found: Body = of(name, stack)(templates)["Targets"][0]
    return found


def missing(name: str, stack: str = AUDIT) -> Edit:
    def edit(templates: Templates) -> None:
        del templates.resources(stack)[name]

    return edit


def _policy(name: str) -> Callable[[Templates], Body]:
    return lambda templates: of(name)(templates)["PolicyDocument"]


def _key_policy(templates: Templates) -> Body:
    found: Body = of("AuditKey")(templates)["KeyPolicy"]
    return found


def _tenants_alias(templates: Templates) -> None:
    templates.resources(AUDIT)["Planted"] = {
        "Type": "AWS::KMS::Alias",
        "Properties": {"AliasName": "alias/audit", "TargetKeyId": {"Ref": "AuditKey"}},
    }


def _reversed(templates: Templates) -> None:
    """Rules in another order are the same rules."""
    resources = templates.resources(AUDIT)
    for name in [name for name in resources if name.startswith("Rule")][::-1]:
        resources[name] = resources.pop(name)


def _more_targets(templates: Templates) -> None:
    of("RuleuseXdenied")(templates)["Targets"].append({"Arn": ELSEWHERE, "Id": "Second"})


def _allow(principal: object, action: str, resource: object = "*") -> dict[str, Any]:
    return {"Sid": "Added", "Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource}


_KEY = ("the policy of the key that encrypts the topic",)

MUTANTS = [
    Mutant(
        "a role uses the key of the topic",
        Refuted(ADMINISTRATION, _KEY),
        adding_to(
            _key_policy,
            _allow({"AWS": f"arn:aws:iam::{CENTRAL}:role/tenant-keys/billing/shared.billing"}, "kms:Decrypt"),
        ),
    ),
    Mutant(
        "a stranger uses the key of the topic",
        Refuted(ADMINISTRATION, _KEY),
        adding_to(_key_policy, _allow({"AWS": STRANGER}, "kms:Decrypt")),
    ),
    Mutant(
        "a third service uses the key of the topic",
        Refuted(ADMINISTRATION, _KEY),
        change(
            key_statement(3),
            Principal={"Service": ["cloudwatch.amazonaws.com", "events.amazonaws.com", "s3.amazonaws.com"]},
        ),
    ),
    Mutant(
        "the services may do anything with the key of the topic",
        Refuted(ADMINISTRATION, _KEY),
        change(key_statement(3), Action=["kms:*"]),
    ),
    Mutant(
        "anybody deploys the key of the topic",
        Refuted(ADMINISTRATION, _KEY),
        lambda templates: (key_statement(1)(templates).pop("Condition"), None)[1],
    ),
    Mutant(
        "the key of the topic does not rotate",
        Refuted(INVENTORY, ("RotationPeriodInDays",)),
        change(of("AuditKey"), EnableKeyRotation=False),
    ),
    Mutant("the key of the topic is disabled", Refuted(INVENTORY, ("Enabled",)), change(of("AuditKey"), Enabled=False)),
    Mutant(
        "the key of the topic is of several Regions",
        Refuted(INVENTORY, ("kms:MultiRegion",)),
        change(of("AuditKey"), MultiRegion=True),
    ),
    Mutant(
        "the key of the topic is not retained",
        Refuted(INVENTORY, ("Retain",)),
        lambda templates: templates.resources(AUDIT)["AuditKey"].update(DeletionPolicy="Delete"),
    ),
    Mutant("an alias on the key of the topic", Refuted(INVENTORY, ("points at no tenant's key",)), _tenants_alias),
    Mutant(
        "a key of the same name among the tenants' keys",
        Refuted(INVENTORY, ("a key that no tenant's alias names",)),
        lambda templates: templates.resources("tenant-keys-cell-eu-west-1-001").update(
            AuditKey=templates.resources(AUDIT)["AuditKey"]
        ),
    ),
    Mutant(
        "the topic is not encrypted",
        Refuted(INVENTORY, ("KmsMasterKeyId is None",)),
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
        adding_to(_policy("AuditTopicPolicy"), _allow({"AWS": STRANGER}, "sns:Subscribe", {"Ref": "AuditTopic"})),
    ),
    Mutant(
        "the topic takes plain HTTP",
        Refuted(INVENTORY, ("PolicyDocument",)),
        lambda templates: (_policy("AuditTopicPolicy")(templates)["Statement"].pop(), None)[1],
    ),
    Mutant(
        "a second policy of the topic",
        Refuted(INVENTORY, ("a second AWS::SNS::TopicPolicy",)),
        lambda templates: templates.resources(AUDIT).update(Planted=templates.resources(AUDIT)["AuditTopicPolicy"]),
    ),
    Mutant(
        "a rule sends to a stranger's topic",
        Refuted(INVENTORY, ("Targets",)),
        lambda templates: target(templates).update(Arn=ELSEWHERE),
    ),
    Mutant("a rule sends to a second topic", Refuted(INVENTORY, ("Targets",)), _more_targets),
    Mutant(
        "a rule passes a role",
        Refuted(INVENTORY, ("Targets",)),
        lambda templates: target(templates).update(RoleArn=f"arn:aws:iam::{CENTRAL}:role/KeyBreakGlass"),
    ),
    Mutant(
        "a rule is switched off",
        Refuted(INVENTORY, ("detects nothing",)),
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
            Statement=_allow({"AWS": STRANGER}, "events:PutEvents", BUS),
        ),
    ),
    Mutant(
        "refusals are reported to a stranger",
        Refuted(INVENTORY, ("Targets",)),
        lambda templates: target(templates, "AuditForwarding", WORKLOAD).update(
            Arn=BUS.replace(CENTRAL, "999999999999")
        ),
    ),
    Mutant(
        "the forwarder may send anywhere",
        Refuted(INVENTORY, ("Targets",)),
        lambda templates: of("AuditForwarder", WORKLOAD)(templates)["Policies"][0]["PolicyDocument"]["Statement"][
            0
        ].update(Resource="*"),
    ),
    Mutant(
        "anybody sends as the forwarder",
        Refuted(INVENTORY, ("Targets",)),
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
    Mutant("rules in another order", Harmless(), _reversed),
    Mutant("a rule described in other words", Harmless(), change(of("RuleuseXdenied"), Description="other words")),
]
"""By hand: what the proof says of each."""
