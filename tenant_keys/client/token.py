"""Which tenant is speaking: read from a token whose signature, issuer, audience and times have been checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import jwt

from tenant_keys.client.errors import ConfigurationError, ServiceUnavailable, TokenExpired, TokenRefused, UnknownTenant
from tenant_keys.client.tenant_id import check_tenant_id

ALGORITHMS: Final = ("RS256", "ES256")
"""Asymmetric alone, and never what the token asks for: with HS256 the public key would be the secret."""

SESSION_TAG_CLAIM: Final = ("https://aws.amazon.com/tags", "principal_tags", "tenant_id")
"""Where STS reads the session tag in web-identity mode (IAM guide, id_session-tags)."""

REQUIRED: Final = ["exp", "iat", "sub", "aud", "iss"]
LEEWAY: Final = 5
"""Seconds that clocks may differ."""
JWKS_LIFESPAN: Final = 300
"""Seconds that the issuer's keys are cached."""
JWKS_TIMEOUT: Final = 5
"""Seconds."""
MAX_TOKEN: Final = 20_000
"""Characters (STS API reference, AssumeRoleWithWebIdentity, WebIdentityToken)."""


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """What a token proved, and until when (seconds since the epoch)."""

    tenant_id: str
    expires_at: float
    token: str = field(repr=False)


class TokenVerifier:
    """`keys` is the issuer's JWKS: its https address, fetched and cached, or the document itself.

    `claim` is the path to the tenant's id inside the claims; its value is a string, or a list of exactly one.
    Nothing in a token's header chooses a key but `kid`, among the issuer's own: `jku`, `x5u` and `jwk` are ignored.
    """

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        keys: str | Mapping[str, Any],
        claim: tuple[str, ...] = ("tenant_id",),
    ) -> None:
        if not issuer or not audience or not claim:
            raise ConfigurationError("issuer, audience and claim must not be empty")
        self._issuer, self._audience, self.claim = issuer, audience, claim
        self._remote = _remote(keys) if isinstance(keys, str) else None
        self._given = None if isinstance(keys, str) else _given(keys)

    def verify(self, token: str) -> VerifiedToken:
        """Raises `TokenExpired`, `TokenRefused`, or `ServiceUnavailable` if the issuer's keys cannot be fetched."""
        if not isinstance(token, str) or len(token) > MAX_TOKEN:
            raise TokenRefused("not a token, or a token longer than STS takes")
        try:
            claims = jwt.decode(
                token,
                self._key(token),
                algorithms=list(ALGORITHMS),
                issuer=self._issuer,
                audience=self._audience,
                leeway=LEEWAY,
                options={"require": REQUIRED, "enforce_minimum_key_length": True},
            )
            # The same leeway as above, or a token could be good enough to verify and too old to use.
            expires_at = float(claims["exp"]) + LEEWAY
        except jwt.ExpiredSignatureError as error:
            raise TokenExpired("the token has expired") from error
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as error:
            raise TokenRefused(f"the token was refused: {error}") from error
        return VerifiedToken(self._tenant_in(claims), expires_at, token)

    def _key(self, token: str) -> jwt.PyJWK:
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in ALGORITHMS:
            raise TokenRefused(f"algorithm {str(header.get('alg'))[:20]!r} is not one of {', '.join(ALGORITHMS)}")
        kid = header.get("kid")
        if not isinstance(kid, str):
            raise TokenRefused("the token names no key (kid)")
        if self._remote is not None:
            return _fetched(self._remote, kid)
        for key in self._given.keys if self._given else ():
            if key.key_id == kid and key.public_key_use in ("sig", None):
                return key
        raise TokenRefused("the token names a key that the issuer does not have")

    def _tenant_in(self, claims: Mapping[str, Any]) -> str:
        value: Any = claims
        for part in self.claim:
            value = value.get(part) if isinstance(value, Mapping) else None
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        try:
            return check_tenant_id(value)
        except UnknownTenant as error:
            raise TokenRefused(f"claim {' / '.join(self.claim)}: {error}") from error


def _remote(address: str) -> jwt.PyJWKClient:
    parts = urlsplit(address)
    local = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1")
    if parts.scheme != "https" and not local:
        raise ConfigurationError(f"the JWKS address must be https: got {address!r}")
    return jwt.PyJWKClient(address, lifespan=JWKS_LIFESPAN, timeout=JWKS_TIMEOUT)


def _given(keys: Mapping[str, Any]) -> jwt.PyJWKSet:
    try:
        return jwt.PyJWKSet.from_dict(dict(keys))
    except (jwt.PyJWTError, TypeError, ValueError) as error:
        raise ConfigurationError(f"keys: not a JWKS: {error}") from error


def _fetched(remote: jwt.PyJWKClient, kid: str) -> jwt.PyJWK:
    """Fetched anew where the issuer has rotated its keys, at most every 30 s: unknown ids must not hammer it."""
    try:
        return remote.get_signing_key(kid)
    except jwt.PyJWKClientConnectionError as error:
        raise ServiceUnavailable("the issuer's JWKS could not be fetched") from error
    except (jwt.PyJWTError, ValueError) as error:
        # Nothing that could be kept has come from the issuer: its fault, not the token's.
        if remote.jwk_set_cache is None or remote.jwk_set_cache.get() is None:
            raise ServiceUnavailable("what the issuer answers is no JWKS") from error
        raise


def verifier_from_environment(environ: Mapping[str, str], *, web_identity: bool) -> TokenVerifier | None:
    """From TENANT_KEYS_ISSUER, _AUDIENCE, _JWKS_URL and _CLAIM; None where no issuer is named."""
    issuer = environ.get("TENANT_KEYS_ISSUER")
    if not issuer:
        return None
    audience = environ.get("TENANT_KEYS_AUDIENCE")
    if not audience:
        raise ConfigurationError("TENANT_KEYS_AUDIENCE is missing: without it another service's token would do")
    claim = SESSION_TAG_CLAIM if web_identity else (environ.get("TENANT_KEYS_CLAIM") or "tenant_id",)
    keys = environ.get("TENANT_KEYS_JWKS_URL") or f"{issuer.rstrip('/')}/.well-known/jwks.json"
    return TokenVerifier(issuer=issuer, audience=audience, keys=keys, claim=claim)
