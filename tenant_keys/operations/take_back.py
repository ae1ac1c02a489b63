"""Takes back what only the lock remembers: a line of which nothing was merged and nothing was deployed.

Both are asked, and what cannot be asked is no answer of "nothing": git for the merge base, AWS for the tenant's alias,
key and roles. Credentials of a role in `central.readers` that may also call iam:GetRole and kms:ListKeys are enough.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from tenant_keys.aws_facts.regions import partition_of
from tenant_keys.manifest import Lock, read_lock
from tenant_keys.manifest.base import base_lock, in_repository
from tenant_keys.manifest.lock import Entry, write_lock
from tenant_keys.manifest.lock_text import with_entries
from tenant_keys.operations.errors import TakeBackRefused
from tenant_keys.policy import names

ClientOf = Callable[[str, str], Any]
"""A boto3 client of a service and a Region."""


def take_back(path: Path, tenants: Sequence[str], base: str | None = None, client_of: ClientOf | None = None) -> None:
    """Remove the tenants' lines from the lock at `path`; the next `tenant-keys lock` places what the manifest has.

    Raises:
        TakeBackRefused: something was merged, recorded or deployed, or the credentials are of another account.
        GitError, EstateError: the merge base or the lock cannot be read.
        botocore.exceptions.ClientError: AWS refused to answer; nothing is written.
    """
    lock = read_lock(path)
    at_base = base_lock(path, base) if in_repository(path.resolve().parent) else None
    for tenant in tenants:
        entry = lock.entries.get(tenant)
        if entry is None:
            raise TakeBackRefused(f"{path.name}: no line of {tenant}; there is nothing to take back")
        if at_base is not None and tenant in at_base.entries:
            raise TakeBackRefused(f"{path.name} {tenant}: the merge base has it, so it may be deployed; offboard it")
        if entry.key_id is not None or entry.phase is not None:
            raise TakeBackRefused(f"{path.name} {tenant}: its key was recorded or is leaving, so it was deployed")
    found = [each for tenant in tenants for each in _deployed(lock, lock.entries[tenant], client_of or _client)]
    if found:
        raise TakeBackRefused(f"{path.name}: deployed already: {', '.join(found)}; offboard the tenant instead")
    write_lock(path, with_entries(lock, {name: e for name, e in lock.entries.items() if name not in set(tenants)}))


def _deployed(lock: Lock, entry: Entry, client_of: ClientOf) -> list[str]:
    """What AWS has of the tenant."""
    holder = lock.holder(entry)
    account = client_of("sts", holder.home_region).get_caller_identity()["Account"]
    if account != holder.account:
        raise TakeBackRefused(f"the credentials are of account {account}; the key account is {holder.account}")
    kms, iam = client_of("kms", entry.primary_region), client_of("iam", holder.home_region)
    found = []
    alias = _alias(lock, entry)
    if _answers("NotFoundException", lambda: kms.describe_key(KeyId=alias)):
        found.append(alias)
    for page in kms.get_paginator("list_keys").paginate():
        for key in page["Keys"]:
            tags = kms.list_resource_tags(KeyId=key["KeyId"])["Tags"]
            if {"TagKey": "tenant-keys:tenant", "TagValue": entry.id_in_aws} in tags:
                found.append(key["KeyArn"])
    for workload in entry.roles:
        role = f"{lock.naming.role_prefix}tenant-{entry.id_in_aws}.{workload}"
        if _answers("NoSuchEntity", lambda role=role: iam.get_role(RoleName=role)):  # type: ignore[misc]
            found.append(f"role {role}")
    return found


def _alias(lock: Lock, entry: Entry) -> str:
    where = f"arn:{partition_of(entry.primary_region)}:kms:{entry.primary_region}:{lock.holder(entry).account}"
    return f"{where}:{names.alias_name(entry.id_in_aws, lock.naming)}"


def _answers(absent: str, ask: Callable[[], object]) -> bool:
    """Whether the thing is there; only the service's own code for absence is a no."""
    try:
        ask()
    except ClientError as error:
        if error.response["Error"]["Code"] == absent:
            return False
        raise
    return True


def _client(service: str, region: str) -> Any:
    return boto3.client(service, region_name=region)  # type: ignore[call-overload]
