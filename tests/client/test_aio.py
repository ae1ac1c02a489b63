"""Asyncio: what is cached is done at once, even while others wait, and what is not waits without a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest

from tenant_keys.client import (
    AccessDenied,
    Counters,
    DamagedMessage,
    Limits,
    ServiceUnavailable,
    TimedOut,
    TokenRefused,
    WrongRecord,
    WrongTenant,
    aio,
    lanes,
)
from tenant_keys.client.aio import AsyncTenant, AsyncTenantKeys
from tests.client.gate import Gate
from tests.client.issuer import Issuer
from tests.client.raw_server import RawServer, whole
from tests.client.standin import StandIn

Result = TypeVar("Result")
BIG = b"x" * 300_000


@pytest.fixture(scope="module", autouse=True)
def computing() -> Iterator[None]:
    """The process's threads for big messages end with these tests."""
    yield
    aio._computing().shutdown()
    aio._computing.cache_clear()


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """A deadlock is a failure and not a test that never ends."""
    return asyncio.run(asyncio.wait_for(work, 60))


async def until(holds: Any) -> None:
    while not holds():  # noqa: ASYNC110  # what it waits for happens in threads
        await asyncio.sleep(0.01)


class NoThreads(ThreadPoolExecutor):
    """The loop's own executor, which an application may have filled: nothing of ours may go there."""

    def submit(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("something of the client waits in the loop's executor")


def test_round_trips_of_any_size_are_the_same_as_in_threads(aws: StandIn) -> None:
    async def work() -> None:
        asyncio.get_running_loop().set_default_executor(NoThreads())
        tenant = AsyncTenant(aws.keys().tenant_without_token("acme"))
        for data in (b"", b"x", BIG, bytearray(BIG), memoryview(BIG)):
            blob = await tenant.encrypt(data, name="n", context={"table": "orders"})
            assert await tenant.decrypt(blob, name="n", context={"table": "orders"}) == bytes(data)
        assert tenant.id == "acme"

    run(work())
    assert (aws.calls["GenerateDataKey"], aws.calls["Decrypt"]) == (1, 1)


def test_with_age_zero_every_message_asks_kms(aws: StandIn) -> None:
    async def work() -> None:
        tenant = AsyncTenant(aws.keys(limits=Limits(max_age=0)).tenant_without_token("acme"))
        for data in (b"x", BIG):
            assert await tenant.decrypt(await tenant.encrypt(data, name="n"), name="n") == data

    run(work())
    assert (aws.calls["GenerateDataKey"], aws.calls["Decrypt"]) == (2, 2)


def test_one_slow_tenant_delays_no_cached_work_of_another_nor_its_own(aws: StandIn) -> None:
    keys, others = aws.keys(), set(threading.enumerate())
    globex, acme = (AsyncTenant(keys.tenant_without_token(name)) for name in ("globex", "acme"))

    async def work() -> None:
        asyncio.get_running_loop().set_default_executor(NoThreads())
        blobs = [await one.encrypt(b"x", name="n") for one in (globex, acme)]
        for one, blob in zip((globex, acme), blobs, strict=True):
            await one.decrypt(blob, name="n")
        gate = Gate(aws, "GenerateDataKey", only="tenant-acme")
        hanging = [
            asyncio.create_task(acme.encrypt(b"x", name="n", context={"table": str(number)})) for number in range(500)
        ]
        await until(lambda: gate.at == lanes.CALLS_OF_ONE_TENANT)
        for one, blob in zip((globex, acme), blobs, strict=True):
            for _ in range(20):
                assert await one.decrypt(await one.encrypt(BIG, name="n"), name="n") == BIG
                assert await one.decrypt(blob, name="n") == b"x"
        assert await globex.encrypt(b"x", name="n", context={"table": "new"}), "and what needs KMS"
        assert not any(task.done() for task in hanging)
        assert len(set(threading.enumerate()) - others) < 100, "500 waiting tasks take no threads of their own"
        gate.opened.set()
        assert all(await asyncio.gather(*hanging))

    run(work())


def test_the_event_loop_turns_while_a_key_is_on_its_way(aws: StandIn) -> None:
    async def work() -> None:
        tenant = AsyncTenant(aws.keys().tenant_without_token("acme"))
        gate = Gate(aws, "AssumeRole")
        task = asyncio.create_task(tenant.encrypt(b"x", name="n"))
        await until(lambda: gate.at == 1)
        assert not task.done()
        gate.opened.set()
        assert await task

    run(work())


def test_tasks_share_one_call_and_its_failure(aws: StandIn) -> None:
    async def work() -> None:
        tenant = AsyncTenant(aws.keys().tenant_without_token("acme"))
        await tenant.encrypt(b"x", name="n", context={"table": "of the session"})  # so that no task waits for that
        aws.fail["GenerateDataKey"] = "AccessDeniedException"
        gate = Gate(aws, "GenerateDataKey")
        tasks = [asyncio.create_task(tenant.encrypt(b"x", name="n")) for _ in range(100)]
        await until(lambda: gate.at == 1)
        gate.opened.set()
        errors = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(error) for error in errors} == {AccessDenied}

    run(work())
    assert aws.calls["GenerateDataKey"] == 2


