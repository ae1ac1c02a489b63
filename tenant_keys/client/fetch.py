"""One HTTPS GET that ends within its time, whatever the server does: also if it sends a byte a second."""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from tenant_keys.client.errors import ConfigurationError, ServiceUnavailable, TimedOut

MAX_BODY = 512 * 1024
"""Bytes."""


def fetch(address: str, *, headers: Mapping[str, str], proxy: str | None, timeout: float) -> bytes:
    """The body of an answer with status 200. Follows no redirect: the keys are where the configuration says.

    `proxy`: `http://[user:password@]host:port`; None goes by HTTPS_PROXY and NO_PROXY. `timeout` in seconds.

    Raises:
        ServiceUnavailable: there is no such answer; `TimedOut`, there is none in time.
    """
    connection = _Connection(urlsplit(address), proxy, timeout)
    timer = threading.Timer(timeout, connection.cut)
    timer.daemon = True
    timer.start()
    try:
        return connection.get(headers)
    except (OSError, http.client.HTTPException) as error:
        if connection.was_cut or isinstance(error, TimeoutError):
            raise TimedOut(f"{address}: no complete response within {timeout:g} s") from error
        raise ServiceUnavailable(f"{address}: {type(error).__name__}: could not be reached") from error
    finally:
        timer.cancel()
        connection.release()


def check_address(address: str) -> None:
    """https, or http to this machine itself, in the characters of an address."""
    try:
        parts = urlsplit(address)
        good = parts.port != 0 and address.isascii() and all(char.isprintable() and char != " " for char in address)
    except ValueError:  # a port that is no number, or too large; brackets that do not match
        raise ConfigurationError(f"the JWKS address is malformed: got {address!r}") from None
    local = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1")
    if not good or (parts.scheme != "https" and not local) or not parts.hostname:
        raise ConfigurationError(f"the JWKS address must be https: got {address!r}")


def check_headers(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        if not name.isascii() or not name.replace("-", "").isalnum() or not value.isascii() or not value.isprintable():
            raise ConfigurationError(f"headers: {name!r}: expected a name and a value in printable ASCII characters")


def check_proxy(proxy: str | None) -> None:
    if proxy is not None and (urlsplit(proxy).scheme != "http" or not urlsplit(proxy).hostname):
        raise ConfigurationError("proxy: expected http://host:port, through which the TLS connection is tunnelled")


class _Connection(http.client.HTTPConnection):
    """TLS is put on after the tunnel, so that the socket below it stays at hand to be cut from another thread."""

    def __init__(self, address: SplitResult, proxy: str | None, timeout: float) -> None:
        self._address = address
        self._host = address.hostname or ""
        self._tls = address.scheme == "https"
        self._below: socket.socket | None = None
        self.was_cut = False
        port = address.port or (443 if self._tls else 80)
        through = self._proxy(proxy)
        if through is None:
            super().__init__(self._host, port, timeout=timeout)
            return
        super().__init__(through.hostname or "", through.port or 80, timeout=timeout)
        self.set_tunnel(self._host, port, headers=_authorization(through))

    def get(self, headers: Mapping[str, str]) -> bytes:
        path = (self._address.path or "/") + (f"?{self._address.query}" if self._address.query else "")
        netloc = self._address.netloc.rpartition("@")[2]
        self.connect()
        self.request("GET", path, headers={**headers, "Host": netloc, "Connection": "close"})
        with self.getresponse() as answer:  # it may hold the socket alone by now
            if answer.status != 200:
                raise ServiceUnavailable(f"{self._address.geturl()}: HTTP status {answer.status}")
            body = answer.read(MAX_BODY + 1)
        if self.was_cut:
            raise TimeoutError
        if len(body) > MAX_BODY:
            raise ServiceUnavailable(f"{self._address.geturl()}: the response is longer than {MAX_BODY} bytes")
        return body

    def connect(self) -> None:
        super().connect()
        self._below = self.sock.dup()
        if self._tls:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self._host)

    def cut(self) -> None:
        """Ends the connection for anyone who reads from it, in any thread and at any stage."""
        self.was_cut = True
        for one in (self._below, self.sock):
            if one is not None:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        """Not `close`, which http.client calls as soon as the answer has the socket to itself."""
        self.close()
        if self._below is not None:
            self._below.close()

    def _proxy(self, given: str | None) -> SplitResult | None:
        if not self._tls:  # this machine itself
            return None
        found = given or (None if proxy_bypass(self._host) else getproxies().get("https"))
        if not found:
            return None
        found = found if "://" in found else f"http://{found}"
        check_proxy(found)
        return urlsplit(found)


def _authorization(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    plain = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": f"Basic {base64.b64encode(plain.encode()).decode()}"}
