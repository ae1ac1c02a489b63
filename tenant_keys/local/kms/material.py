"""Key material: 256 random bits each, and what a key has of it.

Source: AWS KMS guide, rotate-keys and importing-keys: rotation adds material, and the old opens what it sealed.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime

BITS = 256


@dataclass(slots=True)
class Material:
    """One version of a key's secret."""

    id: str
    """64 hexadecimal digits, as KMS's KeyMaterialId."""
    secret: bytes | None
    """None: imported material that was deleted or has expired; the key waits for the same bytes again."""
    created: datetime
    description: str | None = None
    expires: datetime | None = None
    rotated_by: str | None = None
    """AUTOMATIC or ON_DEMAND; None for the first."""


@dataclass(slots=True)
class Materials:
    """All versions of one key, oldest first. Multi-Region keys made by KMS share one object; imported ones do not."""

    versions: list[Material] = field(default_factory=list)
    pending: Material | None = None
    """Imported as new material and waiting for RotateKeyOnDemand."""

    @property
    def current(self) -> Material | None:
        return self.versions[-1] if self.versions else None

    def complete(self) -> bool:
        """Whether every version is there: one that is missing makes the whole key PendingImport (importing-keys)."""
        return bool(self.versions) and all(version.secret is not None for version in self.versions)

    def find(self, prefix: bytes) -> Material | None:
        wanted = prefix.hex()
        return next((version for version in self.versions if version.id.startswith(wanted)), None)

    def named(self, material_id: str) -> Material | None:
        candidates = [*self.versions, *([self.pending] if self.pending else [])]
        return next((version for version in candidates if version.id == material_id), None)

    def rotate(self, now: datetime, rotated_by: str) -> None:
        """Put new material first in use."""
        if self.pending is not None:
            fresh, self.pending = self.pending, None
        else:
            fresh = generate(now)
        fresh.rotated_by, fresh.created = rotated_by, now
        self.versions.append(fresh)


def generate(now: datetime) -> Material:
    return Material(id=secrets.token_hex(32), secret=secrets.token_bytes(BITS // 8), created=now)


def imported(key_id: str, secret: bytes, now: datetime) -> Material:
    """Material whose id depends on the key and the bytes, so that KMS recognizes a re-import of other bytes.

    The same bytes in two keys have different ids; related multi-Region keys share a key id and so their material ids
    (API reference, ImportKeyMaterial, KeyMaterialId).
    """
    digest = hashlib.sha256(b"tenant-keys local key material\x00" + key_id.encode() + b"\x00" + secret)
    return Material(id=digest.hexdigest(), secret=secret, created=now)
