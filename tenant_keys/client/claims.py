"""A token's registered claims (RFC 7519, section 4.1): who issued it, for whom, and from when until when it holds.

Tests compare the verdict with PyJWT's: whatever is accepted here, PyJWT accepts too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from tenant_keys.client.errors import TokenExpired, TokenRefused

REQUIRED: Final = ("exp", "iat", "sub", "aud", "iss")
LEEWAY: Final = 5
"""Seconds that clocks may differ."""


def check_claims(claims: Mapping[str, Any], *, issuer: str, audience: str, now: float, max_life: float) -> float:
    """When the token ends, in seconds since the epoch, as is `now`; the leeway is included.

    Raises:
        TokenExpired: it has ended.
        TokenRefused: a claim is missing, of another type than RFC 7519 says, or for somebody else; the token is not
            valid yet, or longer than `max_life` seconds.
    """
    for name in REQUIRED:
        if claims.get(name) is None:
            raise _refused(f"it lacks the claim {name}")
    if claims["iss"] != issuer:
        raise _refused("it is another issuer's (iss)")
    if not _is_for(claims["aud"], audience):
        raise _refused("it is for another audience (aud)")
    for name in ("sub", "jti"):
        if name in claims and not isinstance(claims[name], str):
            raise _refused(f"{name} is no string")
    return _end(claims, now, max_life)


def _end(claims: Mapping[str, Any], now: float, max_life: float) -> float:
    begins, ends = _seconds(claims, "iat"), _seconds(claims, "exp")
    if begins > now + LEEWAY:
        raise _refused("it was issued in the future (iat)")
    if "nbf" in claims and _seconds(claims, "nbf") > now + LEEWAY:
        raise _refused("it is not valid yet (nbf)")
    # The same end as that of a handle, or a token could be good enough to verify and too old to use.
    expires_at = float(math.floor(ends) + LEEWAY)
    if expires_at <= now:
        raise TokenExpired("the token has expired")
    if ends - begins > max_life:
        raise TokenRefused(f"the token lives longer than {max_life:g} s")
    return expires_at


def _seconds(claims: Mapping[str, Any], name: str) -> float:
    """Seconds since the epoch."""
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _refused(f"{name} is no number")
    try:
        seconds = float(value)
    except OverflowError:
        seconds = math.inf
    if not math.isfinite(seconds):
        raise _refused(f"{name} is no time")
    return seconds


def _is_for(claim: object, audience: str) -> bool:
    """The audience, or a list of strings in which it is."""
    if isinstance(claim, list):
        return all(isinstance(one, str) for one in claim) and audience in claim
    return isinstance(claim, str) and claim == audience


def _refused(why: str) -> TokenRefused:
    return TokenRefused(f"the token was refused: {why}")
