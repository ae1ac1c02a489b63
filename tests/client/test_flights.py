"""A failure is shared and not queued, a slow call delays its own callers alone, and every wait has its end."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tenant_keys.client import (
    AccessDenied,
    ConfigurationError,
    Limits,
    ServiceUnavailable,
    Throttled,
    TimedOut,
    TokenRefused,
    lanes,
)
from tenant_keys.client.aws import Aws
from tenant_keys.client.role_session import RoleSession
from tenant_keys.client.token import SESSION_TAG_CLAIM
from tests.client.clock import Clock, Waiters
from tests.client.gate import Gate, encrypting
from tests.client.issuer import Issuer
from tests.client.standin import CENTRAL, REGION, Refused, StandIn
from tests.work import eventually


@pytest.mark.parametrize("operation", ["AssumeRole", "GenerateDataKey"])
def test_threads_that_wait_for_the_same_failing_call_share_its_error(
    aws: StandIn, pool: ThreadPoolExecutor, waiters: Waiters, operation: str
) -> None:
    tenant = aws.keys().tenant_without_token("acme")
    gate = Gate(aws, operation)
    aws.fail[operation] = "AccessDenied"
    crowd = encrypting(pool, tenant, 8)
    assert eventually(lambda: len([one for one in waiters.flights if not one.done()]) >= 8 and gate.at == 1)
    gate.opened.set()
    errors = [one.exception(30) for one in crowd]
    assert {type(error) for error in errors} == {AccessDenied}
    assert len(set(map(id, errors))) == 8, "one object would collect the tracebacks of all"
    assert aws.calls[operation] == 1


def test_threads_that_miss_the_same_key_together_load_it_once(
    aws: StandIn, pool: ThreadPoolExecutor, waiters: Waiters
) -> None:
    tenant = aws.keys().tenant_without_token("acme")
    tenant.encrypt(b"x", name="n", context={"table": "another"})
    gate = Gate(aws, "GenerateDataKey")
    waited = len(waiters)
    crowd = encrypting(pool, tenant, 32)
    assert eventually(lambda: len(waiters) == waited + 32)
    gate.opened.set()
    assert all(one.result(30) for one in crowd)
    assert aws.calls["GenerateDataKey"] == 2


def test_waiters_never_use_a_data_key_more_often_than_its_limit(
    aws: StandIn, pool: ThreadPoolExecutor, waiters: Waiters
) -> None:
    tenant = aws.keys(limits=Limits(max_messages=3)).tenant_without_token("acme")
    tenant.encrypt(b"x", name="n", context={"table": "another"})
    gate = Gate(aws, "GenerateDataKey")
    waited = len(waiters)
    crowd = encrypting(pool, tenant, 20)
    assert eventually(lambda: len(waiters) == waited + 20)
    gate.opened.set()
    assert all(one.result(30) for one in crowd)
    assert aws.calls["GenerateDataKey"] == 1 + 7


@pytest.mark.parametrize("operation", ["AssumeRole", "GenerateDataKey"])
def test_an_endpoint_that_never_answers_holds_each_thread_for_its_timeout_and_not_for_the_sum(
    aws: StandIn, pool: ThreadPoolExecutor, operation: str
) -> None:
    keys = aws.keys()
    keys.tenant_without_token("globex").encrypt(b"x", name="n")
    gate = Gate(aws, operation)
    for one in encrypting(pool, keys.tenant_without_token("acme", timeout=1.5), 3):
        assert isinstance(one.exception(30), TimedOut)
        assert "timeout of 1.5 s" in str(one.exception())
    assert aws.calls[operation] == 2, "one for globex, and one that all three waited for"
    gate.opened.set()


def test_one_handles_short_timeout_ends_nobody_elses_wait(
    aws: StandIn, pool: ThreadPoolExecutor, waiters: Waiters
) -> None:
    keys = aws.keys()
    keys.tenant_without_token("acme").encrypt(b"x", name="n", context={"table": "another"})
    gate = Gate(aws, "GenerateDataKey")
    hasty = pool.submit(keys.tenant_without_token("acme", timeout=1.5).encrypt, b"x", name="n")
    assert eventually(lambda: gate.at == 1)
    (patient,) = encrypting(pool, keys.tenant_without_token("acme"), 1)
    assert isinstance(hasty.exception(30), TimedOut)
    assert not patient.done()
    gate.opened.set()
    assert patient.result(30)
    assert aws.calls["GenerateDataKey"] == 2


def test_the_timeout_is_for_the_whole_operation_with_its_retries(
    aws: StandIn, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        clock.forward(seconds)

    monkeypatch.setattr("tenant_keys.client.retry.time.sleep", pause)
    aws.fail["GenerateDataKey"] = "ThrottlingException"
    tenant = aws.keys(limits=Limits(timeout=10, attempts=1000)).tenant_without_token("acme")
    with pytest.raises(Throttled, match="retries"):
        tenant.encrypt(b"x", name="n")
    assert sum(pauses) < 10
    assert 2 < aws.calls["GenerateDataKey"] < 100


def test_a_call_that_hangs_for_ever_does_not_hang_those_who_come_later(
    aws: StandIn, clock: Clock, pool: ThreadPoolExecutor
) -> None:
    """Such as an answer of a byte a second: it is left to itself, and a new call is made."""
    keys = aws.keys(limits=Limits(timeout=15))
    keys.tenant_without_token("acme").encrypt(b"x", name="n", context={"table": "another"})
    tenant = keys.tenant_without_token("acme", timeout=1.5)
    gate = Gate(aws, "GenerateDataKey")
    (first,) = encrypting(pool, tenant, 1)
    assert eventually(lambda: gate.at == 1)
    assert isinstance(first.exception(30), TimedOut)
    aws.meanwhile.clear()
    clock.forward(16)
    assert keys.tenant_without_token("acme").encrypt(b"x", name="n")
    assert aws.calls["GenerateDataKey"] == 3
    gate.opened.set()


def test_renewing_a_valid_session_holds_up_nobody(aws: StandIn, clock: Clock) -> None:
    tenant = aws.keys(limits=Limits(max_age=0)).tenant_without_token("acme")
    tenant.encrypt(b"x", name="n")
    gate = Gate(aws, "AssumeRole")
    clock.forward(3600 - 200)
    for _ in range(20):
        tenant.encrypt(b"x", name="n")
    assert eventually(lambda: gate.at == 1)
    assert aws.calls["AssumeRole"] == 2
    assert aws.calls["GenerateDataKey"] == 21
    gate.opened.set()


def test_renewals_of_sessions_that_were_opened_together_are_spread(aws: StandIn) -> None:
    """10,000 sessions opened in one minute would meet the 600 calls a second of STS together an hour later."""
    names = [f"t{number}" for number in range(60)]
    aws.add(*names)
    keys = aws.keys()
    for name in names:
        keys.tenant_without_token(name).encrypt(b"x", name="n")
    sessions = [keys._connections.to(name).session for name in names]
    before = sorted(one._held.expires_at - one._renew_at for one in sessions if one._held)
    assert 300 <= before[0] < 400
    assert 500 < before[-1] <= 600


def test_a_session_that_aws_ended_is_opened_once_for_all_threads(
    aws: StandIn, pool: ThreadPoolExecutor, waiters: Waiters
) -> None:
    tenant = aws.keys(limits=Limits(max_age=0)).tenant_without_token("acme")
    tenant.encrypt(b"x", name="n")
    (old,) = aws.session_of
    gate, waited = Gate(aws, "GenerateDataKey"), len(waiters)
    refuse = aws._GenerateDataKey

    def ended(request: dict[str, Any]) -> dict[str, Any]:
        if aws.signed_by[-1][2] == old:
            raise Refused("ExpiredTokenException")
        return refuse(request)

    aws._GenerateDataKey = ended  # type: ignore[method-assign]
    crowd = encrypting(pool, tenant, 8)
    assert eventually(lambda: len(waiters) == waited + 8 and gate.at == 8)
    gate.opened.set()
    assert all(one.result(30) for one in crowd)
    assert aws.calls["AssumeRole"] == 2


def test_the_token_of_another_request_that_sts_refuses_is_not_this_requests_fault(aws: StandIn, issuer: Issuer) -> None:
    """STS may know the issuer's newest key later than we do; the kept token is the longest-lived, not the best."""
    keys = aws.keys("web-identity", verifier=issuer.verifier(claim=SESSION_TAG_CLAIM))
    bad, good = issuer.token("acme", lives=3000), issuer.token("acme", lives=600)
    honest = aws._AssumeRoleWithWebIdentity

    def picky(request: dict[str, Any]) -> dict[str, Any]:
        if request["WebIdentityToken"] == bad:
            raise Refused("InvalidIdentityToken")
        return honest(request)

    aws._AssumeRoleWithWebIdentity = picky  # type: ignore[method-assign]
    with pytest.raises(TokenRefused):
        keys.tenant(bad).encrypt(b"x", name="n")
    assert keys.tenant(good).encrypt(b"x", name="n")


