"""A token proves a tenant, or is refused; nothing in it chooses how it is checked."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.warnings import InsecureKeyLengthWarning

from tenant_keys.client import (
    ConfigurationError,
    Issuers,
    ServiceUnavailable,
    TokenExpired,
    TokenRefused,
    TokenVerifier,
)
from tenant_keys.client.token import SESSION_TAG_CLAIM, verifier_from_environment
from tests.client.issuer import Issuer, part


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


@pytest.mark.parametrize("kid", ["k1", "theirs", "../../dev/null", "' OR 1=1", ""])
def test_no_header_brings_a_key_of_its_own(issuer: Issuer, jwks: Jwks, kid: str) -> None:
    """`jku`, `x5u`, `jwk` and `x5c` say where a key is; only the issuer's JWKS is asked."""
    attacker = Issuer()
    theirs = Jwks({"keys": [attacker.jwks["keys"][0] | {"kid": kid or "k1"}]})
    headers = {"kid": kid, "jku": theirs.address, "x5u": theirs.address, "jwk": attacker.jwks["keys"][0], "x5c": ["AA"]}
    token = jwt.encode(attacker.claims("globex"), attacker._key, "RS256", headers=headers)
    for verifier in (issuer.verifier(), issuer.verifier(keys=jwks.address)):
        with pytest.raises(TokenRefused):
            verifier.verify(token)
    assert theirs.fetches == 0
    theirs.stop()


@pytest.mark.parametrize(
    "header", [{"alg": "PS256"}, {"alg": "ES256"}, {"alg": "RS512"}, {"alg": ["RS256"]}, {}], ids=str
)
def test_the_algorithm_is_the_keys_and_on_our_list(issuer: Issuer, header: dict[str, Any]) -> None:
    with pytest.raises(TokenRefused):
        issuer.verifier().verify(f"{part({'kid': 'k1'} | header)}.{part(issuer.claims())}.AAAA")


@pytest.mark.parametrize("change", [{"alg": "RS512"}, {"use": "enc"}, {"kid": "another"}], ids=str)
def test_a_key_for_something_else_verifies_nothing(issuer: Issuer, change: dict[str, str]) -> None:
    verifier = issuer.verifier(keys={"keys": [issuer.jwks["keys"][0] | change]})
    with pytest.raises(TokenRefused):
        verifier.verify(issuer.token())


def test_a_short_rsa_key_is_refused() -> None:
    weak = Issuer(bits=1024)
    with pytest.raises(TokenRefused), pytest.warns(InsecureKeyLengthWarning):
        weak.verifier().verify(weak.token())


def test_a_critical_header_that_nobody_understands_is_refused(issuer: Issuer) -> None:
    token = jwt.encode(issuer.claims(), issuer._key, "RS256", headers={"kid": "k1", "crit": ["exp2"], "exp2": 1})
    with pytest.raises(TokenRefused):
        issuer.verifier().verify(token)


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
        {"jti": 7},
        {"iat": 4_000_000_000},
        {"nbf": 4_000_000_000},
        {"nbf": "soon"},
        {"exp": "never"},
        {"exp": 10**400},
        {"exp": float("inf")},
        {"aud": ["another-api"]},
        {"aud": []},
        {"aud": {"orders-api": True}},
        {"iss": ["https://idp.example.com"]},
        {"iss": "https://idp.example.com/"},
    ],
    ids=str,
)
def test_a_claim_missing_or_for_somebody_else_is_refused(issuer: Issuer, change: dict[str, Any]) -> None:
    claims = json.dumps(issuer.claims(**change)).encode()
    token = jwt.api_jws.encode(claims, issuer._key, "RS256", headers={"kid": "k1"})
    with pytest.raises(TokenRefused):
        issuer.verifier().verify(token)


@pytest.mark.parametrize(
    "tenant", ["*", "a/../b", "a\n", "", None, 7, ["acme", "globex"], [], {"a": "b"}, "A"], ids=str
)
def test_a_tenant_that_is_no_tenant_id_is_refused(issuer: Issuer, tenant: object) -> None:
    with pytest.raises(TokenRefused):
        issuer.verifier().verify(issuer.token(tenant))


def test_clocks_may_differ_by_five_seconds(issuer: Issuer) -> None:
    now = int(time.time())
    assert issuer.verifier().verify(issuer.token(lives=-3))
    assert issuer.verifier().verify(issuer.token(nbf=now + 3, iat=now + 3))
    for change in ({"nbf": now + 30}, {"iat": now + 30}):
        with pytest.raises(TokenRefused):
            issuer.verifier().verify(issuer.token(**change))


