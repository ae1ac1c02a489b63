"""An issuer's public keys: fetched by one thread at a time, which no token with a known key waits for."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import jwt

from tenant_keys.client.errors import ConfigurationError, ServiceUnavailable, TenantKeysError, TokenRefused
from tenant_keys.client.events import Event
from tenant_keys.client.fetch import check_address, check_headers, check_proxy, fetch
from tenant_keys.client.flight import Flight, Steps, own_copy
from tenant_keys.client.instant import Instant

GOOD_FOR: Final = 300
"""Seconds that keys are used after the fetch that brought them began: a withdrawn key is forgotten by then."""
REFRESH_AFTER: Final = 150
"""Seconds after which the next token has them fetched anew, beside the work."""
PAUSE: Final = 30
"""Seconds between two fetches, whether they succeed or fail: unknown key ids must not hammer the issuer."""
FIRST_PAUSE: Final = 5
"""Seconds until a failed fetch is tried again while there are no keys; twice as many after each failure, to `PAUSE`."""
FETCH_TIMEOUT: Final = 5
"""Seconds of a whole fetch."""


class KeySet:
    """The keys of a JWKS that are for signatures."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Raises `ValueError` or `jwt.PyJWTError` where the document is no JWKS."""
        if not isinstance(document, Mapping):
            raise ValueError("not an object")
        found = jwt.PyJWKSet.from_dict(dict(document)).keys
        self._keys = [(key, _weakness(key)) for key in found if key.public_key_use in ("sig", None)]

    def find(self, kid: str, alg: str) -> jwt.PyJWK | None:
        """The key of this id. One that is weak or for another algorithm is refused: a fetch would bring no other."""
        named = False
        for key, weakness in self._keys:
            if key.key_id != kid:
                continue
            named = True
            if key.algorithm_name == alg:
                if weakness is not None:
                    raise TokenRefused(f"the key that the token names is rejected: {weakness}")
                return key
        if named:
            raise TokenRefused("the token's algorithm differs from that of the key it names")
        return None


def _weakness(key: jwt.PyJWK) -> str | None:
    """Why nothing is verified with a key: it is too short, or on another curve than its algorithm."""
    try:
        return key.Algorithm.check_key_length(key.Algorithm.prepare_key(key.key))
    except (jwt.PyJWTError, TypeError, ValueError, AttributeError) as error:
        return str(error)


class GivenKeys:
    """A JWKS that is handed over and never changes."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        try:
            self._keys = KeySet(document)
        except (jwt.PyJWTError, TypeError, ValueError, AttributeError) as error:
            raise ConfigurationError(f"keys: not a JWKS: {error}") from error

    def known(self, kid: str, alg: str) -> jwt.PyJWK | None:
        return self._keys.find(kid, alg)

    def steps(self, _kid: str, _alg: str) -> Steps[jwt.PyJWK]:
        """Raises `TokenRefused`: there is no issuer to ask for a key that is not known."""
        raise _unknown()
        yield  # a generator, like that of `IssuerKeys`

    def keep_fresh(self) -> None:
        """Nothing to do."""


@dataclass(frozen=True, slots=True)
class _Held:
    keys: KeySet
    since: Instant


class IssuerKeys:
    """The JWKS at an https address. Thread-safe; one an issuer.

    `headers` are added to the request, or replace its `User-Agent`. `proxy`: `http://[user:password@]host:port`;
    without it HTTPS_PROXY and NO_PROXY hold.
    """

    def __init__(self, address: str, *, headers: Mapping[str, str] | None = None, proxy: str | None = None) -> None:
        check_address(address)
        check_proxy(proxy)
        check_headers(headers or {})
        self.address, self._proxy = address, proxy
        self._headers = {"User-Agent": _user_agent(), "Accept": "application/json", **(headers or {})}
        self._lock = threading.Lock()
        self._held: _Held | None = None
        self._flight: Flight[KeySet] | None = None
        self._thread: threading.Thread | None = None
        self._asked: Instant | None = None
        self._failures = 0
        self._failure: TenantKeysError | None = None

    def known(self, kid: str, alg: str) -> jwt.PyJWK | None:
        """The issuer's key of this id, if it is held and still good; asks no issuer."""
        held = self._held
        return held.keys.find(kid, alg) if held is not None and held.since.within(GOOD_FOR) else None

    def keep_fresh(self) -> None:
        """Has keys that have grown old fetched beside the work."""
        held = self._held
        if held is not None and not held.since.within(REFRESH_AFTER):
            self._fetch()

    def steps(self, kid: str, alg: str) -> Steps[jwt.PyJWK]:
        """The issuer's key of an id that is not known: fetched.

        Raises:
            TokenRefused: the issuer has no such key, or has it for another algorithm.
            ServiceUnavailable: the key is not known, and the issuer cannot be asked.
        """
        flight = self._fetch()
        if flight is None:
            if (key := self.known(kid, alg)) is not None:  # it has arrived meanwhile
                return key
            if self._failure is not None:
                raise own_copy(self._failure)
            raise _unknown()
        keys: KeySet = yield flight
        if (key := keys.find(kid, alg)) is None:
            raise _unknown()
        return key

    def _fetch(self) -> Flight[KeySet] | None:
        """The fetch under way, or a new one; None if the issuer must not be asked now."""
        with self._lock:
            flight = self._flight
            if flight is not None and not flight.done() and self._thread is not None and self._thread.is_alive():
                if not flight.overdue():
                    return flight
                # Nothing has cut it off, such as a name server that does not answer. Another one would hang beside it.
                self._failure = ServiceUnavailable(f"{self.address}: the last fetch has not ended yet")
                return None
            if self._asked is not None and self._asked.age() < self._pause():
                return None
            flight = self._flight = Flight(f"the issuer's keys at {self.address}", FETCH_TIMEOUT + 1)
            self._asked = Instant.now()
            self._thread = threading.Thread(target=flight.run, args=(self._ask,), name="tenant-keys-jwks", daemon=True)
            self._thread.start()
            return flight

    def _pause(self) -> float:
        """Seconds. Keys that are still good can wait; without any, the first tries follow each other sooner."""
        if self._failures == 0 or (self._held is not None and self._held.since.age() < GOOD_FOR):
            return PAUSE
        return float(min(PAUSE, FIRST_PAUSE * 2 ** min(self._failures - 1, 8)))

    def _ask(self, _events: list[Event]) -> KeySet:
        since, failure = Instant.now(), None
        try:
            body = fetch(self.address, headers=self._headers, proxy=self._proxy, timeout=FETCH_TIMEOUT)
            keys = KeySet(json.loads(body))
        except TenantKeysError as error:
            failure = error
        except (jwt.PyJWTError, ValueError, TypeError, AttributeError, RecursionError):
            failure = ServiceUnavailable(f"{self.address}: the issuer's response is not a JWKS")
        with self._lock:
            self._asked = Instant.now()
            self._failure = failure
            if failure is None:
                self._failures, self._held = 0, _Held(keys, since)
                return keys
            self._failures += 1
        raise failure


def _unknown() -> TokenRefused:
    return TokenRefused("the token names a key that the issuer does not publish")


def _user_agent() -> str:
    try:
        return f"tenant-keys-client/{version('tenant-keys-client')}"
    except PackageNotFoundError:  # a checkout
        return "tenant-keys-client"
