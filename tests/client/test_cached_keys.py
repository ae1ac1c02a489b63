"""How long a data key is used, how often, and when the process forgets it."""

from __future__ import annotations

import gc
import os
import threading
from typing import Any

import pytest

from tenant_keys.client import (
    ConfigurationError,
    Limits,
    Tenant,
    TenantKeysError,
    TenantSuspended,
)
from tenant_keys.client.cache import ExpiringCache
from tenant_keys.client.connections import Connections
from tenant_keys.client.data_keys import DataKeys
from tests.client.clock import Clock
from tests.client.standin import KEY_IDS, StandIn
from tests.work import eventually


def test_a_data_key_is_used_until_its_age_and_not_after(aws: StandIn, clock: Clock) -> None:
    tenant = aws.keys(limits=Limits(max_age=60)).tenant_without_token("acme")
    blob = tenant.encrypt(b"x", name="n")
    tenant.decrypt(blob, name="n")
    clock.forward(30)  # real time passes too, more of it on a busy machine
    tenant.decrypt(tenant.encrypt(b"x", name="n"), name="n")
    assert (aws.calls["GenerateDataKey"], aws.calls["Decrypt"]) == (1, 1)
    clock.forward(31)
    tenant.decrypt(blob, name="n")
    tenant.encrypt(b"x", name="n")
    assert (aws.calls["GenerateDataKey"], aws.calls["Decrypt"]) == (2, 2)


@pytest.mark.parametrize("frozen", ["wall", "steady"])
def test_neither_a_frozen_process_nor_a_clock_set_back_prolongs_a_key(aws: StandIn, clock: Clock, frozen: str) -> None:
    """AWS Lambda freezes the process between calls, and the steady clock may stand still with it."""
    tenant = aws.keys(limits=Limits(max_age=60)).tenant_without_token("acme")
    blob = tenant.encrypt(b"x", name="n")
    tenant.decrypt(blob, name="n")
    clock.forward(61)
    setattr(clock, frozen, 0.0)
    tenant.decrypt(blob, name="n")
    assert aws.calls["Decrypt"] == 2


def test_with_age_zero_every_message_asks_kms_and_nothing_is_kept(aws: StandIn) -> None:
    keys = aws.keys(limits=Limits(max_age=0))
    tenant = keys.tenant_without_token("acme")
    for _ in range(3):
        tenant.decrypt(tenant.encrypt(b"x", name="n"), name="n")
    assert (aws.calls["GenerateDataKey"], aws.calls["Decrypt"]) == (3, 3)
    materials = keys._connections.to("acme").data_keys
    assert len(materials._writing) == len(materials._reading) == 0


def test_a_data_key_encrypts_no_more_messages_than_its_limit(aws: StandIn) -> None:
    tenant = aws.keys(limits=Limits(max_messages=10)).tenant_without_token("acme")
    for _ in range(25):
        tenant.encrypt(b"x", name="n")
    assert aws.calls["GenerateDataKey"] == 3


def test_an_idle_process_forgets_plaintext_keys(aws: StandIn) -> None:
    keys = aws.keys(limits=Limits(max_age=1.5))
    tenant = keys.tenant_without_token("acme")
    tenant.decrypt(tenant.encrypt(b"x", name="n"), name="n")
    materials = keys._connections.to("acme").data_keys
    assert len(materials._writing) == len(materials._reading) == 1
    assert eventually(lambda: len(materials._writing) == len(materials._reading) == 0)


