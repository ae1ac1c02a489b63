"""The person on call: a queue on the topic of the audit stack, and what arrives there while the estate is attacked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tenant_keys.demo.local_estate import LocalEstate
from tenant_keys.demo.report import Reported
from tenant_keys.manifest.stack_names import audit_prefix


@dataclass(slots=True)
class OnCall:
    """What arrived, once the block has ended."""

    reported: list[Reported] = field(default_factory=list)


@contextmanager
def on_call(local: LocalEstate) -> Iterator[OnCall]:
    """Subscribe to the topic of the home Region while the block lasts; no subscriber where detection is off."""
    found = OnCall()
    if local.estate.audit is None:
        yield found
        return
    session = local.aws.session()
    sqs = session.client("sqs")
    url = sqs.create_queue(QueueName="on-call")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    central = local.estate.central
    name = audit_prefix(local.estate.naming).removesuffix("-")
    topic = f"arn:{central.partition}:sns:{central.home_region}:{central.account}:{name}"
    session.client("sns").subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"}
    )
    yield found
    # The root user helps the demo all the time, and each time the rule root-used tells it.
    arrived = {_notice(each, local) for each in _messages(sqs, url) if each["rule"] != "root-used"}
    found.reported += sorted(arrived, key=lambda one: (one.rule, one.who, one.event, one.at))


def _messages(sqs: Any, url: str) -> Iterator[dict[str, Any]]:
    while batch := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for one in batch:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
            yield json.loads(one["Body"])


def _notice(message: dict[str, Any], local: LocalEstate) -> Reported:
    who = str(message.get("role") or message.get("who") or "").rpartition("/")[2]
    at = str(message.get("key") or message.get("alias") or message.get("target") or "").rpartition(":")[2]
    tenant = local.key_of.get(at.removeprefix("key/"))
    return Reported(message["severity"], message["rule"], who, message["event"], f"key of {tenant}" if tenant else at)
