"""How long a request takes while an issuer, KMS or STS hangs, beside the same without: p50, p99, and the longest.

A request verifies its token, encrypts and decrypts one message, and every tenth has a context of its own, which needs
KMS, except where all of KMS hangs. 20 tenants take turns in 8 threads. What hangs is provoked meanwhile by others:
tokens of unknown keys for the issuer, messages of tenant `slow` for KMS, tenants without a session for STS, while the
sessions of the healthy ones come to their renewal.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from tenant_keys.client import TenantKeys, TenantKeysError, TokenVerifier
from tools.benchmarks.aws_stub import StubProcess
from tools.benchmarks.client_memory import SETTINGS

TENANTS = [f"t{number}" for number in range(20)]
ISSUER, AUDIENCE = "https://idp.example.com", "portal"
THREADS = 8
PROVOKERS = 4


class Tokens:
    """An identity provider with one key."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self._key.public_key()))
        self.key_set = {"keys": [{**public, "kid": "k1", "use": "sig", "alg": "ES256"}]}

    def of(self, tenant: str, kid: str = "k1") -> str:
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "u", "iat": now, "exp": now + 3600, "tenant_id": tenant}
        return jwt.encode(claims, self._key, "ES256", headers={"kid": kid})


class Course:
    """Requests of the healthy tenants, while `provoke` keeps calling what hangs."""

    def __init__(self, keys: TenantKeys, tokens: Tokens) -> None:
        self._keys, self.cached_only = keys, False
        self._by_tenant = {tenant: tokens.of(tenant) for tenant in TENANTS}
        self._contexts = iter(range(10**9))

    def request(self, turn: int) -> float:
        """Milliseconds; every tenth request has a context that nobody had before, and so needs KMS."""
        context = {"n": str(next(self._contexts))} if turn % 10 == 9 and not self.cached_only else None
        started = time.perf_counter()
        tenant = self._keys.tenant(self._by_tenant[TENANTS[turn % len(TENANTS)]])
        blob = tenant.encrypt(b"x", name="n", context=context)
        if tenant.decrypt(blob, name="n", context=context) != b"x":
            raise AssertionError("a message did not come back")
        return (time.perf_counter() - started) * 1000

    def run(self, seconds: float, provoke: Callable[[int], object]) -> list[float]:
        over = threading.Event()
        numbers = iter(range(10**9))

        def provoking() -> None:
            while not over.wait(0.01):
                with suppress(TenantKeysError):
                    provoke(next(numbers))

        for _ in range(PROVOKERS):
            threading.Thread(target=provoking, daemon=True).start()

        def serve(thread: int) -> list[float]:
            ends, turn, taken = time.monotonic() + seconds, thread, []
            while time.monotonic() < ends:
                taken.append(self.request(turn))
                turn += THREADS + 1
            return taken

        with ThreadPoolExecutor(THREADS) as pool:
            taken = [one for each in pool.map(serve, range(THREADS)) for one in each]
        over.set()
        return taken


def row(name: str, taken: list[float]) -> None:
    cuts = statistics.quantiles(taken, n=100)
    print(f"{name:34}{len(taken):9,}{cuts[49]:10.2f}{cuts[98]:10.2f}{max(taken):10.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=15, help="of each row")
    options = parser.parse_args()
    tokens = Tokens()
    print(f"{'milliseconds of a request':34}{'requests':>9}{'p50':>10}{'p99':>10}{'longest':>10}")
    for name, hang in (
        ("nothing hangs", None),
        ("the issuer hangs", "issuer"),
        ("KMS hangs for one tenant", "kms:tenant-slow"),
        ("KMS hangs, cached requests", "kms"),
        ("STS hangs", "sts"),
    ):
        with StubProcess(tokens.key_set) as stub:
            os.environ.update(stub.environment())
            row(name, measured(stub, tokens, hang, options.seconds))


def measured(stub: StubProcess, tokens: Tokens, hang: str | None, seconds: float) -> list[float]:
    """Milliseconds of each request, while `hang` hangs."""
    settings = TenantKeys.from_environment({"TENANT_KEYS_CONFIG": json.dumps(SETTINGS)})._settings
    verifier = TokenVerifier(issuer=ISSUER, audience=AUDIENCE, keys=f"{stub.address}/jwks.json")
    keys = TenantKeys(settings, verifier=verifier)
    course = Course(keys, tokens)
    if hang == "sts":
        stub.hang(None, session_seconds=int(seconds * 1.6))  # renewed from the half on
    for turn in range(len(TENANTS)):
        course.request(turn)
    keys.tenant_without_token("slow").encrypt(b"x", name="n")

    def seal(tenant: str, number: int) -> object:
        return keys.tenant_without_token(tenant).encrypt(b"x", name="n", context={"n": str(number)})

    provokers: dict[str | None, Callable[[int], object]] = {
        "issuer": lambda number: keys.tenant(tokens.of("t0", f"invented-{number}")),
        "kms:tenant-slow": lambda number: seal("slow", number),
        "kms": lambda number: seal(TENANTS[number % len(TENANTS)], number),
        "sts": lambda number: seal(f"cold{number}", number),
    }
    course.cached_only = hang == "kms"
    if hang == "issuer":
        time.sleep(31)  # no unknown key causes a fetch sooner after the last one
    stub.hang(hang)
    taken = course.run(seconds, provokers.get(hang, lambda _: None))
    stub.hang(None)
    return taken


if __name__ == "__main__":
    main()
