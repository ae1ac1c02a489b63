"""A token proves a tenant, or is refused; nothing in it chooses how it is checked."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import jwt
import pytest

from tenant_keys.client import ConfigurationError, ServiceUnavailable, TokenExpired, TokenRefused, TokenVerifier
from tenant_keys.client.token import SESSION_TAG_CLAIM, verifier_from_environment
from tests.client.issuer import Issuer


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_a_good_token_names_its_tenant(issuer: Issuer) -> None:
    assert issuer.verifier().verify(issuer.token("acme")).tenant_id == "acme"
    tagged = issuer.verifier(claim=SESSION_TAG_CLAIM).verify(issuer.token("globex"))
    assert tagged.tenant_id == "globex"


def test_the_token_stands_in_no_repr(issuer: Issuer) -> None:
    token = issuer.token()
    assert token not in repr(issuer.verifier().verify(token))


def test_alg_none_is_refused(issuer: Issuer) -> None:
    for alg in ("none", "None", "NONE"):
        token = f"{part({'alg': alg, 'kid': 'k1', 'typ': 'JWT'})}.{part(issuer.claims())}."
        with pytest.raises(TokenRefused):
            issuer.verifier().verify(token)


def test_hs256_keyed_with_the_public_key_is_refused(issuer: Issuer) -> None:
    signed = f"{part({'alg': 'HS256', 'kid': 'k1', 'typ': 'JWT'})}.{part(issuer.claims())}"
    mac = hmac.new(issuer.public_pem, signed.encode(), hashlib.sha256).digest()
    with pytest.raises(TokenRefused):
        issuer.verifier().verify(f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}")


def test_a_key_of_the_attackers_is_refused(issuer: Issuer) -> None:
    with pytest.raises(TokenRefused):
        issuer.verifier().verify(Issuer().token())


def test_an_edited_claim_is_refused(issuer: Issuer) -> None:
    header, _, signature = issuer.token("acme").split(".")
    with pytest.raises(TokenRefused):
        issuer.verifier().verify(f"{header}.{part(issuer.claims('globex'))}.{signature}")


def test_an_expired_token_is_refused_by_its_own_name(issuer: Issuer) -> None:
    with pytest.raises(TokenExpired):
        issuer.verifier().verify(issuer.token(lives=-10))


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "another-api"},
        {"aud": None},
        {"iss": "https://evil.example.com"},
        {"iss": None},
        {"exp": None},
        {"iat": None},
        {"sub": None},
        {"sub": 7},
        {"iat": 4_000_000_000},
        {"nbf": 4_000_000_000},
    ],
    ids=str,
)
def test_a_claim_missing_or_for_somebody_else_is_refused(issuer: Issuer, change: dict[str, Any]) -> None:
    with pytest.raises(TokenRefused):
        issuer.verifier().verify(jwt.encode(issuer.claims(**change), issuer._key, "RS256", headers={"kid": "k1"}))


@pytest.mark.parametrize(
    "tenant", ["*", "a/../b", "a\n", "", None, 7, ["acme", "globex"], [], {"a": "b"}, "A"], ids=str
)
def test_a_tenant_that_is_no_tenant_id_is_refused(issuer: Issuer, tenant: object) -> None:
    with pytest.raises(TokenRefused):
        issuer.verifier().verify(issuer.token(tenant))


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é", "x" * 30_000, None, b"x"], ids=lambda t: str(t)[:9])
def test_what_is_no_token_is_refused(issuer: Issuer, token: Any) -> None:
    with pytest.raises(TokenRefused):
        issuer.verifier().verify(token)


class Jwks:
    def __init__(self, document: dict[str, Any]) -> None:
        self.fetches = 0
        jwks = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                jwks.fetches += 1
                body = json.dumps(document).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/jwks.json"
        Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def jwks(issuer: Issuer) -> Iterator[Jwks]:
    server = Jwks(issuer.jwks)
    yield server
    server.server.shutdown()
    server.server.server_close()


def test_the_issuers_keys_are_fetched_once_for_many_tokens(issuer: Issuer, jwks: Jwks) -> None:
    verifier = issuer.verifier(keys=jwks.address)
    assert {verifier.verify(issuer.token()).tenant_id for _ in range(20)} == {"acme"}
    assert jwks.fetches == 1


def test_tokens_of_unknown_keys_cannot_make_us_hammer_the_issuer(issuer: Issuer, jwks: Jwks) -> None:
    verifier = issuer.verifier(keys=jwks.address)
    for number in range(20):
        token = jwt.encode(issuer.claims(), issuer._key, "RS256", headers={"kid": f"unknown-{number}"})
        with pytest.raises(TokenRefused):
            verifier.verify(token)
    assert jwks.fetches <= 2


def test_an_issuer_that_is_down_is_no_refusal(issuer: Issuer) -> None:
    with pytest.raises(ServiceUnavailable):
        issuer.verifier(keys="http://127.0.0.1:9/jwks.json").verify(issuer.token())


def test_keys_are_not_fetched_in_the_clear() -> None:
    with pytest.raises(ConfigurationError):
        TokenVerifier(issuer="i", audience="a", keys="http://idp.example.com/jwks.json")
    with pytest.raises(ConfigurationError):
        TokenVerifier(issuer="i", audience="a", keys="file:///etc/passwd")


def test_an_issuer_without_an_audience_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="AUDIENCE"):
        verifier_from_environment({"TENANT_KEYS_ISSUER": "https://idp.example.com"}, web_identity=False)
    assert verifier_from_environment({}, web_identity=False) is None
