"""What AWS KMS holds of a leaving tenant's key in each Region: read anew for each step, never remembered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import boto3
from botocore.exceptions import ClientError

from tenant_keys.operations.byok.state import Material, materials_of
from tenant_keys.operations.errors import OperationError, WrongAccount
from tenant_keys.operations.offboarding.departing import Departing
from tenant_keys.operations.owner import check_owner

ClientOf = Callable[[str, str], Any]
"""A boto3 client of a service and a Region."""
Kind = Literal["single-Region", "primary", "replica"]
PENDING: Final = ("PendingDeletion", "PendingReplicaDeletion")
_UNUSED: Final = "kms:trailingdayswithoutkeyusage"


class KeyNotFound(OperationError):
    """Raised when neither alias, nor lock, nor evidence leads to a key of the tenant."""


@dataclass(frozen=True, slots=True)
class LastUse:
    """The last successful cryptographic operation, as GetKeyLastUsage answers: of one Region, up to an hour late."""

    tracked_since: datetime
    """The key's creation or the start of AWS's records, whichever is later."""
    operation: str | None
    """None: nothing was recorded since."""
    at: datetime | None
    event_id: str | None
    """CloudTrail's."""

    @property
    def unused_since(self) -> datetime:
        """From when kms:TrailingDaysWithoutKeyUsage counts (AWS KMS guide, conditions-kms)."""
        return self.at or self.tracked_since


@dataclass(frozen=True, slots=True)
class DepartingKey:
    """The key in one Region."""

    region: str
    arn: str
    kind: Kind
    state: str
    """KMS's KeyState, such as Disabled."""
    imported: bool
    created: datetime
    deletion_date: datetime | None
    """Absent of a primary that waits for its replicas: its own window begins when the last of them is deleted."""
    materials: tuple[Material, ...]
    last_use: LastUse
    waiting_days: int | None
    """Days without use that the key policy asks for before a deletion; None: it asks for none."""
    policy_sha256: str

    @property
    def scheduled(self) -> bool:
        """Whether a deletion is pending."""
        return self.state in PENDING

    @property
    def imported_materials(self) -> tuple[Material, ...]:
        """What can still be deleted of imported material."""
        return tuple(each for each in self.materials if self.imported and each.imported)

    @property
    def deletable_from(self) -> datetime:
        """When AWS KMS first accepts the scheduling of the deletion."""
        return self.last_use.unused_since + timedelta(days=self.waiting_days or 0)


@dataclass(frozen=True, slots=True)
class Located:
    """The tenant's keys as DescribeKey answers, the primary first, and the ARNs at which KMS has no key any more."""

    metadata: tuple[Mapping[str, Any], ...]
    gone: tuple[str, ...]


def boto3_client(service: str, region: str) -> Any:
    """A client with the caller's own credentials."""
    return boto3.client(service, region_name=region)  # type: ignore[call-overload]


def locate(who: Departing, recorded: Collection[str], client_of: ClientOf) -> Located:
    """Find the tenant's key by its alias, its replicas by the key, and what is gone by the ARNs that were recorded.

    Args:
        who: the tenant.
        recorded: ARNs of the tenant's keys that were found before.
        client_of: makes clients.

    Raises:
        WrongAccount: the credentials are of another account, in which a missing key would mean nothing.
        KeyNotFound: nothing leads to a key.
        botocore.exceptions.ClientError: AWS refused; no answer of AWS but NotFoundException means that a key is gone.
    """
    account = client_of("sts", who.primary_region).get_caller_identity()["Account"]
    if account != who.account:
        raise WrongAccount(f"the credentials are of account {account}; the key account is {who.account}")
    described: dict[str, Mapping[str, Any] | None] = {}
    by_alias = _describe(who.alias_arn, client_of)
    if by_alias is not None:
        described[by_alias["Arn"]] = by_alias
    for arn in (*((who.key_arn,) if who.key_arn else ()), *recorded):
        if arn not in described:
            described[arn] = _describe(arn, client_of)
    if not described:
        raise KeyNotFound(
            f"{who.alias_arn}: no such alias, and no evidence of the key; name the file that was written before the "
            "deletion was scheduled, with --evidence"
        )
    for metadata in [one for one in described.values() if one is not None]:
        for replica in metadata.get("MultiRegionConfiguration", {}).get("ReplicaKeys", ()):
            if replica["Arn"] not in described:
                described[replica["Arn"]] = _describe(replica["Arn"], client_of)
    found = sorted((one for one in described.values() if one is not None), key=lambda one: kind_of(one) == "replica")
    return Located(tuple(found), tuple(arn for arn, one in described.items() if one is None))


