"""Which tenant is speaking: read from a token whose signature, issuer, audience and times have been checked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import jwt
from jwt.types import Options

from tenant_keys.client.deadline import Deadline
from tenant_keys.client.errors import ConfigurationError, TokenExpired, TokenRefused, UnknownTenant
from tenant_keys.client.flight import Steps, drive
from tenant_keys.client.issuer_keys import FETCH_TIMEOUT, GivenKeys, IssuerKeys
from tenant_keys.client.jwt_parts import ALGORITHMS, UnverifiedToken, read_token
from tenant_keys.client.printable import printable
from tenant_keys.client.tenant_id import check_tenant_id

SESSION_TAG_CLAIM: Final = ("https://aws.amazon.com/tags", "principal_tags", "tenant_id")
"""Where STS reads the session tag in web-identity mode (IAM guide, id_session-tags)."""

LEEWAY: Final = 5
"""Seconds that clocks may differ."""
MAX_LIFE: Final = 86_400
"""Seconds from `iat` to `exp`. A stolen token opens the tenant's data for as long."""


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """What a token proved, and until when (seconds since the epoch)."""

    tenant_id: str
    expires_at: float
    token: str = field(repr=False)


class Verifier(Protocol):
    """`TokenVerifier` for one issuer, `Issuers` for several."""

    @property
    def claims(self) -> frozenset[tuple[str, ...]]:
        """The paths at which it reads the tenant's id."""

    def steps(self, token: str) -> Steps[VerifiedToken]: ...
    def verify(self, token: str, *, timeout: float = ...) -> VerifiedToken: ...


class TokenVerifier:
    """`keys` is the issuer's JWKS: its https address, `IssuerKeys` with headers or a proxy, or the document itself.

    `claim` is the path to the tenant's id inside the claims; its value is a string, or a list of exactly one.
    `tenants`: those for which the issuer may speak; None for all. `max_life`: seconds from `iat` to `exp` at most.

    Nothing in a token's header chooses a key but `kid`, among the issuer's own: `jku`, `x5u` and `jwk` are ignored.
    """

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        keys: str | IssuerKeys | Mapping[str, Any],
        claim: tuple[str, ...] = ("tenant_id",),
        tenants: Collection[str] | None = None,
        max_life: float = MAX_LIFE,
    ) -> None:
        if not issuer or not audience or not claim:
            raise ConfigurationError("issuer, audience and claim must not be empty")
        if isinstance(tenants, str):
            raise ConfigurationError("tenants: got a string; expected a collection of tenant ids")
        if not 0 < max_life <= MAX_LIFE:
            raise ConfigurationError(f"max_life: got {max_life}; allowed are above 0 to {MAX_LIFE} seconds")
        self.issuer, self._audience, self.claim, self._max_life = issuer, audience, claim, max_life
        self._tenants = None if tenants is None else frozenset(map(check_tenant_id, tenants))
        remote = IssuerKeys(keys) if isinstance(keys, str) else keys
        self._keys: IssuerKeys | GivenKeys = remote if isinstance(remote, IssuerKeys) else GivenKeys(remote)

    @property
    def claims(self) -> frozenset[tuple[str, ...]]:
        return frozenset({self.claim})

    def verify(self, token: str, *, timeout: float = FETCH_TIMEOUT) -> VerifiedToken:
        """Raises `TokenExpired`, `TokenRefused`, or `ServiceUnavailable` if the issuer's keys cannot be fetched.

        `timeout`: seconds that it may wait for the issuer, where the token's key is not known yet.
        """
        return drive(self.steps(token), Deadline(timeout))

    def steps(self, token: str) -> Steps[VerifiedToken]:
        """All but the signature is checked before the issuer may be asked for an unknown key, and the signature too
        before keys that have grown old are fetched anew: no stranger causes a fetch.
        """
        return self.steps_of(token, read_token(token))

    def steps_of(self, token: str, unverified: UnverifiedToken) -> Steps[VerifiedToken]:
        key = self._keys.known(unverified.key_id, unverified.algorithm)
        if key is None:
            self._checked(token, unverified, None)
            key = yield from self._keys.steps(unverified.key_id, unverified.algorithm)
        tenant_id, expires_at = self._checked(token, unverified, key)
        self._keys.keep_fresh()
        return VerifiedToken(tenant_id, expires_at, token)

    def _checked(self, token: str, unverified: UnverifiedToken, key: jwt.PyJWK | None) -> tuple[str, float]:
        """The tenant and the end; without a key, by all that is not the signature."""
        problem: str | None = None
        expired = False
        try:
            jwt.decode(
                token,
                key or "",
                algorithms=list(ALGORITHMS),
                issuer=self.issuer,
                audience=self._audience,
                leeway=LEEWAY,
                options={**_ALL_CHECKS, "verify_signature": key is not None},
            )
            times = {name: _seconds(unverified.claims, name) for name in _TIMES if name in unverified.claims}
        except jwt.ExpiredSignatureError:
            expired = True
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as error:
            problem = printable(error)
        if expired:
            raise TokenExpired("the token has expired")
        if problem is not None:
            raise TokenRefused(f"the token was rejected: {problem}")
        if times["exp"] - times["iat"] > self._max_life:
            raise TokenRefused(f"the token's lifetime exceeds {self._max_life:g} s")
        # The same leeway as above, or a token could be good enough to verify and too old to use.
        return self._tenant_in(unverified.claims), times["exp"] + LEEWAY

    def _tenant_in(self, claims: Mapping[str, Any]) -> str:
        value: Any = claims
        for part in self.claim:
            value = value.get(part) if isinstance(value, Mapping) else None
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        try:
            tenant_id = check_tenant_id(value)
        except UnknownTenant as error:
            raise TokenRefused(f"claim {' / '.join(self.claim)}: {error}") from error
        if self._tenants is not None and tenant_id not in self._tenants:
            raise TokenRefused(
                f"claim {' / '.join(self.claim)}: this issuer may not issue tokens for tenant {tenant_id}"
            )
        return tenant_id