def test_threads_and_tasks_share_one_call(aws: StandIn) -> None:
    tenant = aws.keys().tenant_without_token("acme")

    async def work() -> None:
        gate = Gate(aws, "GenerateDataKey")
        with ThreadPoolExecutor(4) as pool:
            threads = [pool.submit(tenant.encrypt, b"x", name="n") for _ in range(4)]
            tasks = [asyncio.create_task(AsyncTenant(tenant).encrypt(b"x", name="n")) for _ in range(4)]
            await until(lambda: gate.at == 1)
            gate.opened.set()
            assert all(await asyncio.gather(*tasks))
            assert all([await asyncio.wrap_future(thread) for thread in threads])

    run(work())
    assert aws.calls["GenerateDataKey"] == 1


def test_a_timeout_ends_the_wait_of_a_task(aws: StandIn) -> None:
    async def work() -> None:
        tenant = AsyncTenant(aws.keys().tenant_without_token("acme", timeout=0.2))
        gate = Gate(aws, "AssumeRole")
        with pytest.raises(TimedOut):
            await tenant.encrypt(b"x", name="n")
        gate.opened.set()

    run(work())


def test_a_cancelled_task_leaves_the_call_to_the_others(aws: StandIn) -> None:
    counters = Counters()

    async def work() -> None:
        tenant = AsyncTenant(aws.keys(on_event=counters).tenant_without_token("acme"))
        gate = Gate(aws, "GenerateDataKey")
        first = asyncio.create_task(tenant.encrypt(b"x", name="n"))
        await until(lambda: gate.at == 1)
        second = asyncio.create_task(tenant.encrypt(b"x", name="n"))
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        gate.opened.set()
        assert await second
        await until(lambda: counters.total("kms") == 1)  # reported, though the task that asked is gone

    run(work())
    assert aws.calls["GenerateDataKey"] == 1


def test_what_is_refused_in_a_thread_is_refused_here(aws: StandIn) -> None:
    keys = aws.keys()
    globex, acme = (AsyncTenant(keys.tenant_without_token(name)) for name in ("globex", "acme"))

    async def work() -> None:
        blob = await acme.encrypt(b"x", name="n")
        with pytest.raises(WrongTenant):
            await globex.decrypt(blob, name="n")
        with pytest.raises(WrongRecord):
            await acme.decrypt(blob, name="another")
        for damaged in (blob[:-1], blob + b"x", b"", BIG):
            with pytest.raises(DamagedMessage):
                await acme.decrypt(damaged, name="n")
        with pytest.raises(TypeError, match="data"):
            await acme.encrypt("text", name="n")
        with pytest.raises(TypeError, match="blob"):
            await acme.decrypt("text", name="n")
        with pytest.raises(ValueError, match="name"):
            await globex.encrypt(b"x", name="", context={"table": "new"})

    run(work())
    assert aws.calls["GenerateDataKey"] == 1, "a mistake of the caller is found before KMS is asked"


def test_a_token_is_verified_without_holding_the_event_loop(aws: StandIn, issuer: Issuer) -> None:
    server = RawServer(whole(issuer.jwks))
    answer, server.respond = server.respond, server.hang
    keys = AsyncTenantKeys(aws.keys(verifier=issuer.verifier(keys=server.address)))

    async def work() -> None:
        asyncio.get_running_loop().set_default_executor(NoThreads())
        with pytest.raises(TimedOut):
            await keys.tenant(issuer.token(), timeout=0.2)
        tasks = [asyncio.create_task(keys.tenant(issuer.token())) for _ in range(50)]
        await until(lambda: len(server.requests) == 1)
        assert not any(task.done() for task in tasks)
        server.released.set()
        assert {type(error) for error in await asyncio.gather(*tasks, return_exceptions=True)} == {ServiceUnavailable}
        assert len(server.requests) == 1
        with pytest.raises(TokenRefused):
            await keys.tenant("x")

    run(work())
    server.stop()
    good = RawServer(answer)
    keys = AsyncTenantKeys(aws.keys(verifier=issuer.verifier(keys=good.address)))

    async def served() -> None:
        tenant = await keys.tenant(issuer.token())
        assert await tenant.decrypt(await tenant.encrypt(b"x", name="n"), name="n") == b"x"
        assert keys.tenant_without_token("globex").id == "globex"

    run(served())
    good.stop()
