"""The attack is made, and the message arrives: what the local AWS decides becomes a record, an event, a message."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tenant_keys.local import LocalAws
from tests.local import handmade
from tests.local.conftest import LocalEstate
from tests.local.refusal import refused
from tests.local.test_detection import MANIFEST
from tests.local.test_kms_import import bring
from tests.policy.estates import estate_of_text
from tests.stacks.synth import synthesized

STACKS = {
    "tenant-keys-audit-eu-west-1": handmade.CENTRAL,
    "tenant-keys-workload-222222222222-eu-west-1": handmade.WORKLOAD,
}
OF_KMS = ("RulekeyXdeleted", "RulematerialXexpired", "RulerotationXdone")
"""Rules of events that AWS KMS itself sends."""
LEFT_OUT = (*OF_KMS, *(f"Rule{name}" for name in ("material", "role", "rotation", "root", "rules", "topic", "trail")))
"""Else the template is longer than a request to CloudFormation takes; and the root user helps in every test."""
Message = dict[str, Any]
Reported = Callable[[], list[Message]]
Templates = dict[str, Any]


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    return synthesized(estate_of_text(MANIFEST), tmp_path_factory.mktemp("delivered"))


@pytest.fixture(scope="module")
def reported(local: LocalEstate, templates: Templates) -> Iterator[Reported]:
    """The messages that came since the last call."""
    for stack, account in STACKS.items():
        found = templates[stack]["Resources"]
        _create(local.aws, stack, account, [name for name in found if not name.startswith(LEFT_OUT)], found)
    central = local.aws.session(handmade.CENTRAL)
    read, url = on_call(central)
    yield read
    central.client("sqs").delete_queue(QueueUrl=url)
    for stack, account in STACKS.items():
        local.aws.session(account).client("cloudformation").delete_stack(StackName=f"watched-{stack}")


def on_call(central: boto3.Session) -> tuple[Reported, str]:
    """What reads the messages of the topic that came since it was called last, and the URL of its queue."""
    sqs, sns = central.client("sqs"), central.client("sns")
    url = sqs.create_queue(QueueName="on-call")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    queue = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [{**queue, "Resource": arn}]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    topic = f"arn:aws:sns:{handmade.REGION}:{handmade.CENTRAL}:tenant-keys-audit"
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})

    def read() -> list[Message]:
        found: list[Message] = []
        while batch := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            for one in batch:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
                found.append(json.loads(one["Body"]))
        return found

    return read, url


def _create(
    aws: LocalAws,
    stack: str,
    account: str,
    names: list[str],
    resources: dict[str, Any],
    *,
    deployer: bool = True,
) -> None:
    """The audit's own resources of a stack: the estate here has its roles already."""
    own = {name: resources[name] for name in names if name.startswith(("Audit", "Rule", "Bus"))}
    assert own
    template = {"Resources": {name: {k: v for k, v in body.items() if k != "Metadata"} for name, body in own.items()}}
    client = aws.session(account).client("cloudformation")
    role = f"arn:aws:iam::{account}:role/cdk-hnb659fds-cfn-exec-role-{account}-{handmade.REGION}"
    given: dict[str, Any] = {"RoleARN": role} if deployer and account == handmade.CENTRAL else {}
    client.create_stack(
        StackName=f"watched-{stack}",
        TemplateBody=json.dumps(template, separators=(",", ":")),
        Capabilities=["CAPABILITY_NAMED_IAM"],
        **given,
    )
    client.get_waiter("stack_create_complete").wait(StackName=f"watched-{stack}", WaiterConfig={"Delay": 1})


