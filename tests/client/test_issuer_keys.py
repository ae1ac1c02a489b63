"""An issuer that is slow, broken or gone holds up nobody whose key is known, and is asked as seldom as promised."""

from __future__ import annotations

import base64
import json
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jwt
import pytest

from tenant_keys.client import (
    ConfigurationError,
    IssuerKeys,
    ServiceUnavailable,
    TimedOut,
    TokenError,
    TokenExpired,
    TokenRefused,
    TokenVerifier,
    issuer_keys,
)
from tenant_keys.local.certificate import make_certificate
from tests.client.clock import Clock, Waiters
from tests.client.issuer import Issuer
from tests.client.raw_server import RawServer, read_head, whole
from tests.work import eventually


@pytest.fixture
def server(issuer: Issuer) -> Iterator[RawServer]:
    server = RawServer(whole(issuer.jwks))
    yield server
    server.stop()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(40) as pool:
        yield pool


def unknown(issuer: Issuer, kid: str = "invented") -> str:
    """Well-formed, addressed to us, and signed by nobody."""
    token = jwt.encode(issuer.claims(), issuer._key, "RS256", headers={"kid": kid})
    return token.rpartition(".")[0] + ".AAAA"


def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a second for a fetch: what takes for ever is over sooner."""
    monkeypatch.setattr(issuer_keys, "FETCH_TIMEOUT", 0.5)


def test_no_token_with_a_known_key_waits_for_a_fetch_that_others_cause(
    issuer: Issuer, server: RawServer, clock: Clock, pool: ThreadPoolExecutor
) -> None:
    verifier = issuer.verifier(keys=server.address)
    verifier.verify(issuer.token())
    server.respond = server.hang
    clock.steadily(31)
    strangers = [pool.submit(verifier.verify, unknown(issuer, f"invented-{n}")) for n in range(3)]
    assert eventually(lambda: len(server.requests) == 2)
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


PROLOGUE = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n"


@pytest.mark.parametrize(
    ("before", "endless"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 ", b"O"),
        (PROLOGUE, b"x"),
        (PROLOGUE + b"\r\n", b" "),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b" "),
    ],
    ids=["status line", "reason", "headers", "body", "chunks", "body without a length"],
)
def test_a_byte_now_and_then_does_not_keep_a_fetch_alive(
    issuer: Issuer, server: RawServer, monkeypatch: pytest.MonkeyPatch, before: bytes, endless: bytes
) -> None:
    short(monkeypatch)
    server.respond = server.drip(before, endless)
    with pytest.raises(TimedOut):
        issuer.verifier(keys=server.address).verify(issuer.token())
    assert server.hung_up.wait(20), "the connection was cut, not only left behind"


def test_a_tls_handshake_that_never_ends_is_cut_as_well(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    short(monkeypatch)
    listening = socket.create_server(("127.0.0.1", 0))
    cut = threading.Event()

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.sendall(b"\x16\x03\x03\x40\x00")  # a record of 16 KiB, of which little comes
            try:
                while not cut.wait(0.02):
                    connection.sendall(b"\x00")
            except OSError:
                cut.set()

    threading.Thread(target=serve, daemon=True).start()
    with pytest.raises(TimedOut):
        issuer.verifier(keys=f"https://127.0.0.1:{listening.getsockname()[1]}/").verify(issuer.token())
    assert cut.wait(20)
    listening.close()


def test_a_name_server_that_does_not_answer_holds_one_thread_and_one_timeout(
    issuer: Issuer, server: RawServer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing can end getaddrinfo; so no second one is started beside it, and nobody waits for it twice."""
    short(monkeypatch)
    gate, asked, resolve = threading.Event(), [], socket.getaddrinfo

    def hang(*arguments: Any, **options: Any) -> Any:
        asked.append(arguments)
        gate.wait(20)
        return resolve(*arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    verifier = issuer.verifier(keys=server.address)
    with pytest.raises(TimedOut):
        verifier.verify(issuer.token(), timeout=0.1)
    clock.steadily(40)
    for _ in range(10):
        with pytest.raises(ServiceUnavailable, match="has not ended"):
            verifier.verify(issuer.token())
    assert len(asked) == 1
    gate.set()
    assert isinstance(verifier._keys, IssuerKeys)
    assert verifier._keys._thread is not None
    verifier._keys._thread.join(20)
    clock.steadily(40)
    assert verifier.verify(issuer.token())


@pytest.mark.parametrize(
    ("body", "said"),
    [(b"x" * 600_000, "longer than"), (b"<html>", "no JWKS"), (b"[" * 100_000, "no JWKS"), (b"\xff\xfe", "no JWKS")],
    ids=["long", "html", "deep", "bytes"],
)
def test_what_is_no_jwks_is_said(issuer: Issuer, server: RawServer, body: bytes, said: str) -> None:
    server.respond = whole(body)
    with pytest.raises(ServiceUnavailable, match=said):
        issuer.verifier(keys=server.address).verify(issuer.token())


@pytest.mark.parametrize("status", ["302 Found\r\nLocation: http://127.0.0.1:9/", "404 Not Found", "429 Too Many"])
def test_the_error_carries_the_status(issuer: Issuer, server: RawServer, status: str) -> None:
    server.respond = whole(issuer.jwks, status)
    with pytest.raises(ServiceUnavailable, match=f"HTTP status {status[:3]}"):
        issuer.verifier(keys=server.address).verify(issuer.token())


def test_the_request_says_who_asks_and_carries_the_headers_that_it_is_given(issuer: Issuer, server: RawServer) -> None:
    issuer.verifier(keys=server.address).verify(issuer.token())
    own = IssuerKeys(server.address, headers={"User-Agent": "portal/7", "X-Gateway": "blue"})
    issuer.verifier(keys=own).verify(issuer.token())
    ours, theirs = server.requests
    assert b"\r\nUser-Agent: tenant-keys-client" in ours
    assert b"\r\nUser-Agent: portal/7\r\n" in theirs
    assert b"\r\nX-Gateway: blue\r\n" in theirs
    assert b"tenant-keys-client" not in theirs


class Proxy:
    """Tunnels, if it is asked with the right password."""

    def __init__(self) -> None:
        self.heads: list[bytes] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            head = read_head(client)
            self.heads.append(head)
            if b"Basic " + base64.b64encode(b"me:secret word") not in head:
                client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
                client.close()
                continue
            target = head.split()[1].decode()
            upstream = socket.create_connection((target.split(":")[0], int(target.split(":")[1])))
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            for source, sink in ((client, upstream), (upstream, client)):
                threading.Thread(target=pipe, args=(source, sink), daemon=True).start()

    def stop(self) -> None:
        self._listening.close()


def pipe(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65_536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


@pytest.fixture
def secure(issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RawServer]:
    make_certificate(tmp_path / "cert.pem", tmp_path / "key.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    server = RawServer(whole(issuer.jwks), tls=context)
    yield server
    server.stop()


def test_keys_come_over_tls_from_a_server_whose_certificate_is_trusted(
    issuer: Issuer, secure: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert issuer.verifier(keys=secure.address).verify(issuer.token())
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(ServiceUnavailable, match="SSLCertVerificationError"):
        issuer.verifier(keys=secure.address).verify(issuer.token())


def test_keys_come_through_the_proxy_that_is_given_or_that_the_environment_names(
    issuer: Issuer, secure: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = Proxy()
    address = f"http://me:secret%20word@127.0.0.1:{proxy.port}"
    assert issuer.verifier(keys=IssuerKeys(secure.address, proxy=address)).verify(issuer.token())
    monkeypatch.setenv("HTTPS_PROXY", address)
    assert issuer.verifier(keys=secure.address).verify(issuer.token())
    assert len(proxy.heads) == 2
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert issuer.verifier(keys=secure.address).verify(issuer.token())
    assert len(proxy.heads) == 2
    wrong = f"http://me:wrong@127.0.0.1:{proxy.port}"
    with pytest.raises(ServiceUnavailable) as refused:
        issuer.verifier(keys=IssuerKeys(secure.address, proxy=wrong)).verify(issuer.token())
    assert "wrong" not in str(refused.value), "no password in a message"
    assert b"tenant-keys-client" not in proxy.heads[0], "headers are for the issuer"
    assert b"secret" not in secure.requests[0]
    proxy.stop()


@pytest.mark.parametrize("proxy", ["", "127.0.0.1:3128", "https://127.0.0.1:3128", "socks5://127.0.0.1:1080"])
def test_a_proxy_that_we_cannot_use_is_a_configuration_error(proxy: str) -> None:
    with pytest.raises(ConfigurationError, match="proxy"):
        IssuerKeys("https://idp.example.com/jwks.json", proxy=proxy)


@pytest.mark.parametrize(
    "address",
    ["https:///x", "https://idp.example.com:abc/", "https://idp.example.com:99999/", "https://a b/", "https://idp/\n"],
)
def test_an_address_that_is_none_is_a_configuration_error(address: str) -> None:
    with pytest.raises(ConfigurationError, match="JWKS address"):
        IssuerKeys(address)


@pytest.mark.parametrize("headers", [{"X-A": "a\r\nX-B: b"}, {"X A": "a"}, {"X-A\n": "a"}, {"": "a"}, {"X-A": "ä"}])
def test_a_header_cannot_bring_another(headers: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="headers"):
        IssuerKeys("https://idp.example.com/jwks.json", headers=headers)


# --- what causes a fetch


def part(value: object) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


HEADER = {"alg": "RS256", "kid": "invented", "typ": "JWT"}


def jws(header: object, claims: object, signature: str = "AA") -> str:
    return f"{part(header)}.{part(claims)}.{signature}"


TWICE_KID = b'{"alg": "RS256", "kid": "k1", "kid": "k2"}'


def without(claims: dict[str, Any], name: str) -> dict[str, Any]:
    return {claim: value for claim, value in claims.items() if claim != name}


NOT_FOR_US: dict[str, Callable[[dict[str, Any]], object]] = {
    "no text": lambda _: b"a.b.c",
    "empty": lambda _: "",
    "two parts": lambda claims: f"{part(HEADER)}.{part(claims)}",
    "no signature": lambda claims: jws(HEADER, claims, ""),
    "four parts": lambda claims: jws(HEADER, claims, "AA.AA"),
    "padding": lambda claims: jws(HEADER, claims, "AA=="),
    "a newline at the end": lambda claims: jws(HEADER, claims, "AA\n"),
    "standard base64": lambda claims: jws(HEADER, claims, "A+/A"),
    "longer than STS takes": lambda claims: jws(HEADER, claims | {"x": "y" * 20_000}),
    "header is no JSON": lambda claims: jws(b"{", claims),
    "header is a list": lambda claims: jws([], claims),
    "header has kid twice": lambda claims: jws(TWICE_KID, claims),
    "no alg": lambda claims: jws({"kid": "x"}, claims),
    "alg none": lambda claims: jws(HEADER | {"alg": "none"}, claims),
    "alg HS256": lambda claims: jws(HEADER | {"alg": "HS256"}, claims),
    "alg RS384": lambda claims: jws(HEADER | {"alg": "RS384"}, claims),
    "no kid": lambda claims: jws({"alg": "RS256"}, claims),
    "kid is a number": lambda claims: jws(HEADER | {"kid": 7}, claims),
    "kid is empty": lambda claims: jws(HEADER | {"kid": ""}, claims),
    "kid has a newline": lambda claims: jws(HEADER | {"kid": "a\n"}, claims),
    "kid has a control character": lambda claims: jws(HEADER | {"kid": "\x1b[2J"}, claims),
    "kid is long": lambda claims: jws(HEADER | {"kid": "k" * 257}, claims),
    "kid is not ASCII": lambda claims: jws(HEADER | {"kid": "ключ"}, claims),
    "critical header": lambda claims: jws(HEADER | {"crit": ["exp"]}, claims),
    "typ is for a logout": lambda claims: jws(HEADER | {"typ": "logout+jwt"}, claims),
    "typ is a number": lambda claims: jws(HEADER | {"typ": 1}, claims),
    "claims are no JSON": lambda _: jws(HEADER, b"{"),
    "claims are a list": lambda _: jws(HEADER, [1]),
    "claims are deep": lambda _: jws(HEADER, b"[" * 12_000),
    "claims have NaN": lambda _: jws(HEADER, b'{"exp": NaN}'),
    "claims have iss twice": lambda claims: jws(HEADER, json.dumps(claims)[:-1].encode() + b', "iss": "x"}'),
    "claims have a name twice inside": lambda _: jws(HEADER, b'{"iss": "x", "a": {"b": 1, "b": 2}}'),
    "another issuer": lambda claims: jws(HEADER, claims | {"iss": "https://evil.example.com"}),
    "no issuer": lambda claims: jws(HEADER, without(claims, "iss")),
    "another audience": lambda claims: jws(HEADER, claims | {"aud": "another-api"}),
    "no audience": lambda claims: jws(HEADER, without(claims, "aud")),
    "expired": lambda claims: jws(HEADER, claims | {"exp": 1}),
    "not yet": lambda claims: jws(HEADER, claims | {"nbf": 4_000_000_000}),
    "exp is text": lambda claims: jws(HEADER, claims | {"exp": str(claims["exp"])}),
    "exp is true": lambda claims: jws(HEADER, claims | {"exp": True}),
    "lives for ever": lambda claims: jws(HEADER, claims | {"exp": 4_000_000_000}),
    "no tenant": lambda claims: jws(HEADER, claims | {"tenant_id": None}),
    "no tenant id": lambda claims: jws(HEADER, claims | {"tenant_id": "*"}),
}


@pytest.mark.parametrize("make", NOT_FOR_US.values(), ids=NOT_FOR_US)
def test_no_token_that_is_not_well_formed_and_addressed_to_us_causes_a_fetch(
    issuer: Issuer, server: RawServer, make: Callable[[dict[str, Any]], Any]
) -> None:
    with pytest.raises(TokenError) as refused:
        issuer.verifier(keys=server.address).verify(make(issuer.claims()))
    assert not server.requests
    assert str(refused.value).isprintable()


def test_a_token_that_is_well_formed_and_addressed_to_us_does(issuer: Issuer, server: RawServer) -> None:
    """The counterpart, without which the test above could not fail."""
    with pytest.raises(TokenRefused):
        issuer.verifier(keys=server.address).verify(jws(HEADER, issuer.claims()))
    assert len(server.requests) == 1


def test_a_known_key_with_another_algorithm_causes_no_fetch(issuer: Issuer, server: RawServer, clock: Clock) -> None:
    verifier = issuer.verifier(keys=server.address)
    verifier.verify(issuer.token())
    clock.steadily(31)
    with pytest.raises(TokenRefused, match="algorithm"):
        verifier.verify(jws({"alg": "ES256", "kid": "k1"}, issuer.claims()))
    assert len(server.requests) == 1


def test_a_fork_in_the_midst_of_a_fetch_does_not_stop_the_child(issuer: Issuer, server: RawServer) -> None:
    """The fetching thread does not live on in the child."""
    server.respond = server.hang
    verifier: TokenVerifier = issuer.verifier(keys=server.address)
    begun: Future[Any] = ThreadPoolExecutor(1).submit(verifier.verify, issuer.token())
    assert eventually(lambda: len(server.requests) == 1)
    server.respond = whole(issuer.jwks)
    child = os.fork()
    if child == 0:
        try:
            if isinstance(verifier._keys, IssuerKeys):
                verifier._keys._asked = None
            os._exit(0 if verifier.verify(issuer.token()).tenant_id == "acme" else 2)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    server.released.set()
    assert begun.exception(20) is not None


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
