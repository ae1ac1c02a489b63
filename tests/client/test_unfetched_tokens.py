"""Tokens that cause no fetch of the issuer's keys: malformed, or addressed to somebody else."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from tenant_keys.client import (
    IssuerKeys,
    TokenError,
    TokenRefused,
    TokenVerifier,
)
from tests.client.clock import Clock
from tests.client.issuer import Issuer, part
from tests.client.raw_server import RawServer, whole
from tests.work import eventually

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
