"""What KMS says of one existing key: all that decides whether it can be adopted, and that an import must repeat."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A key in one Region."""

    metadata: dict[str, Any]
    """As DescribeKey answers."""
    policy: dict[str, Any]
    tags: dict[str, str]
    """Without those of AWS (`aws:...`)."""
    stack: str | None
    """The stack that CloudFormation's tags name; a retained key keeps them."""
    aliases: tuple[str, ...]
    grants: int
    rotation_days: int | None
    """None: automatic rotation is off, or does not exist for this origin."""
    shared: bool
    """AWS RAM gave the key a second policy."""
    last_used: datetime | None

    @property
    def id(self) -> str:
        return str(self.metadata["KeyId"])

    @property
    def arn(self) -> str:
        return str(self.metadata["Arn"])

    @property
    def region(self) -> str:
        return self.arn.split(":")[3]

    @property
    def multi_region(self) -> bool:
        return bool(self.metadata.get("MultiRegion"))

    @property
    def imported(self) -> bool:
        return self.metadata.get("Origin") == "EXTERNAL"

    @property
    def enabled(self) -> bool:
        return bool(self.metadata.get("Enabled"))

    @property
    def replica_regions(self) -> tuple[str, ...]:
        replicas = self.metadata.get("MultiRegionConfiguration", {}).get("ReplicaKeys", [])
        return tuple(replica["Region"] for replica in replicas)


def read_key(kms: Any, key: str) -> FoundKey:
    """Read a key by id or ARN, in the client's Region.

    Raises:
        botocore.exceptions.ClientError: KMS refuses one of the answers; nothing is taken for granted.
    """
    metadata = dict(kms.describe_key(KeyId=key)["KeyMetadata"])
    key_id = metadata["KeyId"]
    tags = {tag["TagKey"]: tag["TagValue"] for tag in _pages(kms, "list_resource_tags", "Tags", KeyId=key_id)}
    aliases = (alias["AliasName"] for alias in _pages(kms, "list_aliases", "Aliases", KeyId=key_id))
    primary = metadata.get("MultiRegionConfiguration", {}).get("MultiRegionKeyType") != "REPLICA"
    return FoundKey(
        metadata=metadata,
        policy=json.loads(kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"]),
        tags={name: value for name, value in tags.items() if not name.startswith("aws:")},
        stack=tags.get("aws:cloudformation:stack-name"),
        aliases=tuple(sorted(aliases)),
        grants=len(_pages(kms, "list_grants", "Grants", KeyId=key_id)),
        rotation_days=_rotation(kms, key_id) if metadata.get("Origin") == "AWS_KMS" and primary else None,
        shared=_shared(kms, key_id),
        last_used=kms.get_key_last_usage(KeyId=key_id).get("KeyLastUsage", {}).get("Timestamp"),
    )


def _pages(kms: Any, operation: str, members: str, **parameters: str) -> list[dict[str, Any]]:
    return [each for page in kms.get_paginator(operation).paginate(**parameters) for each in page[members]]


def _rotation(kms: Any, key_id: str) -> int | None:
    status = kms.get_key_rotation_status(KeyId=key_id)
    return int(status.get("RotationPeriodInDays", 365)) if status["KeyRotationEnabled"] else None


def _shared(kms: Any, key_id: str) -> bool:
    """A key has a policy of that name only where AWS RAM shares it (AWS KMS API, GetKeyPolicy)."""
    try:
        kms.get_key_policy(KeyId=key_id, PolicyName="AWS_RAM")
    except ClientError as error:
        if error.response["Error"]["Code"] == "NotFoundException":
            return False
        raise
    return True
