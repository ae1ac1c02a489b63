"""The sample identity provider: signs tokens, and publishes its keys on 127.0.0.1."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tenant_keys.local.issuer import LocalIssuer


@contextmanager
def published(issuer: LocalIssuer) -> Iterator[str]:
    """The address of the issuer's JSON Web Key Set, for as long as the block lasts."""
    document = json.dumps(issuer.key_set).encode()

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(document)))
            self.end_headers()
            self.wfile.write(document)

        def log_message(self, *_arguments: object) -> None:
            """Keep the terminal for the demonstration."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Keys) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/.well-known/jwks.json"
        finally:
            server.shutdown()