class Issuers:
    """Several issuers in one process: a token is verified by the verifier of the issuer that it names, and by no other.

    Each may speak for every tenant unless its verifier has `tenants`: give one to an issuer that a customer runs.
    """

    def __init__(self, *verifiers: TokenVerifier) -> None:
        self._by_issuer = {verifier.issuer: verifier for verifier in verifiers}
        if not verifiers or len(self._by_issuer) != len(verifiers):
            raise ConfigurationError("issuers: expected at least one verifier, and one for each issuer")

    @property
    def claims(self) -> frozenset[tuple[str, ...]]:
        return frozenset(verifier.claim for verifier in self._by_issuer.values())

    def verify(self, token: str, *, timeout: float = FETCH_TIMEOUT) -> VerifiedToken:
        """As `TokenVerifier.verify`."""
        return drive(self.steps(token), Deadline(timeout))

    def steps(self, token: str) -> Steps[VerifiedToken]:
        unverified = read_token(token)
        issuer = unverified.claims.get("iss")
        verifier = self._by_issuer.get(issuer) if isinstance(issuer, str) else None
        if verifier is None:
            raise TokenRefused("the token names an issuer that is not configured")
        return verifier.steps_of(token, unverified)


_TIMES: Final = ("iat", "nbf", "exp")
_ALL_CHECKS: Final[Options] = {
    "verify_exp": True,
    "verify_nbf": True,
    "verify_iat": True,
    "verify_aud": True,
    "verify_iss": True,
    "verify_sub": True,
    "verify_jti": True,
    "require": ["exp", "iat", "sub", "aud", "iss"],
    "enforce_minimum_key_length": True,
}


def _seconds(claims: Mapping[str, Any], name: str) -> float:
    """A time claim as a number: PyJWT also takes the text of one, STS does not."""
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} is not a number")
    return float(value)


def verifier_from_environment(environ: Mapping[str, str], *, web_identity: bool) -> TokenVerifier | None:
    """From TENANT_KEYS_ISSUER, _AUDIENCE, _JWKS_URL and _CLAIM; None where no issuer is named."""
    issuer = environ.get("TENANT_KEYS_ISSUER")
    if not issuer:
        return None
    audience = environ.get("TENANT_KEYS_AUDIENCE")
    if not audience:
        raise ConfigurationError(
            "TENANT_KEYS_AUDIENCE is missing: without it, tokens for another service would be accepted"
        )
    claim = SESSION_TAG_CLAIM if web_identity else (environ.get("TENANT_KEYS_CLAIM") or "tenant_id",)
    keys = environ.get("TENANT_KEYS_JWKS_URL") or f"{issuer.rstrip('/')}/.well-known/jwks.json"
    return TokenVerifier(issuer=issuer, audience=audience, keys=keys, claim=claim)
