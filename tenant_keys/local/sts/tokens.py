"""Web identity tokens: signature, audience and lifetime, offline.

Source: STS API reference, AssumeRoleWithWebIdentity; IAM guide, id_roles_providers_create_oidc (client ids are compared
with `azp` where a token has one), reference_policies_iam-condition-keys and id_session-tags.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from tenant_keys.local.emulator import iam_records
from tenant_keys.local.fault import Fault
from tenant_keys.local.sts.parameters import add_tag

ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512")
TAGS_CLAIM = "https://aws.amazon.com/tags"


@dataclass(frozen=True, slots=True)
class Token:
    """A token whose signature was verified."""

    provider_arn: str
    host: str
    subject: str
    audience: str
    """What STS compares with the provider's client ids and puts into ISSUER:aud: `azp` where the token has one."""
    original_audience: str | None
    """The claim `aud` beside `azp`, which STS puts into ISSUER:oaud; None without `azp`."""
    claims: Mapping[str, Any]
    tags: Mapping[str, str]
    transitive: tuple[str, ...]


class Issuers:
    """The keys of the identity providers, by issuer: what STS would fetch from /.well-known."""

    def __init__(self, key_sets: Mapping[str, Mapping[str, Any]]) -> None:
        self._sets = {issuer: jwt.PyJWKSet.from_dict(dict(keys)) for issuer, keys in key_sets.items()}

    def verify(self, token: str, account: str) -> Token:
        """Check a token as STS does for a role of this account.

        Raises:
            Fault: InvalidIdentityToken or ExpiredTokenException.
        """
        try:
            header = jwt.get_unverified_header(token)
            unverified = jwt.decode(token, options={"verify_signature": False})
        except jwt.PyJWTError:
            raise _refused("The token is not a valid JWT") from None
        issuer = str(unverified.get("iss", ""))
        host = issuer.removeprefix("https://")
        provider_arn = f"arn:aws:iam::{account}:oidc-provider/{host}"
        provider = iam_records.oidc_provider(account, provider_arn)
        if not issuer.startswith("https://") or provider is None:
            raise _refused(f"No OpenIDConnect provider found in your account for {issuer}")
        claims = self._claims(token, header, issuer)
        tags, transitive = _tags(claims)
        audience, party = _audience(claims), claims.get("azp")
        if not isinstance(party, str | None):
            raise _refused("The claim azp of the token is not a string")
        if (party or audience) not in provider["ClientIDList"]:
            raise _refused("Incorrect token audience")
        original = audience if party else None
        return Token(provider_arn, host, str(claims["sub"]), party or audience, original, claims, tags, transitive)

    def _claims(self, token: str, header: Mapping[str, Any], issuer: str) -> Mapping[str, Any]:
        keys = self._sets.get(issuer)
        if keys is None:
            raise _refused("Couldn't retrieve verification key from your identity provider")
        algorithm = header.get("alg")
        key = next((key for key in keys.keys if key.key_id == header.get("kid")), None)
        if algorithm not in ALGORITHMS or key is None:
            raise _refused("The ID token signature is invalid")
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[str(algorithm)],
                issuer=issuer,
                options={"require": ["iss", "sub", "aud", "exp", "iat"], "verify_aud": False},
            )
        except jwt.ExpiredSignatureError:
            raise Fault("ExpiredTokenException", "Token expired") from None
        except jwt.InvalidSignatureError:
            raise _refused("The ID token signature is invalid") from None
        except (jwt.PyJWTError, ValueError, TypeError) as problem:
            raise _refused(f"The token is not valid: {problem}") from None
        return claims


def _audience(claims: Mapping[str, Any]) -> str:
    audience = claims["aud"]
    if isinstance(audience, list):
        if len(audience) != 1:
            raise _refused("The local AWS takes tokens with one audience")
        return str(audience[0])
    return str(audience)


def _tags(claims: Mapping[str, Any]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Session tags of the token, in the nested or in the flattened form of the claim."""
    nested = claims.get(TAGS_CLAIM)
    flat = {name.partition("/principal_tags/")[2]: value for name, value in claims.items() if _is_flat(name)}
    given = nested.get("principal_tags") or {} if isinstance(nested, dict) else flat
    transitive = (
        nested.get("transitive_tag_keys")
        if isinstance(nested, dict)
        else claims.get(f"{TAGS_CLAIM}/transitive_tag_keys")
    )
    tags: dict[str, str] = {}
    for key, values in given.items():
        single = values if isinstance(values, list) else [values]
        if len(single) != 1 or not isinstance(single[0], str):
            raise _refused(f"The tag {key} of the token has not exactly one value")
        tags = add_tag(tags, str(key), single[0])
    return tags, tuple(str(key) for key in transitive or ())


def _is_flat(name: str) -> bool:
    return name.startswith(f"{TAGS_CLAIM}/principal_tags/")


def _refused(message: str) -> Fault:
    return Fault("InvalidIdentityToken", message)