def check_owners(located: Located, who: Departing, client_of: ClientOf) -> None:
    """Every key that was located is the tenant's; raises `KeyMismatch` as `check_owner` does."""
    for one in located.metadata:
        check_owner(one["Arn"], who.id_in_aws, client_of("kms", one["Arn"].split(":")[3]))


def read_keys(located: Located, client_of: ClientOf) -> tuple[DepartingKey, ...]:
    """Everything that a reader may know of the keys that AWS KMS has; raises `ClientError` as `locate` does."""
    return tuple(_read(metadata, client_of) for metadata in located.metadata)


def kind_of(metadata: Mapping[str, Any]) -> Kind:
    """Of KeyMetadata."""
    kinds: dict[str, Kind] = {"PRIMARY": "primary", "REPLICA": "replica"}
    return kinds.get(metadata.get("MultiRegionConfiguration", {}).get("MultiRegionKeyType", ""), "single-Region")


def _describe(key: str, client_of: ClientOf) -> Mapping[str, Any] | None:
    """KeyMetadata; None where AWS KMS has no such key."""
    try:
        found: Mapping[str, Any] = client_of("kms", key.split(":")[3]).describe_key(KeyId=key)["KeyMetadata"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "NotFoundException":
            return None
        raise
    return found


def _read(metadata: Mapping[str, Any], client_of: ClientOf) -> DepartingKey:
    arn = metadata["Arn"]
    kms = client_of("kms", arn.split(":")[3])
    policy = kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"]
    return DepartingKey(
        region=arn.split(":")[3],
        arn=arn,
        kind=kind_of(metadata),
        state=metadata["KeyState"],
        imported=metadata.get("Origin") == "EXTERNAL",
        created=metadata["CreationDate"],
        deletion_date=metadata.get("DeletionDate"),
        materials=tuple(materials_of(kms, arn)),
        last_use=_last_use(kms.get_key_last_usage(KeyId=arn)),
        waiting_days=_waiting_days(arn, policy),
        policy_sha256=hashlib.sha256(policy.encode()).hexdigest(),
    )


def _last_use(answer: Mapping[str, Any]) -> LastUse:
    used = answer.get("KeyLastUsage") or {}
    return LastUse(
        answer["TrackingStartDate"], used.get("Operation"), used.get("Timestamp"), used.get("CloudTrailEventId")
    )


def _waiting_days(arn: str, policy: str) -> int | None:
    """What the deployed key policy asks for, which may differ from the manifest of today."""
    found: list[int] = []
    written = json.loads(policy)["Statement"]
    for statement in written if isinstance(written, list) else [written]:
        for operator, keys in statement.get("Condition", {}).items():
            given = {name.lower(): value for name, value in keys.items()}.get(_UNUSED)
            if given is None or statement["Effect"] != "Deny":
                continue
            several = given if isinstance(given, list) else [given]
            if operator.removesuffix("IfExists") != "NumericLessThan" or not all(
                str(one).isdecimal() for one in several
            ):
                raise OperationError(
                    f"{arn}: its key policy has {operator} {_UNUSED} {given}, which is not ours; read it"
                )
            found += map(int, several)
    return max(found, default=None)
