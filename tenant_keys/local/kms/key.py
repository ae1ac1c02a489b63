"""A KMS key and its state. Source: AWS KMS guide, key-state; API reference, KeyMetadata."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from tenant_keys.local.fault import Fault
from tenant_keys.local.kms.material import Materials

DEFAULT_ROTATION_DAYS = 365
ON_DEMAND_LIMIT = 25


class KeyState(Enum):
    ENABLED = "Enabled"
    DISABLED = "Disabled"
    PENDING_IMPORT = "PendingImport"
    PENDING_DELETION = "PendingDeletion"
    PENDING_REPLICA_DELETION = "PendingReplicaDeletion"


@dataclass(slots=True)
class Grant:
    """A permission on one key, given by CreateGrant."""

    id: str
    token: str
    grantee: str
    retiring: str | None
    operations: tuple[str, ...]
    context_equals: dict[str, str]
    context_subset: dict[str, str]
    name: str | None
    issuer: str
    created: datetime


@dataclass(slots=True)
class Key:
    """One key in one account and Region. Replicas of a multi-Region key are keys of their own."""

    account: str
    region: str
    id: str
    policy: str
    materials: Materials
    created: datetime
    origin: str = "AWS_KMS"
    description: str = ""
    disabled: bool = False
    tags: dict[str, str] = field(default_factory=dict)
    multi_region: bool = False
    primary_region: str | None = None
    """Region of the primary of a multi-Region key; its own for the primary."""
    rotation: bool = False
    rotation_days: int = DEFAULT_ROTATION_DAYS
    rotation_from: datetime | None = None
    deletion: datetime | None = None
    pending_days: int | None = None
    waits_for_replicas: bool = False
    last_use: tuple[str, datetime, str] | None = None
    """Operation, time and request id of the last cryptographic use."""
    grants: list[Grant] = field(default_factory=list)
    shared: str | None = None
    """The key policy that AWS RAM writes for a resource share."""

    @property
    def arn(self) -> str:
        return f"arn:aws:kms:{self.region}:{self.account}:key/{self.id}"

    @property
    def primary(self) -> bool:
        return self.multi_region and self.primary_region == self.region

    @property
    def state(self) -> KeyState:
        """Computed, so that a change takes effect at once."""
        if self.waits_for_replicas:
            return KeyState.PENDING_REPLICA_DELETION
        if self.deletion is not None:
            return KeyState.PENDING_DELETION
        if not self.materials.complete():
            return KeyState.PENDING_IMPORT
        return KeyState.DISABLED if self.disabled else KeyState.ENABLED

    def require_enabled(self) -> None:
        """Refuse use in every state but Enabled."""
        if self.state is KeyState.DISABLED:
            raise Fault("DisabledException", f"{self.arn} is disabled.")
        self.require(KeyState.ENABLED)

    def require(self, *states: KeyState) -> None:
        """Refuse an operation that the key's state does not allow."""
        if self.state not in states:
            words = {
                KeyState.PENDING_DELETION: "is pending deletion",
                KeyState.PENDING_REPLICA_DELETION: "is pending replica deletion",
                KeyState.PENDING_IMPORT: "is pending import",
                KeyState.DISABLED: "is disabled",
                KeyState.ENABLED: "is enabled",
            }
            raise Fault("KMSInvalidStateException", f"{self.arn} {words[self.state]}.")

    def require_not_deleting(self) -> None:
        self.require(KeyState.ENABLED, KeyState.DISABLED, KeyState.PENDING_IMPORT)

    def metadata(self, replicas: tuple[Key, ...] = ()) -> dict[str, Any]:
        """KeyMetadata as DescribeKey answers it."""
        current = self.materials.current
        answer: dict[str, Any] = {
            "AWSAccountId": self.account,
            "KeyId": self.id,
            "Arn": self.arn,
            "CreationDate": self.created.timestamp(),
            "Enabled": self.state is KeyState.ENABLED,
            "Description": self.description,
            "KeyUsage": "ENCRYPT_DECRYPT",
            "KeyState": self.state.value,
            "Origin": self.origin,
            "KeyManager": "CUSTOMER",
            "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
            "KeySpec": "SYMMETRIC_DEFAULT",
            "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
            "MultiRegion": self.multi_region,
        }
        if self.deletion is not None:
            answer["DeletionDate"] = self.deletion.timestamp()
        if self.waits_for_replicas:
            answer["PendingDeletionWindowInDays"] = self.pending_days
        if current is not None and current.secret is not None:
            answer["CurrentKeyMaterialId"] = current.id
        if self.origin == "EXTERNAL" and self.materials.complete():
            expiries = [version.expires for version in self.materials.versions if version.expires]
            answer["ExpirationModel"] = "KEY_MATERIAL_EXPIRES" if expiries else "KEY_MATERIAL_DOES_NOT_EXPIRE"
            if expiries:
                answer["ValidTo"] = min(expiries).timestamp()
        if self.multi_region:
            family = sorted((self, *replicas), key=lambda key: (not key.primary, key.region))
            places = [{"Arn": key.arn, "Region": key.region} for key in family]
            answer["MultiRegionConfiguration"] = {
                "MultiRegionKeyType": "PRIMARY" if self.primary else "REPLICA",
                "PrimaryKey": places[0],
                "ReplicaKeys": places[1:],
            }
        return answer