def test_a_key_that_was_on_its_way_when_its_tenant_was_forgotten_is_not_used_afterwards(
    aws: StandIn, pool: ThreadPoolExecutor
) -> None:
    keys = aws.keys()
    tenant = keys.tenant_without_token("acme")
    tenant.encrypt(b"x", name="n", context={"table": "another"})
    gate = Gate(aws, "GenerateDataKey")
    (under_way,) = encrypting(pool, tenant, 1)
    assert eventually(lambda: gate.at == 1)
    keys.forget("acme")
    gate.opened.set()
    assert under_way.result(30)
    tenant.encrypt(b"x", name="n")
    assert aws.calls["GenerateDataKey"] == 3


def test_a_tenant_whose_calls_hang_delays_no_other_tenant(
    aws: StandIn, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "CALLS", 4)
    monkeypatch.setattr(lanes, "CALLS_OF_ONE_TENANT", 2)
    keys = aws.keys()
    acme, globex = keys.tenant_without_token("acme"), keys.tenant_without_token("globex")
    acme.encrypt(b"x", name="n")
    gate = Gate(aws, "GenerateDataKey", only="tenant-acme")
    hanging = [pool.submit(acme.encrypt, b"x", name="n", context={"table": str(n)}) for n in range(30)]
    assert eventually(lambda: gate.at == 2), "no more than the share of one tenant"
    for number in range(10):
        assert globex.encrypt(b"x", name="n", context={"table": str(number)})
    assert acme.encrypt(b"x", name="n"), "and what the tenant itself has cached is served as well"
    assert gate.at == 2
    gate.opened.set()
    assert all(one.result(30) for one in hanging)


