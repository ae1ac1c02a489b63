"""Hooks that watch the client's calls."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tenant_keys.client import (
    Event,
    TenantKeys,
    TimedOut,
)
from tests.client.gate import Gate, encrypting
from tests.client.standin import StandIn
from tests.work import eventually


def test_a_hook_may_call_the_client_without_a_deadlock(aws: StandIn, pool: ThreadPoolExecutor) -> None:
    reported: list[Event] = []

    def hook(event: Event) -> None:
        reported.append(event)
        tenant = keys.tenant_without_token("acme")
        tenant.decrypt(tenant.encrypt(b"x", name="n", context={"because of": event.operation}), name="n", context={
            "because of": event.operation})  # fmt: skip
        keys.forget("acme")

    keys: TenantKeys = aws.keys(on_event=hook)
    (done,) = encrypting(pool, keys.tenant_without_token("acme"), 1)
    assert done.result(30)
    assert [event.operation for event in reported] == ["sts:AssumeRole", "kms:GenerateDataKey", "encrypt"]


def test_a_hook_hears_of_a_call_that_nobody_waited_for(aws: StandIn) -> None:
    reported: list[Event] = []
    gate = Gate(aws, "AssumeRole")
    with pytest.raises(TimedOut):
        aws.keys(on_event=reported.append).tenant_without_token("acme", timeout=0.1).encrypt(b"x", name="n")
    assert not reported
    gate.opened.set()
    assert eventually(lambda: [event.operation for event in reported] == ["sts:AssumeRole"])


def test_each_try_is_an_event_of_its_own(aws: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenant_keys.client.retry.time.sleep", lambda _: aws.fail.clear())
    aws.fail["GenerateDataKey"] = "ThrottlingException"
    reported: list[Event] = []
    aws.keys(on_event=reported.append).tenant_without_token("acme").encrypt(b"x", name="n")
    assert [(event.operation, event.error) for event in reported if event.kind == "kms"] == [
        ("kms:GenerateDataKey", "ThrottlingException"),
        ("kms:GenerateDataKey", None),
    ]
