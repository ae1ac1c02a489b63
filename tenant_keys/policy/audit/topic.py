"""The policies around the topic: its key's, its own, and that of the bus on which workload accounts report.

EventBridge and CloudWatch publish in their own names. A key of the account's own is needed: the policy of the key
`alias/aws/sns` lets neither use it (SNS guide, sns-key-management, "Enable compatibility between event sources from AWS
services and encrypted topics"). The same page rules out `aws:SourceAccount` in the key policy for EventBridge; the
topic's policy limits who publishes.
"""

from __future__ import annotations

from typing import Any, Final

from tenant_keys.manifest import Estate
from tenant_keys.policy import actions
from tenant_keys.policy.names import forwarder_role_name
from tenant_keys.policy.statement import EVERYONE, Document, allow, deny, document, only, root_of

PUBLISHERS: Final = ("cloudwatch.amazonaws.com", "events.amazonaws.com")
KEEP: Final = (
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:PutKeyPolicy",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateKeyDescription",
)
"""What CloudFormation's handler calls to keep the key as declared, beside what it reads."""

FORWARDER: Final = "Reports refused sessions of access roles to the key account"


def topic_key_policy(estate: Estate) -> Document:
    """No role uses the key; the topic's publishers do, break-glass alone schedules its deletion, auditors read it."""
    central = estate.central
    root = root_of(central.account, central.partition)
    people = (*central.deployers, *central.administrators, central.break_glass, *central.readers)
    readers = tuple(dict.fromkeys((*people, *central.auditors.values())))
    return document(
        [
            allow("Read", (*actions.DESCRIBE, *actions.READ), only(readers), Principal=root, Resource="*"),
            allow("Deploy", KEEP, only(central.deployers), Principal=root, Resource="*"),
            allow(
                "ScheduleDeletion",
                (*actions.CANCEL_DELETION, *actions.SCHEDULE_DELETION),
                only((central.break_glass,)),
                Principal=root,
                Resource="*",
            ),
            allow(
                "PublishEncrypted",
                ("kms:Decrypt", "kms:GenerateDataKey"),
                Principal={"Service": list(PUBLISHERS)},
                Resource="*",
            ),
        ]
    )


def topic_policy(topic: object, estate: Estate) -> Document:
    """EventBridge and CloudWatch of this account publish. Who subscribes and reads is decided by IAM in the account.

    A topic policy is beside IAM: within one account either is enough (IAM guide, evaluation logic).
    """
    own = {"StringEquals": {"aws:SourceAccount": estate.central.account}}
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    return document(
        [
            allow("PublishAlarms", ("sns:Publish",), own, Principal={"Service": PUBLISHERS[0]}, Resource=topic),
            allow("PublishEvents", ("sns:Publish",), Principal={"Service": PUBLISHERS[1]}, Resource=topic),
            deny("DenyPlainHttp", ("sns:Publish",), plain, Principal=EVERYONE, Resource=topic),
        ]
    )


def bus_arn(region: str, estate: Estate) -> str:
    """The default bus of the key account, which alone gets CloudTrail's records."""
    central = estate.central
    return f"arn:{central.partition}:events:{region}:{central.account}:event-bus/default"


def bus_statement(account: str, region: str, estate: Estate) -> dict[str, Any]:
    """A workload account may send refusals of STS, and nothing else, to the bus of the key account.

    The values of events:source and events:detail-type are lists (EventBridge guide, eb-use-conditions).
    """
    return {
        "Effect": "Allow",
        "Principal": root_of(account, estate.central.partition),
        "Action": "events:PutEvents",
        "Resource": bus_arn(region, estate),
        "Condition": {
            "ForAllValues:StringEquals": {
                "events:detail-type": "AWS API Call via CloudTrail",
                "events:source": "aws.sts",
            },
            "Null": {"events:detail-type": "false", "events:source": "false"},
        },
    }


def bus_statement_of_organization(region: str, estate: Estate) -> dict[str, Any]:
    """The forwarders of all accounts of the organization may send the same; a bus policy has 10,240 characters at most.

    Events that an organization's accounts send come by a role (CloudFormation guide, AWS::Events::EventBusPolicy), of
    which the ARN and the organization are in each request (IAM guide, reference_policies_condition-keys).
    """
    partition, name = estate.central.partition, forwarder_role_name(region, estate)
    statement = bus_statement(estate.central.account, region, estate) | {"Principal": EVERYONE}
    statement["Condition"] = {
        "ArnLike": {"aws:PrincipalArn": f"arn:{partition}:iam::*:role/{name}"},
        "StringEquals": {"aws:PrincipalOrgID": estate.organization},
        **statement["Condition"],
    }
    return statement


def forwarder_trust(account: str) -> Document:
    """EventBridge of the workload account sends as the role (EventBridge guide, eb-cross-account)."""
    own = {"StringEquals": {"aws:SourceAccount": account}}
    return document([allow("Forward", ("sts:AssumeRole",), own, Principal={"Service": "events.amazonaws.com"})])


def forwarder_policy(region: str, estate: Estate) -> Document:
    """To the one bus, and nothing else."""
    return document([allow("ReportRefusals", ("events:PutEvents",), Resource=bus_arn(region, estate))])
