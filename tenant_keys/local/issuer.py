"""An identity provider for the laptop: a key, its public half for STS, and the tokens that it signs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tenant_keys.local.sts.tokens import TAGS_CLAIM

KEY_ID = "local-1"


class LocalIssuer:
    """Issues web identity tokens; `key_set` is what its /.well-known would publish."""

    def __init__(self, url: str, key: ec.EllipticCurvePrivateKey | None = None) -> None:
        self.url = url
        self._key = key or ec.generate_private_key(ec.SECP256R1())

    @property
    def key_set(self) -> dict[str, Any]:
        """JSON Web Key Set, for `LocalAws(jwks={issuer.url: issuer.key_set})`."""
        public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self._key.public_key()))
        return {"keys": [{**public, "kid": KEY_ID, "use": "sig", "alg": "ES256"}]}

    def token(
        self,
        audience: str,
        tags: Mapping[str, str],
        *,
        subject: str = "orders-backend",
        lifetime: timedelta = timedelta(minutes=5),
        claims: Mapping[str, Any] | None = None,
    ) -> str:
        """A signed token; `tags` become session tags (IAM guide, id_session-tags, web identity)."""
        now = datetime.now(UTC)
        return jwt.encode(
            {
                "iss": self.url,
                "sub": subject,
                "aud": audience,
                "iat": now,
                "exp": now + lifetime,
                TAGS_CLAIM: {"principal_tags": {name: [value] for name, value in tags.items()}},
                **(claims or {}),
            },
            self._key,
            algorithm="ES256",
            headers={"kid": KEY_ID},
        )

    def save(self, path: Path) -> None:
        path.touch(mode=0o600)
        path.write_bytes(
            self._key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )

    @staticmethod
    def load(url: str, path: Path) -> LocalIssuer:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError(f"{path}: not a key of ours")
        return LocalIssuer(url, key)
