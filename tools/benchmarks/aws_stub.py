"""The least of STS, KMS and an issuer that the client needs, over real sockets, in a process of its own.

It decides nothing and protects nothing: it is for measuring the client. Each service can be made to hang: `POST
/control` with `"hang": "sts"`, `"kms:tenant-slow"` (an alias), `"kms"` or `"issuer"`, and with `null` to go on.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

SESSION_TOKEN = "t" * 1200
"""Characters; STS promises no length, and a session policy and a tag make it longer than 1,000."""

ASSUMED = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>ASIA{key}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey><SessionToken>{token}</SessionToken>
<Expiration>{ends}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""


class Stub(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def __init__(self, key_set: bytes, kms_seconds: float) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.key_set, self.kms_seconds = key_set, kms_seconds
        self.hanging: str | None = None
        self.session_seconds = 3600
        self.go_on = threading.Condition()
        self.calls: Counter[str] = Counter()

    def handle_error(self, *_: object) -> None:
        """A client that gave up while its call hung is what is measured."""

    def pause(self, service: str, text: str) -> None:
        """Holds the request as long as its service is made to hang."""
        with self.go_on:
            self.calls[service] += 1
            while self.hanging is not None and self._concerns(self.hanging, service, text):
                self.go_on.wait()

    @staticmethod
    def _concerns(hanging: str, service: str, text: str) -> bool:
        name, _, within = hanging.partition(":")
        return name == service and within in text


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Stub

    def log_message(self, *_: object) -> None: ...

    def do_GET(self) -> None:
        self.server.pause("issuer", self.path)
        self._answer(self.server.key_set)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        target = self.headers.get("X-Amz-Target", "")
        if self.path == "/control":
            with self.server.go_on:
                asked = json.loads(body)
                self.server.hanging, self.server.session_seconds = asked["hang"], asked["session_seconds"]
                calls = dict(self.server.calls)
                self.server.go_on.notify_all()
            self._answer(json.dumps(calls).encode())
        elif target.startswith("TrentService."):
            self.server.pause("kms", body.decode())
            time.sleep(self.server.kms_seconds)
            self._answer(json.dumps(_kms(target.partition(".")[2], json.loads(body))).encode())
        else:
            self.server.pause("sts", body.decode())
            self._answer(_assumed(self.server.session_seconds))

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _kms(operation: str, request: dict[str, Any]) -> dict[str, Any]:
    key = "arn:aws:kms:eu-west-1:111111111111:key/00000000-0000-4000-8000-000000000000"
    if operation == "Decrypt":
        blob = base64.b64decode(request["CiphertextBlob"])
        return {"KeyId": key, "Plaintext": base64.b64encode(blob[-32:]).decode()}
    plaintext = os.urandom(32)
    blob = os.urandom(152) + plaintext
    return {
        "KeyId": key,
        "Plaintext": base64.b64encode(plaintext).decode(),
        "CiphertextBlob": base64.b64encode(blob).decode(),
    }


def _assumed(seconds: int) -> bytes:
    ends = (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return ASSUMED.format(
        key=os.urandom(8).hex().upper(), secret=os.urandom(20).hex(), token=SESSION_TOKEN, ends=ends
    ).encode()


class StubProcess:
    """The stub in a process of its own, so that its threads take nothing from the client's interpreter."""

    def __init__(self, key_set: dict[str, Any] | None = None, *, kms_seconds: float = 0.0) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tools.benchmarks.aws_stub", str(kms_seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise AssertionError("both were asked for")
        stdin.write(json.dumps(key_set or {}) + "\n")
        stdin.flush()
        self.address = stdout.readline().strip()

    def hang(self, what: str | None, *, session_seconds: int = 3600) -> dict[str, int]:
        """Returns the calls of each service so far. `session_seconds`: of sessions that are opened from now on."""
        asked = json.dumps({"hang": what, "session_seconds": session_seconds}).encode()
        connection = http.client.HTTPConnection(self.address.removeprefix("http://"), timeout=30)
        connection.request("POST", "/control", asked)
        calls: dict[str, int] = json.load(connection.getresponse())
        connection.close()
        return calls

    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.address,
            "AWS_ACCESS_KEY_ID": "AKIDWORKLOAD",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "eu-west-1",
            "AWS_DEFAULT_REGION": "eu-west-1",
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()


def main() -> None:
    stub = Stub(sys.stdin.readline().encode(), float(sys.argv[1]))
    sys.stdout.write(f"http://127.0.0.1:{stub.server_port}\n")
    sys.stdout.flush()
    threading.Thread(target=stub.serve_forever, daemon=True).start()
    sys.stdin.read()  # until the parent is gone


if __name__ == "__main__":
    main()
