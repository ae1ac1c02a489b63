"""The ids of multi-Region keys, read from AWS once they are deployed: replicas need them.

`kms:DescribeKey` is granted by the key policies to deployment roles, administrators, break-glass and `central.readers`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

from tenant_keys.manifest import Estate, Tenant, load_estates, read_lock
from tenant_keys.manifest.lock import write_lock
from tenant_keys.manifest.update import record_key_ids
from tenant_keys.operations.errors import KeyMismatch
from tenant_keys.policy import names

if TYPE_CHECKING:
    from types_boto3_kms import KMSClient
    from types_boto3_kms.type_defs import KeyMetadataTypeDef

ClientOf = Callable[[str], "KMSClient"]
"""A KMS client of a Region."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was found in AWS."""

    key_ids: dict[str, str]
    """Tenant to `mrk-...`, for those that the lock did not know."""
    not_deployed: tuple[str, ...]
    """Tenants whose alias does not exist yet: no error, deploy and record again."""
    not_enabled: dict[str, str]
    """Tenant to its key's state, where that is not Enabled: KMS would refuse to replicate the key, and all the stack's
    replicas would roll back with it (KMS guide, key-state, ReplicateKey). No error either."""


def record(
    manifest: Path, client_of: ClientOf | None = None, account_of: Callable[[str], str] | None = None
) -> Recorded:
    """Write newly known ids into the lock beside the manifest; of several key accounts, those of the credentials' own.

    `account_of`: the account of the credentials, which a Region's STS is asked for.

    Raises:
        EstateError: manifest and lock do not match.
        KeyMismatch: AWS holds something else than the manifest says; nothing is written.
        botocore.exceptions.ClientError: AWS refused; nothing is written.
    """
    estates = load_estates(manifest)
    estate = estates[0] if len(estates) == 1 else _of_caller(estates, account_of or _account)
    found = find_key_ids(estate, client_of)
    if found.key_ids:
        path = manifest.with_suffix(".lock")
        write_lock(path, record_key_ids(read_lock(path), found.key_ids))
    return found


def _of_caller(estates: tuple[Estate, ...], account_of: Callable[[str], str]) -> Estate:
    account = account_of(estates[0].central.home_region)
    for estate in estates:
        if estate.central.account == account:
            return estate
    listed = ", ".join(f"{one.key_account} {one.central.account}" for one in estates)
    raise KeyMismatch(f"the credentials are of account {account}; the key accounts are {listed}")


def _account(region: str) -> str:
    return boto3.client("sts", region_name=region).get_caller_identity()["Account"]


def find_key_ids(estate: Estate, client_of: ClientOf | None = None) -> Recorded:
    """Ask KMS for each multi-Region tenant without a recorded id, in the Region where it was created."""
    make = client_of or _client
    clients: dict[str, KMSClient] = {}
    key_ids: dict[str, str] = {}
    missing: list[str] = []
    waiting: dict[str, str] = {}
    wrong: list[str] = []
    for tenant in estate.tenants.values():
        if not tenant.multi_region or tenant.multi_region_key_id:
            continue
        region = tenant.primary_region
        client = clients.get(region) or clients.setdefault(region, make(region))
        try:
            # By ARN: a bare alias name would mean the caller's own account, whichever that is.
            alias = names.alias_arn(tenant.id, region, estate)
            key = client.describe_key(KeyId=alias)["KeyMetadata"]
        except client.exceptions.NotFoundException:
            missing.append(tenant.manifest_id)
            continue
        problem = _mismatch(tenant, estate, key)
        if problem:
            wrong.append(f"{alias}: {problem}")
        elif key.get("KeyState") != "Enabled":
            waiting[tenant.manifest_id] = key.get("KeyState", "unknown")
        else:
            key_ids[tenant.manifest_id] = key["KeyId"]
    if wrong:
        raise KeyMismatch("\n".join(wrong))
    return Recorded(key_ids, tuple(missing), waiting)


def _client(region: str) -> KMSClient:
    return boto3.client("kms", region_name=region)


def _mismatch(tenant: Tenant, estate: Estate, key: KeyMetadataTypeDef) -> str:
    """What is wrong with the key that the alias names, or nothing."""
    account = estate.central.account
    if key.get("AWSAccountId") != account:
        return f"got a key of account {key.get('AWSAccountId')}; the key account is {account}, check the credentials"
    configuration = key.get("MultiRegionConfiguration")
    if not key.get("MultiRegion") or configuration is None:
        return "got a single-Region key; the alias was re-pointed or another key was created, compare with the lock"
    if configuration.get("MultiRegionKeyType") != "PRIMARY":
        where = configuration.get("PrimaryKey", {}).get("Region")
        return f"got a replica of a key in {where}; the lock says it was created in {tenant.primary_region}"
    return "" if key["KeyId"].startswith("mrk-") else f"got the id {key['KeyId']}; multi-Region ids begin with mrk-"