@pytest.mark.parametrize("typ", ["JWT", "jwt", "at+jwt", "application/at+jwt", "application/AT+JWT"])
def test_a_type_for_access_is_taken(issuer: Issuer, typ: str) -> None:
    token = jwt.encode(issuer.claims(), issuer._key, "RS256", headers={"kid": "k1", "typ": typ})
    assert issuer.verifier().verify(token).tenant_id == "acme"


@pytest.mark.parametrize("typ", ["logout+jwt", "dpop+jwt", "secevent+jwt", "jwt\n", "JOSE", "", 1, None])
def test_a_type_for_something_else_is_refused(issuer: Issuer, typ: object) -> None:
    claims = json.dumps(issuer.claims()).encode()
    header = base64.urlsafe_b64encode(json.dumps({"alg": "RS256", "kid": "k1", "typ": typ}).encode()).rstrip(b"=")
    body = base64.urlsafe_b64encode(claims).rstrip(b"=")
    signature = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256).sign(header + b"." + body, issuer._key)
    token = b".".join([header, body, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()
    with pytest.raises(TokenRefused, match="typ"):
        issuer.verifier().verify(token)


@pytest.mark.parametrize("name", ["tenant_id", "tenant\\u005fid", "exp", "iss"])
def test_a_name_that_occurs_twice_is_refused_though_it_is_signed(issuer: Issuer, name: str) -> None:
    """Two readers of the token could each take another of the two; STS is one of them."""
    claims = json.dumps(issuer.claims())[:-1] + f', "{name}": "globex"}}'
    token = jwt.api_jws.encode(claims.encode(), issuer._key, "RS256", headers={"kid": "k1"})
    with pytest.raises(TokenRefused, match="unique"):
        issuer.verifier().verify(token)


def test_a_token_lives_a_day_at_most_or_less_if_we_say_so(issuer: Issuer) -> None:
    assert issuer.verifier().verify(issuer.token(lives=86_000))
    for verifier, lives in ((issuer.verifier(), 87_000), (issuer.verifier(max_life=60), 100)):
        with pytest.raises(TokenRefused, match="lifetime exceeds"):
            verifier.verify(issuer.token(lives=lives))
    for max_life in (0, -1, 86_401, float("nan")):
        with pytest.raises(ConfigurationError, match="max_life"):
            issuer.verifier(max_life=max_life)


def test_no_error_behind_a_refusal_carries_the_tokens_text(issuer: Issuer) -> None:
    claims = b'{"secret-claim": "PERSONAL", '
    token = jwt.api_jws.encode(claims, issuer._key, "RS256", headers={"kid": "k1"})
    with pytest.raises(TokenRefused) as caught:
        issuer.verifier().verify(token)
    error: BaseException | None = caught.value
    while error is not None:
        assert "PERSONAL" not in repr(vars(error)) + repr(error.args) + str(getattr(error, "doc", ""))
        error = error.__cause__ or error.__context__


class Customer(Issuer):
    """A customer's own identity provider, with the same kid as ours."""

    url = "https://login.initech.example"


def test_each_of_several_issuers_speaks_with_its_own_keys_and_for_its_own_tenants(issuer: Issuer) -> None:
    theirs = Customer()
    both = Issuers(
        issuer.verifier(),
        TokenVerifier(issuer=theirs.url, audience=theirs.audience, keys=theirs.jwks, tenants={"initech"}),
    )
    assert both.verify(issuer.token("acme")).tenant_id == "acme"
    assert both.verify(issuer.token("initech")).tenant_id == "initech"
    assert both.verify(theirs.token("initech")).tenant_id == "initech"
    named_ours = jwt.encode(issuer.claims("acme"), theirs._key, "RS256", headers={"kid": "k1"})
    named_theirs = jwt.encode(theirs.claims("initech"), issuer._key, "RS256", headers={"kid": "k1"})
    for token in (theirs.token("acme"), named_ours, named_theirs, issuer.token(iss="https://another.example")):
        with pytest.raises(TokenRefused):
            both.verify(token)


def test_several_issuers_are_each_given_once(issuer: Issuer) -> None:
    for verifiers in ((), (issuer.verifier(), issuer.verifier())):
        with pytest.raises(ConfigurationError, match="issuers"):
            Issuers(*verifiers)
    with pytest.raises(ConfigurationError, match="tenants"):
        issuer.verifier(tenants="acme")
    with pytest.raises(TokenRefused, match="may not issue tokens"):
        issuer.verifier(tenants=[]).verify(issuer.token("acme"))


def test_a_key_on_another_curve_than_its_algorithm_verifies_nothing(issuer: Issuer) -> None:
    private = ec.generate_private_key(ec.SECP384R1())
    jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(private.public_key())) | {"kid": "k1", "alg": "ES256"}
    signed = f"{part({'alg': 'ES256', 'kid': 'k1'})}.{part(issuer.claims())}"
    signature = jwt.algorithms.ECAlgorithm(jwt.algorithms.ECAlgorithm.SHA256).sign(signed.encode(), private)
    token = f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
    with pytest.raises(TokenRefused, match="curve"):
        issuer.verifier(keys={"keys": [jwk]}).verify(token)


class Jwks:
    """An issuer's address; `document` may be changed, and bytes are served as they are."""

    def __init__(self, document: dict[str, Any] | bytes) -> None:
        self.fetches = 0
        self.document = document
        self.status = 200
        jwks = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                jwks.fetches += 1
                served = jwks.document
                body = served if isinstance(served, bytes) else json.dumps(served).encode()
                self.send_response(jwks.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/jwks.json"
        Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def jwks(issuer: Issuer) -> Iterator[Jwks]:
    server = Jwks(issuer.jwks)
    yield server
    server.stop()


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


def test_a_rotated_key_is_fetched_and_the_withdrawn_one_is_forgotten(
    issuer: Issuer, jwks: Jwks, monkeypatch: pytest.MonkeyPatch
) -> None:
    steady, passed = time.monotonic, [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: steady() + passed[0])
    verifier = issuer.verifier(keys=jwks.address)
    verifier.verify(issuer.token())
    rotated = Issuer()
    new = rotated.jwks["keys"][0] | {"kid": "k2"}
    token = jwt.encode(rotated.claims("globex"), rotated._key, "RS256", headers={"kid": "k2"})
    jwks.document = {"keys": [new, *issuer.jwks["keys"]]}
    passed[0] = 31
    assert verifier.verify(token).tenant_id == "globex"
    assert verifier.verify(issuer.token()).tenant_id == "acme"
    jwks.document = {"keys": [new]}
    passed[0] = 31 + 301
    assert verifier.verify(token).tenant_id == "globex"
    with pytest.raises(TokenRefused):
        verifier.verify(issuer.token())


@pytest.mark.parametrize("document", [b"", b"<html>", b"[]", b"{}", b'{"keys": []}', b'{"keys": [{"kty": "x"}]}'])
def test_what_is_no_jwks_is_the_issuers_fault_and_no_refusal(issuer: Issuer, jwks: Jwks, document: bytes) -> None:
    jwks.document = document
    with pytest.raises(ServiceUnavailable):
        issuer.verifier(keys=jwks.address).verify(issuer.token())


def test_keys_stay_good_through_a_short_outage_and_not_through_a_long_one(
    issuer: Issuer, jwks: Jwks, monkeypatch: pytest.MonkeyPatch
) -> None:
    steady, passed = time.monotonic, [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: steady() + passed[0])
    verifier = issuer.verifier(keys=jwks.address)
    verifier.verify(issuer.token())
    jwks.status = 503
    passed[0] = 200
    assert verifier.verify(issuer.token())
    passed[0] = 301
    with pytest.raises(ServiceUnavailable):
        verifier.verify(issuer.token())


def test_the_jwks_is_not_looked_for_where_somebody_redirects_to(issuer: Issuer) -> None:
    elsewhere = Jwks(issuer.jwks)
    redirecting = HTTPServer(("127.0.0.1", 0), _redirect_to(elsewhere.address))
    Thread(target=redirecting.serve_forever, args=(0.01,), daemon=True).start()
    with pytest.raises(ServiceUnavailable):
        issuer.verifier(keys=f"http://127.0.0.1:{redirecting.server_port}/").verify(issuer.token())
    assert elsewhere.fetches == 0
    redirecting.shutdown()
    redirecting.server_close()
    elsewhere.stop()


def _redirect_to(address: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", address)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    return Handler


def test_given_keys_that_are_no_jwks_are_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="JWKS"):
        TokenVerifier(issuer="i", audience="a", keys={"keys": []})


def test_an_issuer_that_is_down_is_no_refusal(issuer: Issuer) -> None:
    with pytest.raises(ServiceUnavailable):
        issuer.verifier(keys="http://127.0.0.1:9/jwks.json").verify(issuer.token())


def test_keys_are_not_fetched_in_the_clear() -> None:
    with pytest.raises(ConfigurationError):
        TokenVerifier(issuer="i", audience="a", keys="http://idp.example.com/jwks.json")
    with pytest.raises(ConfigurationError):
        TokenVerifier(issuer="i", audience="a", keys="file:///etc/passwd")
    for scheme in ("file", "ftp", "data"):
        with pytest.raises(ConfigurationError):
            TokenVerifier(issuer="i", audience="a", keys=f"{scheme}://localhost/etc/passwd")


def test_an_issuer_without_an_audience_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="AUDIENCE"):
        verifier_from_environment({"TENANT_KEYS_ISSUER": "https://idp.example.com"}, web_identity=False)
    assert verifier_from_environment({}, web_identity=False) is None
