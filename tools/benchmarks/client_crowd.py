"""A crowd at one client: 50 tenants, 8 threads, throttling, sessions that end, and an AWS that is killed and rebuilt.

Every thread serves every tenant in an order of its own, and tries the message of a neighbour besides. What may happen
is counted: messages that came back, errors by their name, and calls to AWS. What must not happen is counted too: a
message that opened for another tenant, or with another content, and an error that is none of the documented ones.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import urllib3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials
from urllib3.exceptions import InsecureRequestWarning

from tenant_keys.client import Counters, Limits, Tenant, TenantKeys, TenantKeysError
from tenant_keys.local import LocalAws
from tenant_keys.local.issuer import LocalIssuer
from tools.benchmarks.client_estate import BILLING, CENTRAL, ISSUER, ORDERS, ClientEstate, build

TENANTS = [f"tenant{number:02}" for number in range(50)]
THREADS = 8
THROTTLED = 0.05
"""The share of KMS calls that AWS refuses to serve now."""
SESSION = timedelta(seconds=6)
"""What STS says of a session's life, so that sessions end all the time."""
LIMITS = Limits(max_age=2, timeout=5)
"""Data keys that live for two seconds: most requests meet AWS."""


@dataclass
class Tally:
    """What happened. Thread-safe."""

    errors: Counter[str] = field(default_factory=Counter)
    served: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    """Messages of a neighbour that did not open."""
    crossed: int = 0
    undocumented: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, counter: str, key: str = "") -> None:
        with self.lock:
            if counter in ("refused", "crossed"):
                setattr(self, counter, getattr(self, counter) + 1)
            else:
                getattr(self, counter)[key] += 1


class Renewed(Credentials):
    """The workload's own credentials, as its platform renews them."""

    def __init__(self) -> None:
        super().__init__("AKID", "secret")
        self.now: Any = None

    def get_frozen_credentials(self) -> Any:
        return self.now.get_frozen_credentials()


class Crowd:
    """One client under the crowd; `aws` may be killed and built anew below it."""

    def __init__(self, aws: LocalAws, issuer: LocalIssuer, *, tenants: list[str] = TENANTS) -> None:
        self._aws, self._issuer, self._tenants = aws, issuer, tenants
        self._stage: ClientEstate = build(aws, issuer, tenants)
        self.tally, self.counters = Tally(), Counters()
        self._random = random.Random(7)  # noqa: S311  # no secret
        self._own = Renewed()
        self._keys = self._client()
        self._shelf: dict[str, bytes] = {}
        self._tokens = {tenant: self._stage.token(tenant) for tenant in tenants}

    def _client(self) -> TenantKeys:
        keys = self._stage.keys("orders", limits=LIMITS, on_event=self.counters)
        session: Any = keys._connections._transport.aws.session
        self._own.now = session.get_credentials()
        session._session._credentials = self._own
        # The certificate of AWS outlives a failure; that of the local AWS is made at each start, for the same name.
        session._session.set_config_variable("ca_bundle", False)
        urllib3.disable_warnings(InsecureRequestWarning)
        session.events.register("after-call.sts.AssumeRole", self._shorten)
        session.events.register("before-send.kms", self._throttle)
        return keys

    @staticmethod
    def _shorten(parsed: dict[str, Any], **_: Any) -> None:
        if "Credentials" in parsed:
            parsed["Credentials"]["Expiration"] = datetime.now(UTC) + SESSION

    def _throttle(self, request: Any, **_: Any) -> AWSResponse | None:
        if self._random.random() >= THROTTLED:
            return None
        body = b'{"__type": "ThrottlingException", "message": "Rate exceeded"}'
        return AWSResponse(request.url, 400, HTTPHeaders(), _Body(body))

    def rebuild(self) -> None:
        """Ends AWS as a crash would, and deploys the estate again: with other keys, under the same names."""
        self._aws.kill()
        self._aws.restart()
        self._stage = build(self._aws, self._issuer, self._tenants)
        self._own.now = self._stage.runs_as("orders").get_credentials()

    def forget(self) -> None:
        """Drops what the client has cached: the data keys of an AWS that is gone open for `max_age` more."""
        self._keys.close()

    def serve(self, goes_on: Callable[[int], bool]) -> None:
        """Threads that serve tenants as long as `goes_on` says so, by the number of their turns."""
        start = threading.Barrier(THREADS)

        def work(thread: int) -> None:
            start.wait()
            turn = 0
            while goes_on(turn):
                self._turn(self._tenants[(turn * 7 + thread * 3) % len(self._tenants)], thread, turn)
                turn += 1

        with ThreadPoolExecutor(THREADS) as pool:
            for done in [pool.submit(work, thread) for thread in range(THREADS)]:
                done.result()

    def _turn(self, name: str, thread: int, turn: int) -> None:
        data = f"{name}/{thread}/{turn}".encode()
        try:
            tenant = self._keys.tenant(self._tokens[name])
            blob = tenant.encrypt(data, name="row")
            opened = tenant.decrypt(blob, name="row")
        except TenantKeysError as error:
            self.tally.add("errors", type(error).__name__)
            return
        except Exception as error:  # noqa: BLE001  # what may not happen is counted
            self.tally.add("undocumented", f"{type(error).__name__}: {error}"[:200])
            return
        self.tally.add("crossed") if opened != data else self.tally.add("served", name)
        self._shelf[name] = blob
        self._neighbour(tenant, name, turn)

    def _neighbour(self, tenant: Tenant, name: str, turn: int) -> None:
        other = self._tenants[(self._tenants.index(name) + turn + 1) % len(self._tenants)]
        if other == name or other not in self._shelf:
            return
        try:
            tenant.decrypt(self._shelf[other], name="row")
        except TenantKeysError:
            self.tally.add("refused")
        except Exception as error:  # noqa: BLE001  # what may not happen is counted
            self.tally.add("undocumented", f"{type(error).__name__}: {error}"[:200])
        else:
            self.tally.add("crossed")