def test_an_sts_that_hangs_delays_nobody_who_has_a_session(
    aws: StandIn, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "CALLS", 4)
    names = [f"t{number}" for number in range(30)]
    aws.add(*names)
    keys = aws.keys()
    acme = keys.tenant_without_token("acme")
    acme.encrypt(b"x", name="n")
    gate = Gate(aws, "AssumeRole")
    cold = [pool.submit(keys.tenant_without_token(name).encrypt, b"x", name="n") for name in names]
    assert eventually(lambda: gate.at == 4), "the lane is full"
    for number in range(10):
        assert acme.encrypt(b"x", name="n", context={"table": str(number)})
    assert aws.calls["GenerateDataKey"] == 11
    gate.opened.set()
    assert all(one.result(30) for one in cold)


def test_a_region_that_hangs_delays_no_other_region(
    aws: StandIn, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "CALLS", 2)
    elsewhere = f"arn:aws:kms:eu-central-1:{CENTRAL}:alias/tenant-acme"
    aws.aliases[elsewhere] = aws.aliases[f"arn:aws:kms:{REGION}:{CENTRAL}:alias/tenant-acme"]
    keys = aws.keys(exceptions={"acme": elsewhere})
    gate = Gate(aws, "GenerateDataKey", only="eu-central-1")
    acme, globex = keys.tenant_without_token("acme"), keys.tenant_without_token("globex")
    hanging = [pool.submit(acme.encrypt, b"x", name="n", context={"table": str(n)}) for n in range(10)]
    assert eventually(lambda: gate.at == 2)
    assert globex.encrypt(b"x", name="n")
    gate.opened.set()
    assert all(one.result(30) for one in hanging)


