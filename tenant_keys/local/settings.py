"""What a local AWS is started with, as the launcher hands it to the server process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

PORT_IN_USE = 3
"""Exit code of a server whose port is taken."""

NAMING: Mapping[str, str] = {
    "alias": "alias/tenant-{id}",
    "role_path": "/tenant-keys/",
    "role_prefix": "",
    "stack_prefix": "tenant-keys",
}
"""As a manifest without `naming` has it; a test compares the two."""


def tenant_of(alias: str, naming: Mapping[str, str]) -> str | None:
    """The tenant whose alias it is; None where it is no tenant's."""
    before, _, after = naming["alias"].partition("{id}")
    if not (alias.startswith(before) and alias.endswith(after) and len(alias) > len(before) + len(after)):
        return None
    return alias[len(before) : len(alias) - len(after)]


@dataclass(frozen=True, slots=True)
class Settings:
    """Accounts, organization, identity providers and where to listen."""

    directory: str
    accounts: tuple[str, ...]
    organization: str | None
    outsiders: tuple[str, ...] = ()
    """Accounts that exist but belong to no organization of ours."""
    management: str | None = None
    jwks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """JSON Web Key Set of each OIDC issuer, by its URL: what STS would fetch."""
    naming: Mapping[str, str] = field(default_factory=lambda: NAMING)
    """What aliases and roles of the estate are called, as `naming` of the manifest has it."""
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

    @property
    def trail(self) -> Path:
        """CloudTrail's records, one a line."""
        return self.path / "cloudtrail.jsonl"

    def write(self, path: Path) -> None:
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @staticmethod
    def read(path: Path) -> Settings:
        raw = json.loads(path.read_text(encoding="utf-8"))
        for name in ("accounts", "outsiders"):
            raw[name] = tuple(raw[name])
        return Settings(**raw)
