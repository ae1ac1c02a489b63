"""A token's header and claims before anything is verified: well-formed, or refused. No message quotes the token raw."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from tenant_keys.client.errors import TokenRefused
from tenant_keys.client.printable import printable

ALGORITHMS: Final = ("RS256", "ES256")
"""Asymmetric alone, and never what the token asks for: with HS256 the public key would be the secret."""

TYPES: Final = ("jwt", "at+jwt")
"""`typ`, where there is one: RFC 7519 section 5.1 and RFC 9068. Others are for something else: logout+jwt, dpop+jwt."""

MAX_TOKEN: Final = 20_000
"""Characters (STS API reference, AssumeRoleWithWebIdentity, WebIdentityToken)."""

_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\Z")
_KEY_ID = re.compile(r"[\x20-\x7e]{1,256}\Z")


@dataclass(frozen=True, slots=True)
class UnverifiedToken:
    """What a token says of itself."""

    algorithm: str
    key_id: str
    claims: dict[str, Any]


def read_token(token: object) -> UnverifiedToken:
    """Raises `TokenRefused` for whatever is no JWS in compact form, signed as we take it, with JSON objects inside."""
    if not isinstance(token, str) or len(token) > MAX_TOKEN:
        raise TokenRefused("not a token, or longer than STS accepts")
    parts = _COMPACT.match(token)
    if parts is None:
        raise TokenRefused("not a token: expected three parts in base64url, divided by dots")
    header, claims = _object("header", parts[1]), _object("claims", parts[2])
    algorithm, key_id = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        raise TokenRefused(f"algorithm {_quoted(algorithm)} is not one of {', '.join(ALGORITHMS)}")
    if not isinstance(key_id, str) or not _KEY_ID.match(key_id):
        raise TokenRefused("the token names no key: kid must be 1 to 256 printable ASCII characters")
    if "crit" in header or "b64" in header:  # RFC 7515 section 4.1.11, RFC 7797
        raise TokenRefused(
            "the token has a critical header (crit) or an unencoded payload (b64), neither of which is supported"
        )
    kind = header.get("typ", TYPES[0])
    if not isinstance(kind, str) or kind.lower().removeprefix("application/") not in TYPES:
        raise TokenRefused(f"type (typ) {_quoted(kind)} is not one of {', '.join(TYPES)}")
    if _decoded(parts[3]) is None:
        raise TokenRefused("the token's signature is not in base64url")
    return UnverifiedToken(algorithm, key_id, claims)


def _object(name: str, part: str) -> dict[str, Any]:
    """Not chained to the decoder's error, which carries the whole text."""
    raw = _decoded(part)
    try:
        found = None if raw is None else _JSON.decode(raw.decode())
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise TokenRefused(f"the token's {name} are not a JSON object with unique names")
    return found


def _decoded(part: str) -> bytes | None:
    """None unless the part is the one way to write these bytes: no bits are left over at its end (RFC 4648, 3.5)."""
    try:
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error:
        return None
    return raw if base64.urlsafe_b64encode(raw).rstrip(b"=") == part.encode() else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two readers of one token may each take another of two equal names, STS among them."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_JSON = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_number)


def _quoted(value: object) -> str:
    return f"'{printable(value, 20)}'"
