"""Texts that are no token, or another spelling of one."""

from __future__ import annotations

import base64
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_keys.client import (
    TokenRefused,
    TokenVerifier,
)
from tests.client.issuer import Issuer, part


@pytest.fixture(scope="module")
def verifier(issuer: Issuer) -> TokenVerifier:
    return issuer.verifier()


DEEP = base64.urlsafe_b64encode(b"[" * 14_000).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "token",
    ["", "x", "a.b.c", "é", "\ud800", "x" * 30_000, "." * 20_000, f"{DEEP}.e30.", None, b"x"],
    ids=lambda t: repr(t)[:9],
)
def test_what_is_no_token_is_refused(issuer: Issuer, token: Any) -> None:
    with pytest.raises(TokenRefused):
        issuer.verifier().verify(token)


@given(text=st.text(alphabet=st.characters(), max_size=200) | st.from_regex(r"[\w-]{0,40}\.[\w-]{0,40}\.[\w-]{0,9}"))
def test_no_text_at_all_is_a_token_or_a_crash(verifier: TokenVerifier, text: str) -> None:
    with pytest.raises(TokenRefused):
        verifier.verify(text)


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_token_can_be_written_in_one_way_alone(issuer: Issuer, part: int) -> None:
    """The last character of base64 has bits that mean nothing, and a lenient reader takes four tokens for one."""
    verifier, claims, wrong = issuer.verifier(), issuer.claims(), []
    for padding in range(3):
        token = jwt.encode(
            claims | {"jti": "x" * padding}, issuer._key, "RS256", headers={"kid": "k1", "n": padding * "x"}
        )
        parts = token.split(".")
        if len(parts[part]) % 4:
            letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
            parts[part] = parts[part][:-1] + letters[letters.index(parts[part][-1]) + 1]
            wrong.append(".".join(parts))
        assert verifier.verify(token)
    assert wrong
    for token in wrong:
        with pytest.raises(TokenRefused):
            verifier.verify(token)


@pytest.mark.parametrize("header", [{"b64": False}, {"b64": True}, {"crit": ["b64"], "b64": False}], ids=str)
def test_an_unencoded_payload_is_refused(issuer: Issuer, header: dict[str, Any]) -> None:
    signed = f"{part({'alg': 'RS256', 'kid': 'k1'} | header)}.{part(issuer.claims())}"
    rs256 = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256)
    signature = base64.urlsafe_b64encode(rs256.sign(signed.encode(), issuer._key)).rstrip(b"=").decode()
    with pytest.raises(TokenRefused, match="b64"):
        issuer.verifier().verify(f"{signed}.{signature}")


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ({"alg": "HS256"}, "algorithm 'HS256' is not one of RS256, ES256"),
        ({"alg": "x" * 30}, f"algorithm '{'x' * 20}' is not one of RS256, ES256"),
        ({"typ": "logout+jwt"}, "type (typ) 'logout+jwt' is not one of jwt, at+jwt"),
        ({"typ": 1}, "type (typ) '1' is not one of jwt, at+jwt"),
        ({"kid": ""}, "the token names no key: kid must be 1 to 256 printable ASCII characters"),
        (
            {"crit": ["exp"]},
            "the token has a critical header (crit) or an unencoded payload (b64), neither of which is supported",
        ),
    ],
)
def test_a_refused_header_is_named_with_what_it_has_and_what_is_allowed(
    issuer: Issuer, header: dict[str, Any], why: str
) -> None:
    with pytest.raises(TokenRefused) as refused:
        issuer.verifier().verify(f"{part({'alg': 'RS256', 'kid': 'k1'} | header)}.{part(issuer.claims())}.AA")
    assert str(refused.value) == why