class _Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> Any:
        return iter([self._content])


def local_aws(folder: Path, issuer: LocalIssuer) -> LocalAws:
    """On a port and with a folder that stay the same when it is built anew."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    return LocalAws(accounts=(CENTRAL, ORDERS, BILLING), jwks={ISSUER: issuer.key_set}, directory=folder, port=port)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    issuer = LocalIssuer(ISSUER)
    with tempfile.TemporaryDirectory() as folder, local_aws(Path(folder) / "aws", issuer) as aws:
        crowd = Crowd(aws, issuer)
        ends = time.monotonic() + options.seconds
        rebuilding = threading.Timer(options.seconds / 3, crowd.rebuild)
        rebuilding.start()
        crowd.serve(lambda _: time.monotonic() < ends)
        rebuilding.join()
        last, crowd.tally = crowd.tally, Tally()
        crowd.forget()
        crowd.serve(lambda turn: turn < len(TENANTS))
    after = crowd.tally
    print(f"{len(TENANTS)} tenants, {THREADS} threads, {options.seconds:g} s; AWS killed after a third and built anew")
    print(f"messages that came back: {sum(last.served.values()):,}; neighbours' messages refused: {last.refused:,}")
    print(f"calls to KMS: {crowd.counters.total('kms'):,}, to STS: {crowd.counters.total('sts'):,}")
    print(f"errors by name: {dict(last.errors.most_common())}")
    crossed, undocumented = last.crossed + after.crossed, last.undocumented + after.undocumented
    findings = [
        (f"messages of another tenant, or with another content: {crossed}", not crossed),
        (f"errors that are not documented: {dict(undocumented)}", not undocumented),
        (f"tenants served by the new AWS: {len(after.served)} of {len(TENANTS)}", len(after.served) == len(TENANTS)),
        (f"errors after that: {dict(after.errors)}", not after.errors),
    ]
    for text, holds in findings:
        print(f"{'ok  ' if holds else 'FAIL'} {text}")
    return 0 if all(holds for _, holds in findings) else 2


if __name__ == "__main__":
    sys.exit(main())
