"""How the issuer's keys are fetched: deadlines, bad answers, TLS, proxies, headers."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest

from tenant_keys.client import (
    ConfigurationError,
    IssuerKeys,
    ServiceUnavailable,
    TimedOut,
    issuer_keys,
)
from tenant_keys.client.fetch import fetch
from tenant_keys.local.certificate import make_certificate
from tests.client.clock import Clock, short
from tests.client.issuer import Issuer
from tests.client.raw_server import RawServer, read_head, whole

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
    [
        (b"x" * 600_000, "longer than"),
        (b"<html>", "not a JWKS"),
        (b"[" * 100_000, "not a JWKS"),
        (b"\xff\xfe", "not a JWKS"),
    ],
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


def test_the_request_names_the_version_that_is_installed_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issuer_keys, "version", {"tenant-keys-client": "7.8.9"}.__getitem__)
    assert issuer_keys._user_agent() == "tenant-keys-client/7.8.9"

    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(issuer_keys, "version", missing)
    assert issuer_keys._user_agent() == "tenant-keys-client"


@pytest.mark.parametrize("more", [0, 1])
def test_an_answer_of_512_kib_is_read_and_a_longer_one_is_not(server: RawServer, more: int) -> None:
    server.respond = whole(b"x" * (512 * 1024 + more))
    if not more:
        assert len(fetch(server.address, headers={}, proxy=None, timeout=20)) == 524_288
        return
    with pytest.raises(ServiceUnavailable, match="the response is longer than 524288 bytes"):
        fetch(server.address, headers={}, proxy=None, timeout=20)


@pytest.mark.parametrize(
    "address",
    ["https://idp.example.com/", "https://idp.example.com:1", "http://localhost:8080/x", "http://127.0.0.1/x"],
)
def test_an_address_with_tls_or_of_this_machine_is_accepted(address: str) -> None:
    assert IssuerKeys(address).address == address


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


@pytest.mark.parametrize(
    ("address", "proxy", "connected", "sent"),
    [
        ("https://idp.example.com/keys", None, ("idp.example.com", 443), b""),
        ("https://idp.example.com:8443/keys", None, ("idp.example.com", 8443), b""),
        ("http://localhost/keys", None, ("localhost", 80), b"GET /keys"),
        ("http://localhost", None, ("localhost", 80), b"GET /"),
        ("http://localhost:8080/keys?v=2", None, ("localhost", 8080), b"GET /keys?v=2"),
        ("http://localhost/keys", "http://proxy", ("localhost", 80), b"GET /keys"),
        ("https://idp.example.com/keys", "http://proxy", ("proxy", 80), b"CONNECT idp.example.com:443"),
        (
            "https://idp.example.com:8443",
            "http://proxy:3128",
            ("proxy", 3128),
            b"CONNECT idp.example.com:8443",
        ),
    ],
)
def test_a_fetch_goes_to_the_address_and_port_that_are_written_or_to_the_schemes_own(
    monkeypatch: pytest.MonkeyPatch, address: str, proxy: str | None, connected: tuple[str, int], sent: bytes
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    server = socket.create_server(("127.0.0.1", 0))
    connect, asked = socket.create_connection, list[tuple[str, int]]()
    received: list[bytes] = []

    def here(place: tuple[str, int], *_: Any, **__: Any) -> socket.socket:
        asked.append(place)
        return connect(server.getsockname())

    def hang_up() -> None:
        with server.accept()[0] as connection:
            received.append(connection.recv(1_000))

    thread = threading.Thread(target=hang_up)
    thread.start()
    monkeypatch.setattr(socket, "create_connection", here)
    with pytest.raises(ServiceUnavailable, match="could not be reached"):
        fetch(address, headers={}, proxy=proxy, timeout=20)
    thread.join()
    server.close()
    first, *_ = received[0].split(b" HTTP/1.")
    assert asked == [connected]
    assert first == sent or (not sent and first.startswith(b"\x16\x03")), "the request's first line, or TLS"


@pytest.mark.parametrize("proxy", ["", "127.0.0.1:3128", "https://127.0.0.1:3128", "socks5://127.0.0.1:1080"])
def test_a_proxy_that_we_cannot_use_is_a_configuration_error(proxy: str) -> None:
    with pytest.raises(ConfigurationError, match="proxy"):
        IssuerKeys("https://idp.example.com/jwks.json", proxy=proxy)


@pytest.mark.parametrize(
    "address",
    [
        "https:///x",
        "https://idp.example.com:abc/",
        "https://idp.example.com:99999/",
        "https://a b/",
        "https://idp/\n",
        "https://idp:0/",
        "http://idp.example.com/",
        "ftp://localhost/",
        "idp.example.com",
    ],
)
def test_an_address_that_is_none_is_a_configuration_error(address: str) -> None:
    with pytest.raises(ConfigurationError, match="JWKS address"):
        IssuerKeys(address)


@pytest.mark.parametrize("headers", [{"X-A": "a\r\nX-B: b"}, {"X A": "a"}, {"X-A\n": "a"}, {"": "a"}, {"X-A": "ä"}])
def test_a_header_cannot_bring_another(headers: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="headers"):
        IssuerKeys("https://idp.example.com/jwks.json", headers=headers)
