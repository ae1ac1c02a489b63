"""Sessions of STS: when they are renewed, and what each access mode sends."""

from __future__ import annotations

import json
import time

import pytest

from tenant_keys.client import (
    AccessDenied,
    Event,
    Limits,
    TenantKeys,
)
from tenant_keys.client.session_policy import session_policy
from tenant_keys.client.token import SESSION_TAG_CLAIM
from tests.client.clock import Clock
from tests.client.issuer import Issuer
from tests.client.standin import StandIn, settings
from tests.work import eventually


def test_a_session_is_renewed_before_it_ends_and_not_at_every_call(aws: StandIn, clock: Clock) -> None:
    tenant = aws.keys(limits=Limits(max_age=0)).tenant_without_token("acme")
    for _ in range(5):
        tenant.encrypt(b"x", name="n")
    assert aws.calls["AssumeRole"] == 1
    clock.forward(3600 - 299)
    for _ in range(5):
        tenant.encrypt(b"x", name="n")
    assert eventually(lambda: aws.calls["AssumeRole"] == 2)
    tenant.encrypt(b"x", name="n")
    assert aws.calls["AssumeRole"] == 2


def test_a_session_shorter_than_asked_for_is_renewed_halfway_and_not_at_every_call(aws: StandIn, clock: Clock) -> None:
    aws.session_seconds = 100
    keys = aws.keys(limits=Limits(max_age=0))
    tenant = keys.tenant_without_token("acme")
    tenant.encrypt(b"x", name="n")
    session = keys._connections.to("acme").session
    first = session._flight
    clock.forward(40)
    tenant.encrypt(b"x", name="n")
    assert session._flight is first
    clock.forward(11)
    tenant.encrypt(b"x", name="n")
    assert session._flight is not first


def test_if_renewal_fails_the_session_is_used_to_its_end(aws: StandIn, clock: Clock) -> None:
    tenant = aws.keys(limits=Limits(max_age=0)).tenant_without_token("acme")
    tenant.encrypt(b"x", name="n")
    aws.fail["AssumeRole"] = "AccessDenied"
    clock.forward(3600 - 100)
    tenant.encrypt(b"x", name="n")
    clock.forward(101)
    with pytest.raises(AccessDenied):
        tenant.encrypt(b"x", name="n")


def renewal_failed(keys: TenantKeys) -> bool:
    flight = keys._connections.to("acme").session._flight
    return flight is not None and flight.done()


def test_a_renewal_that_fails_is_not_tried_at_every_call(aws: StandIn, clock: Clock) -> None:
    """STS is down, and each try takes its retries."""
    keys = aws.keys(limits=Limits(max_age=0, attempts=1))
    tenant = keys.tenant_without_token("acme")
    tenant.encrypt(b"x", name="n")
    aws.fail["AssumeRole"] = "ServiceUnavailable"
    clock.forward(3600 - 200)
    tenant.encrypt(b"x", name="n")
    assert eventually(lambda: renewal_failed(keys))
    for _ in range(10):
        tenant.encrypt(b"x", name="n")
    assert aws.calls["AssumeRole"] == 2
    del aws.fail["AssumeRole"]
    clock.forward(31)
    tenant.encrypt(b"x", name="n")
    assert eventually(lambda: aws.calls["AssumeRole"] == 3)


def test_a_session_that_aws_ended_early_is_renewed_once(aws: StandIn) -> None:
    tenant = aws.keys(limits=Limits(max_age=0)).tenant_without_token("acme")
    tenant.encrypt(b"x", name="n")
    aws.fail["GenerateDataKey"] = "ExpiredTokenException"
    with pytest.raises(AccessDenied, match="expired"):
        tenant.encrypt(b"x", name="n")
    assert aws.calls["AssumeRole"] == 2
    del aws.fail["GenerateDataKey"]
    tenant.encrypt(b"x", name="n")


@pytest.mark.parametrize("access", ["tenant-role", "session-tag", "web-identity"])
def test_each_mode_sends_sts_what_its_trust_policy_asks_for(aws: StandIn, issuer: Issuer, access: str) -> None:
    token = issuer.token("acme")
    events: list[Event] = []
    keys = aws.keys(access, verifier=issuer.verifier(claim=SESSION_TAG_CLAIM), on_event=events.append)
    keys.tenant(token).encrypt(b"x", name="n")
    assert events[0].operation == f"sts:{aws.requests[0]['operation']}"
    sent = aws.requests[0]
    assert sent["DurationSeconds"] == 3600
    assert json.loads(sent["Policy"])["Statement"][0]["Condition"]["StringEquals"]["kms:RequestAlias"] == (
        "alias/tenant-acme"
    )
    assert ("WebIdentityToken" in sent) == (access == "web-identity")
    tags = {key: value for key, value in sent.items() if key.startswith("Tags")}
    wanted = {"Tags.member.1.Key": "tenant_id", "Tags.member.1.Value": "acme"}
    assert tags == (wanted if access == "session-tag" else {})
    assert sent["RoleSessionName"] == "orders-acme"
    assert sent["RoleArn"].endswith("tenant-acme.orders" if access == "tenant-role" else "shared.orders")


def test_in_web_identity_mode_an_ended_session_needs_a_live_token(aws: StandIn, issuer: Issuer, clock: Clock) -> None:
    keys = aws.keys("web-identity", verifier=issuer.verifier(claim=SESSION_TAG_CLAIM), limits=Limits(max_age=0))
    keys.tenant(issuer.token("acme", lives=60)).encrypt(b"x", name="n")
    clock.forward(3601)
    fresh = issuer.token("acme", lives=4000, iat=int(time.time()) - 3700)
    keys.tenant(fresh).encrypt(b"x", name="n")
    assert [r["WebIdentityToken"] == fresh for r in aws.requests if "WebIdentityToken" in r] == [False, True]


@pytest.mark.parametrize(
    ("operations", "actions"),
    [
        ({"encrypt", "decrypt"}, ["kms:Decrypt", "kms:GenerateDataKey"]),
        ({"decrypt"}, ["kms:Decrypt"]),
        ({"encrypt"}, ["kms:GenerateDataKey"]),
    ],
)
def test_the_session_policy_is_this_and_no_more(operations: set[str], actions: list[str]) -> None:
    policy = json.loads(session_policy(settings().names("acme"), "acme", frozenset(operations)))
    assert policy == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "UseOwnTenantKey",
                "Effect": "Allow",
                "Action": actions,
                "Resource": "arn:aws:kms:eu-west-1:111111111111:key/*",
                "Condition": {
                    "StringEquals": {
                        "kms:RequestAlias": "alias/tenant-acme",
                        "kms:EncryptionContext:tenant_id": "acme",
                    }
                },
            },
            {
                "Sid": "DescribeOwnTenantKey",
                "Effect": "Allow",
                "Action": "kms:DescribeKey",
                "Resource": "arn:aws:kms:eu-west-1:111111111111:key/*",
                "Condition": {"StringEquals": {"kms:RequestAlias": "alias/tenant-acme"}},
            },
        ],
    }