def test_threads_of_the_network_end_when_there_is_nothing_to_do(
    aws: StandIn, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "IDLE", 0.1)
    before = set(threading.enumerate())

    def ours() -> list[str]:
        new = (one.name for one in threading.enumerate() if one not in before)
        return [name for name in new if name.startswith("tenant-keys-kms-eu-")]

    tenant = aws.keys().tenant_without_token("acme")
    gate = Gate(aws, "GenerateDataKey")
    crowd = [pool.submit(tenant.encrypt, b"x", name="n", context={"table": str(n)}) for n in range(12)]
    assert eventually(lambda: gate.at == 12)
    assert len(ours()) == 12
    threads = [one for one in threading.enumerate() if one.name.startswith("tenant-keys-")]
    assert "tenant-keys-sweeper" in {one.name for one in threads}
    assert all(one.daemon for one in threads), "no thread of the client keeps a process alive"
    gate.opened.set()
    assert all(one.result(30) for one in crowd)
    assert eventually(lambda: not ours())
    assert tenant.encrypt(b"x", name="n", context={"table": "later"}), "and new ones are made"


def test_every_call_is_signed_with_the_session_of_the_tenant_whose_alias_it_names(
    aws: StandIn, pool: ThreadPoolExecutor
) -> None:
    """One client serves all tenants, so this is what keeps them apart on the wire."""
    names = [f"t{number:02}" for number in range(50)]
    aws.add(*names)
    keys = aws.keys(limits=Limits(max_age=0))
    start = threading.Barrier(8)

    def work(thread: int) -> None:
        start.wait(30)
        for turn in range(50):
            tenant = keys.tenant_without_token(names[(turn * 7 + thread) % 50])
            assert tenant.decrypt(tenant.encrypt(tenant.id.encode(), name="n"), name="n") == tenant.id.encode()

    for one in [pool.submit(work, thread) for thread in range(8)]:
        one.result(60)
    used = [(key_id, signer) for operation, key_id, signer in aws.signed_by if operation != "AssumeRole"]
    assert len(used) == 800
    for key_id, signer in used:
        assert key_id is not None
        assert signer is not None
        assert aws.session_of[signer] == f"orders-{key_id.partition('alias/tenant-')[2]}"


def test_a_call_without_a_session_does_not_leave_the_process(aws: StandIn) -> None:
    session = RoleSession("AKID", "secret", "token", 0.0)
    client = Aws(aws.session()).kms(region=REGION, session=session)._client
    with pytest.raises(KeyError, match="TenantSession"):
        client.generate_data_key(KeyId="alias/x", NumberOfBytes=32)
    assert not aws.requests


def test_no_repr_of_a_call_in_flight_shows_credentials(aws: StandIn) -> None:
    session = RoleSession("AKID", "SECRET-ACCESS", "SESSION-TOKEN", 0.0)
    assert "SECRET" not in repr(session)
    assert "SESSION-TOKEN" not in repr(session)


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf"), "1", True, 21])
def test_a_timeout_that_promises_nothing_is_refused(aws: StandIn, timeout: Any) -> None:
    with pytest.raises(ConfigurationError, match="timeout"):
        aws.keys().tenant_without_token("acme", timeout=timeout)


@pytest.mark.parametrize("timeout", [0, -1, 901, float("nan")])
def test_a_limit_without_an_end_is_refused(timeout: float) -> None:
    with pytest.raises(ConfigurationError, match="timeout"):
        Limits(timeout=timeout)


def test_time_outs_are_a_kind_of_unavailable_service() -> None:
    assert issubclass(TimedOut, ServiceUnavailable)