def test_an_idle_process_looks_for_expired_keys_ten_times_in_the_age_of_a_key(
    aws: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    intervals: list[float] = []
    monkeypatch.setattr("tenant_keys.client.connections._sweep", lambda _, __, interval: intervals.append(interval))
    aws.keys(limits=Limits(max_age=300))
    assert eventually(lambda: intervals == [30.0])


def test_the_sweeper_ends_with_the_keys_that_it_sweeps(aws: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    swept, others = list[str](), set(threading.enumerate())
    monkeypatch.setattr(Connections, "sweep", lambda _: swept.append("once"))
    keys = aws.keys(limits=Limits(max_age=0.5))
    (sweeper,) = (thread for thread in threading.enumerate() if thread not in others)
    assert sweeper.name == "tenant-keys-sweeper"
    assert eventually(lambda: bool(swept))
    del keys
    gc.collect()
    assert eventually(lambda: not sweeper.is_alive())


def test_used_after_close_the_sweeper_sweeps_again(aws: StandIn) -> None:
    keys = aws.keys(limits=Limits(max_age=1.5))
    keys.close()
    keys.tenant_without_token("acme").encrypt(b"x", name="n")
    materials = keys._connections.to("acme").data_keys
    assert len(materials._writing) == 1
    assert eventually(lambda: len(materials._writing) == 0)


def test_after_a_fork_the_client_says_so_instead_of_sharing_connections(aws: StandIn) -> None:
    keys = aws.keys()
    keys.tenant_without_token("acme").encrypt(b"x", name="n")
    child = os.fork()
    if child == 0:
        try:
            keys.tenant_without_token("acme").encrypt(b"x", name="n")
        except ConfigurationError as error:
            os._exit(0 if "fork" in str(error) else 2)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_only_so_many_data_keys_and_tenants_are_kept(aws: StandIn) -> None:
    aws.add(*(f"t{number}" for number in range(8)))
    keys = aws.keys(limits=Limits(max_tenants=3, max_data_keys=2))
    for number in range(8):
        keys.tenant_without_token(f"t{number}").encrypt(b"x", name="n")
    assert len(keys._connections) == 3
    tenant = keys.tenant_without_token("acme")
    for table in "abcde":
        tenant.encrypt(b"x", name="n", context={"table": table})
    assert len(keys._connections.to("acme").data_keys._writing) == 2


def test_what_is_forgotten_or_pushed_out_is_forgotten_at_once(aws: StandIn) -> None:
    keys = aws.keys(limits=Limits(max_tenants=1))

    def used(tenant: str) -> DataKeys:
        handle = keys.tenant_without_token(tenant)
        handle.decrypt(handle.encrypt(b"x", name="n"), name="n")
        return keys._connections.to(tenant).data_keys

    acme = used("acme")
    assert len(acme._writing) == len(acme._reading) == 1
    globex = used("globex")
    assert len(acme._writing) == len(acme._reading) == 0, "pushed out"
    keys.forget("globex")
    assert len(globex._writing) == len(globex._reading) == 0
    acme = used("acme")
    keys.close()
    assert len(acme._writing) == len(acme._reading) == 0


def test_age_counts_from_before_kms_was_asked(aws: StandIn, clock: Clock) -> None:
    """KMS may have said yes just before the key was disabled, and the answer may have been long on its way."""
    tenant = aws.keys(limits=Limits(max_age=60)).tenant_without_token("acme")
    tenant.encrypt(b"x", name="warm up", context={"table": "another"})
    aws.meanwhile["GenerateDataKey"] = lambda _: clock.forward(61)
    tenant.encrypt(b"x", name="n")
    aws.meanwhile.clear()
    tenant.encrypt(b"x", name="n")
    assert aws.calls["GenerateDataKey"] == 3


def test_after_a_revocation_every_process_reads_on_for_what_is_left_of_its_max_age(aws: StandIn, clock: Clock) -> None:
    """Two processes that asked KMS 200 seconds apart, one that keeps nothing, and counted time."""
    blob = aws.keys().tenant_without_token("acme").encrypt(b"x", name="n")

    def process(max_age: float) -> Tenant:
        tenant = aws.keys(limits=Limits(max_age=max_age)).tenant_without_token("acme")
        assert tenant.decrypt(blob, name="n") == b"x"
        return tenant

    early, never = process(300), process(0)
    clock.forward(200)
    late = process(300)
    aws.disabled.add(KEY_IDS["acme"])

    def reading() -> list[bool]:
        return [reads(one) for one in (never, early, late)]

    def reads(tenant: Tenant) -> bool:
        try:
            return tenant.decrypt(blob, name="n") == b"x"
        except TenantSuspended:
            return False

    assert reading() == [False, True, True]
    clock.forward(100)
    assert reading() == [False, False, True]
    clock.forward(100)
    assert reading() == [False, False, True]
    clock.forward(100)
    assert reading() == [False, False, False]


def test_a_data_key_that_arrives_between_two_looks_is_used(aws: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    join, late = ExpiringCache.join, list[object]()

    def joined(cache: Any, key: Any, start: Any) -> Any:
        if not late:
            late.append(key)
            other = join(cache, key, start)
            assert other is not None
            assert eventually(other[0].done)
        return join(cache, key, start)

    monkeypatch.setattr(ExpiringCache, "join", joined)
    tenant = aws.keys().tenant_without_token("acme")
    assert tenant.decrypt(tenant.encrypt(b"x", name="n"), name="n") == b"x"
    assert aws.calls["GenerateDataKey"] == 1


def test_a_load_that_fails_is_not_remembered(aws: StandIn) -> None:
    tenant = aws.keys().tenant_without_token("acme")
    aws.fail["GenerateDataKey"] = "SomethingNew"
    with pytest.raises(TenantKeysError):
        tenant.encrypt(b"x", name="n")
    del aws.fail["GenerateDataKey"]
    tenant.encrypt(b"x", name="n")
    tenant.encrypt(b"x", name="n")
    assert aws.calls["GenerateDataKey"] == 2