@pytest.mark.parametrize(
    ("days", "rule", "severity", "event", "next_step"),
    [
        (8, "key-deleted", "critical", "KMS CMK Deletion", "compare the key with the keys of tenants"),
        (4, "material-expired", "critical", "KMS Imported Key Material Expiration", "have the tenant import"),
        (91, "rotation-done", "low", "KMS CMK Rotation", "nothing; tenant: aws kms list-aliases"),
        (0, "rotation-done", "low", "KMS CMK Rotation", "nothing; tenant: aws kms list-aliases"),
    ],
)
def test_what_kms_does_when_time_is_up_is_reported_with_its_own_event(
    later: tuple[LocalAws, Reported], days: int, rule: str, severity: str, event: str, next_step: str
) -> None:
    aws, reported = later
    kms = aws.session(handmade.CENTRAL).client("kms")
    key = kms.create_key(Origin="EXTERNAL" if rule == "material-expired" else "AWS_KMS")["KeyMetadata"]
    due = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["CreationDate"] + timedelta(days=days)
    reported()
    if rule == "key-deleted":
        kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    elif rule == "material-expired":
        expiring = {"ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": due - timedelta(days=1)}
        bring(kms, key["KeyId"], b"a" * 32, **expiring)
    elif days:
        kms.enable_key_rotation(KeyId=key["KeyId"], RotationPeriodInDays=90)
    else:
        kms.rotate_key_on_demand(KeyId=key["KeyId"])
    aws.advance(days)
    (message,) = reported()
    asked = {name: message[name] for name in ("rule", "severity", "event", "key", "account", "region")}
    assert asked == {
        "rule": rule,
        "severity": severity,
        "event": event,
        "key": key["KeyId"],
        "account": handmade.CENTRAL,
        "region": handmade.REGION,
    }
    assert message["time"][:10] in {f"{due - timedelta(days=late):%Y-%m-%d}" for late in (0, 1)}
    assert message["next"].startswith(next_step)
    done = [one for one in aws.trail() if one["eventType"] == "AwsServiceEvent"][-1]
    assert (done["userIdentity"]["invokedBy"], done["resources"][0]["ARN"]) == ("AWS Internal", key["Arn"])
    assert done.get("serviceEventDetails", {}).get("keyId", key["KeyId"]) == key["KeyId"]
    if rule == "rotation-done":
        assert done["serviceEventDetails"]["rotationType"] == ("AUTOMATIC" if days else "ON_DEMAND")


@pytest.fixture(scope="module")
def later(templates: Templates) -> Iterator[tuple[LocalAws, Reported]]:
    """An AWS whose time may be moved, with a topic and the rules of what AWS KMS does by itself."""
    stack = "tenant-keys-audit-eu-west-1"
    resources = copy.deepcopy(templates[stack]["Resources"])
    del resources["AuditTopic"]["Properties"]["KmsMasterKeyId"]  # its key is nobody's here who could deploy it
    with LocalAws(accounts=(handmade.CENTRAL,)) as running:
        _create(
            running, stack, handmade.CENTRAL, ["AuditTopic", "AuditTopicPolicy", *OF_KMS], resources, deployer=False
        )
        yield running, on_call(running.session(handmade.CENTRAL))[0]


def test_a_tenant_at_another_tenants_key_is_reported_with_both_names(local: LocalEstate, reported: Reported) -> None:
    reported()
    with refused("AccessDeniedException"):
        local.tenant("acme").client("kms").encrypt(
            KeyId=f"arn:aws:kms:{handmade.REGION}:{handmade.CENTRAL}:alias/tenant-globex",
            Plaintext=b"x",
            EncryptionContext={"tenant_id": "globex"},
        )
    (message,) = reported()
    assert message["rule"] == "use-denied"
    assert message["severity"] == "high"
    assert message["role"] == f"arn:aws:iam::{handmade.CENTRAL}:role/tenant-keys/orders/tenant-acme.orders"
    assert message["key"].endswith(":alias/tenant-globex")
    assert message["error"] == "AccessDenied"
    assert "aws kms list-aliases --key-id arn:aws:kms:" in message["next"]


