"""A server of the tests that answers as it is reported to, down to the single byte: late, slowly, wrongly, or never."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

Respond = Callable[[socket.socket], None]


def whole(document: object, status: str = "200 OK") -> Respond:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()

    def respond(connection: socket.socket) -> None:
        connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)

    return respond


class RawServer:
    """`respond` may be changed at any time. `requests` has the head of each request, in order."""

    def __init__(self, respond: Respond, *, tls: ssl.SSLContext | None = None) -> None:
        self.respond, self._tls = respond, tls
        self.requests: list[bytes] = []
        self.hung_up = threading.Event()
        """Set once the client has closed a connection whose answer was on its way."""
        self.released = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.address = f"http{'s' if tls else ''}://127.0.0.1:{self.port}/jwks.json"
        threading.Thread(target=self._accept, daemon=True).start()

    def hang(self, connection: socket.socket) -> None:
        """A response that never comes, until `released` is set or the client hangs up."""
        connection.settimeout(0.05)
        while not self.released.is_set():
            with suppress(TimeoutError):
                if not connection.recv(1):
                    self.hung_up.set()
                    return

    def drip(self, before: bytes, endless: bytes) -> Respond:
        """Sends `before`, then one byte after another without an end, until the client hangs up."""

        def respond(connection: socket.socket) -> None:
            connection.sendall(before)
            while not self.released.wait(0.02):
                try:
                    connection.sendall(endless)
                except OSError:
                    self.hung_up.set()
                    return

        return respond

    def stop(self) -> None:
        self.released.set()
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: Any) -> None:
        with suppress(OSError):
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection:
                self.requests.append(read_head(connection))
                self.respond(connection)


def read_head(connection: socket.socket) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        piece = connection.recv(1)
        if not piece:
            break
        head += piece
    return head
