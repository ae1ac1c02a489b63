"""An issuer that is slow, broken or gone holds up nobody whose key is known, and is asked as seldom as promised."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest

from tenant_keys.client import (
    IssuerKeys,
    ServiceUnavailable,
    TimedOut,
    TokenError,
    TokenExpired,
    TokenRefused,
)
from tests.client.clock import Clock, Waiters, short
from tests.client.issuer import Issuer
from tests.client.raw_server import RawServer, whole
from tests.work import eventually


def unknown(issuer: Issuer, kid: str = "invented") -> str:
    """Well-formed, addressed to us, and signed by nobody."""
    token = jwt.encode(issuer.claims(), issuer._key, "RS256", headers={"kid": kid})
    return token.rpartition(".")[0] + ".AAAA"


def test_no_token_with_a_known_key_waits_for_a_fetch_that_others_cause(
    issuer: Issuer, server: RawServer, clock: Clock, pool: ThreadPoolExecutor
) -> None:
    verifier = issuer.verifier(keys=server.address)
    verifier.verify(issuer.token())
    server.respond = server.hang
    clock.steadily(31)
    strangers = [pool.submit(verifier.verify, unknown(issuer, f"invented-{n}")) for n in range(3)]
    assert eventually(lambda: len(server.requests) == 2)
    asking = [one for one in threading.enumerate() if one.name == "tenant-keys-jwks"]
    timing = [one for one in threading.enumerate() if isinstance(one, threading.Timer)]
    assert [one.daemon for one in asking + timing] == [True, True]
    for _ in range(20):
        assert verifier.verify(issuer.token()).tenant_id == "acme"
    assert not any(stranger.done() for stranger in strangers), "the fetch was under way all the time"
    server.released.set()
    for stranger in strangers:
        assert isinstance(stranger.exception(20), (TokenError, ServiceUnavailable))
    assert len(server.requests) == 2


def test_threads_without_any_key_share_one_fetch(
    issuer: Issuer, server: RawServer, pool: ThreadPoolExecutor, waiters: Waiters
) -> None:
    answer, gate = server.respond, threading.Event()

    def late(connection: socket.socket) -> None:
        gate.wait(20)
        answer(connection)

    server.respond = late
    verifier = issuer.verifier(keys=server.address)
    cold = [pool.submit(verifier.verify, issuer.token()) for _ in range(30)]
    assert eventually(lambda: len(waiters) == 30)
    gate.set()
    assert {one.result(20).tenant_id for one in cold} == {"acme"}
    assert len(server.requests) == 1
    assert len(set(map(id, waiters.flights))) == 1


def test_threads_without_any_key_share_one_failure(
    issuer: Issuer, server: RawServer, pool: ThreadPoolExecutor, waiters: Waiters, monkeypatch: pytest.MonkeyPatch
) -> None:
    short(monkeypatch)
    server.respond = server.hang
    verifier = issuer.verifier(keys=server.address)
    cold = [pool.submit(verifier.verify, issuer.token()) for _ in range(30)]
    for one in cold:
        assert isinstance(one.exception(20), TimedOut)
    assert len(server.requests) == 1
    assert len({id(one.exception()) for one in cold}) == 30, "each has an exception of its own to raise"


def test_an_issuer_that_answers_503_is_asked_once_and_not_once_a_token(
    issuer: Issuer, server: RawServer, clock: Clock
) -> None:
    server.respond = whole({}, "503 Service Unavailable")
    verifier = issuer.verifier(keys=server.address)
    for _ in range(20):
        with pytest.raises(ServiceUnavailable, match="HTTP status 503"):
            verifier.verify(issuer.token())
    assert len(server.requests) == 1
    asked = []
    for seconds in (5, 10, 20, 30, 30):
        clock.steadily(seconds - 0.9)
        with pytest.raises(ServiceUnavailable):
            verifier.verify(issuer.token())
        asked.append(len(server.requests))
        clock.steadily(1)
        with pytest.raises(ServiceUnavailable):
            verifier.verify(issuer.token())
        asked.append(len(server.requests))
    assert asked == [1, 2, 2, 3, 3, 4, 4, 5, 5, 6]
    server.respond = whole(issuer.jwks)
    clock.steadily(31)
    assert verifier.verify(issuer.token())


@pytest.mark.parametrize("answers", [True, False], ids=["the issuer answers", "the issuer fails"])
def test_unknown_keys_cause_a_fetch_each_30_seconds_whether_it_succeeds_or_not(
    issuer: Issuer, server: RawServer, clock: Clock, answers: bool
) -> None:
    verifier = issuer.verifier(keys=server.address)
    verifier.verify(issuer.token())
    if not answers:
        server.respond = whole({}, "500 Internal Server Error")
    for _ in range(3):
        clock.steadily(31)
        before = len(server.requests)
        for number in range(10):
            with pytest.raises(TokenRefused if answers else ServiceUnavailable):
                verifier.verify(unknown(issuer, f"invented-{number}"))
        assert len(server.requests) == before + 1
        assert verifier.verify(issuer.token())


def test_keys_are_refreshed_beside_the_work_and_served_meanwhile(
    issuer: Issuer, server: RawServer, clock: Clock, pool: ThreadPoolExecutor
) -> None:
    verifier = issuer.verifier(keys=server.address)
    verifier.verify(issuer.token())
    server.respond = server.hang
    clock.steadily(151)
    for _ in range(10):
        assert verifier.verify(issuer.token())
    assert eventually(lambda: len(server.requests) == 2)
    assert not server.released.is_set(), "the refresh still hangs"


def test_keys_serve_for_300_seconds_while_the_issuer_is_gone_and_no_longer(
    issuer: Issuer, server: RawServer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    short(monkeypatch)
    verifier = issuer.verifier(keys=server.address)
    verifier.verify(issuer.token())
    server.respond = server.hang
    for age in range(31, 300, 31):
        clock.steadily(31)
        assert verifier.verify(issuer.token()), f"at {age} s"
    clock.steadily(300 - 31 * 9)
    with pytest.raises(ServiceUnavailable):
        verifier.verify(issuer.token())


def test_a_key_that_the_issuer_withdrew_is_refused_once_the_refresh_has_landed(
    issuer: Issuer, server: RawServer, clock: Clock
) -> None:
    verifier = issuer.verifier(keys=server.address)
    verifier.verify(issuer.token())
    server.respond = whole({"keys": [Issuer().jwks["keys"][0] | {"kid": "new"}]})
    clock.steadily(151)

    def refused() -> bool:
        try:
            verifier.verify(issuer.token())
        except TokenRefused:
            return True
        return False

    assert eventually(refused)


def test_a_token_that_expires_while_the_issuer_is_asked_is_refused(
    issuer: Issuer, server: RawServer, clock: Clock
) -> None:
    def late(connection: socket.socket) -> None:
        clock.wall += 60
        whole(issuer.jwks)(connection)

    server.respond = late
    verifier = issuer.verifier(keys=server.address)
    with pytest.raises(TokenExpired):
        verifier.verify(issuer.token(lives=10))
    assert verifier.verify(issuer.token(lives=10)), "and the keys are there"
    assert len(server.requests) == 1


def test_no_forged_token_has_old_keys_fetched_anew(issuer: Issuer, server: RawServer, clock: Clock) -> None:
    server.respond = whole(issuer.jwks)
    verifier = issuer.verifier(keys=server.address)
    assert verifier.verify(issuer.token())
    clock.steadily(200)
    with pytest.raises(TokenRefused):
        verifier.verify(Issuer().token())
    assert len(server.requests) == 1
    assert verifier.verify(issuer.token())
    assert eventually(lambda: len(server.requests) == 2)


def test_a_key_that_arrived_while_it_was_looked_for_is_taken_without_another_fetch(
    issuer: Issuer, server: RawServer
) -> None:
    keys = IssuerKeys(server.address)
    issuer.verifier(keys=keys).verify(issuer.token())
    with pytest.raises(StopIteration) as found:
        next(keys.steps("k1", "RS256"))
    assert found.value.value.key_id == "k1"
    assert len(server.requests) == 1


def test_an_issuer_is_asked_no_sooner_where_the_client_itself_fails(
    issuer: Issuer, server: RawServer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def broken(address: str, **_: object) -> bytes:
        asked.append(address)
        raise AssertionError("a defect of the client")

    monkeypatch.setattr("tenant_keys.client.issuer_keys.fetch", broken)
    verifier = issuer.verifier(keys=server.address)
    with pytest.raises(AssertionError):
        verifier.verify(issuer.token())
    clock.steadily(29)
    with pytest.raises(TokenRefused):
        verifier.verify(issuer.token())
    assert asked == [server.address]
    clock.steadily(2)
    with pytest.raises(AssertionError):
        verifier.verify(issuer.token())
    assert len(asked) == 2