def test_a_workload_refused_at_an_access_role_is_reported_from_its_own_account(
    local: LocalEstate, reported: Reported
) -> None:
    reported()
    with pytest.raises(ClientError, match="AccessDenied"):
        local.become(local.billing(), handmade.tenant_role("acme"))
    (message,) = reported()
    assert message["rule"] == "access-refused"
    assert message["account"] == handmade.WORKLOAD
    assert message["target"] == handmade.tenant_role("acme")
    assert message["role"] == handmade.BILLING_RUNTIME


def test_break_glass_that_schedules_a_deletion_is_reported_at_each_step(local: LocalEstate, reported: Reported) -> None:
    key, _ = local.key_of["initech"]  # suspended: it is disabled before and after
    reported()
    kms = local.role(handmade.BREAK_GLASS).client("kms")
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=30)
    kms.cancel_key_deletion(KeyId=key)
    assert sorted(message["rule"] for message in reported()) == [
        "break-glass-assumed",
        "break-glass-used",
        "break-glass-used",
        "deletion-cancelled",
        "deletion-scheduled",
    ]


def test_use_that_is_allowed_is_reported_to_nobody(local: LocalEstate, reported: Reported) -> None:
    reported()
    local.tenant("globex").client("kms").encrypt(
        KeyId=f"arn:aws:kms:{handmade.REGION}:{handmade.CENTRAL}:alias/tenant-globex",
        Plaintext=b"x",
        EncryptionContext={"tenant_id": "globex"},
    )
    assert reported() == []


def test_a_record_has_what_cloudtrail_writes_and_no_plaintext(local: LocalEstate) -> None:
    before = len(local.aws.trail())
    local.tenant("globex").client("kms").encrypt(
        KeyId=f"arn:aws:kms:{handmade.REGION}:{handmade.CENTRAL}:alias/tenant-globex",
        Plaintext=b"do not log",
        EncryptionContext={"tenant_id": "globex"},
    )
    *_, record = local.aws.trail()[before:]
    assert record["eventName"] == "Encrypt"
    assert record["readOnly"] is True
    assert record["eventSource"] == "kms.amazonaws.com"
    assert record["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"] == handmade.tenant_role("globex")
    assert record["requestParameters"]["encryptionContext"] == {"tenant_id": "globex"}
    assert record["resources"] == [
        {"accountId": handmade.CENTRAL, "type": "AWS::KMS::Key", "ARN": local.key_of["globex"][1]}
    ]
    assert "plaintext" not in json.dumps(record).lower()


def test_a_refused_session_is_recorded_in_the_callers_account_alone(local: LocalEstate) -> None:
    before = len(local.aws.trail())
    with pytest.raises(ClientError):
        local.become(local.billing(), handmade.tenant_role("acme"))
    found = [one for one in local.aws.trail()[before:] if one.get("errorCode")]
    assert [one["recipientAccountId"] for one in found] == [handmade.WORKLOAD]
    local.tenant("acme")
    granted = [one for one in local.aws.trail()[before:] if one["eventName"] == "AssumeRole" and "errorCode" not in one]
    assert {one["recipientAccountId"] for one in granted[-2:]} == {handmade.CENTRAL, handmade.WORKLOAD}


def test_a_topic_whose_key_no_service_may_use_gets_nothing(local: LocalEstate, reported: Reported) -> None:
    """As on AWS, where such a message is lost in silence."""
    sns = local.aws.session(handmade.CENTRAL).client("sns")
    topic = f"arn:aws:sns:{handmade.REGION}:{handmade.CENTRAL}:tenant-keys-audit"
    own = sns.get_topic_attributes(TopicArn=topic)["Attributes"]["KmsMasterKeyId"]
    reported()
    try:
        for key, count in ((local.key_of["globex"][1], 0), (own, 1)):
            sns.set_topic_attributes(TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue=key)
            with pytest.raises(ClientError, match="AccessDenied"):
                local.become(local.billing(), handmade.tenant_role("acme"))
            assert len(reported()) == count
    finally:
        sns.set_topic_attributes(TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue=own)
