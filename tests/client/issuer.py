"""An identity provider of the tests: signs tokens, and knows how to sign bad ones."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tenant_keys.client import TokenVerifier
from tenant_keys.client.token import SESSION_TAG_CLAIM


class Issuer:
    url = "https://idp.example.com"
    audience = "orders-api"

    def __init__(self, *, bits: int = 2048) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=bits)

    @property
    def jwks(self) -> dict[str, Any]:
        jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key()))
        return {"keys": [jwk | {"kid": "k1", "use": "sig", "alg": "RS256"}]}

    @property
    def public_pem(self) -> bytes:
        return self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def claims(self, tenant: object = "acme", *, lives: float = 600, **changes: Any) -> dict[str, Any]:
        now = int(time.time())
        base = {"iss": self.url, "aud": self.audience, "sub": "user-1", "iat": now - 1, "exp": now + lives}
        tags = {"principal_tags": {"tenant_id": [tenant]}, "transitive_tag_keys": ["tenant_id"]}
        claims = base | {"tenant_id": tenant, SESSION_TAG_CLAIM[0]: tags} | changes
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, tenant: object = "acme", *, lives: float = 600, **changes: Any) -> str:
        return jwt.encode(self.claims(tenant, lives=lives, **changes), self._key, "RS256", headers={"kid": "k1"})

    def verifier(self, **changes: Any) -> TokenVerifier:
        return TokenVerifier(**({"issuer": self.url, "audience": self.audience, "keys": self.jwks} | changes))


def part(value: object) -> str:
    """A part of a token: bytes as they are, anything else as JSON."""
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()
