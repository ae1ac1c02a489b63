"""What a local AWS is started with, as the launcher hands it to the server process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

PORT_IN_USE = 3
"""Exit code of a server whose port is taken."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Accounts, organisation, identity providers and where to listen."""

    directory: str
    accounts: tuple[str, ...]
    organization: str | None
    outsiders: tuple[str, ...] = ()
    """Accounts that exist but belong to no organisation of ours."""
    management: str | None = None
    jwks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """JSON Web Key Set of each OIDC issuer, by its URL: what STS would fetch."""
    region: str = "eu-west-1"
    port: int = 0
    """0: any free port."""
    control_token: str = ""
    owns_directory: bool = False
    """Whether the server removes the folder if its launcher dies."""

    @property
    def path(self) -> Path:
        return Path(self.directory)

    @property
    def certificate(self) -> Path:
        return self.path / "ca.pem"

    @property
    def decision_log(self) -> Path:
        return self.path / "decisions.jsonl"

    def write(self, path: Path) -> None:
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @staticmethod
    def read(path: Path) -> Settings:
        raw = json.loads(path.read_text(encoding="utf-8"))
        for name in ("accounts", "outsiders"):
            raw[name] = tuple(raw[name])
        return Settings(**raw)
