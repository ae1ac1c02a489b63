"""The second half of a deployment: ids of multi-Region keys come from the first deployment, and replicas need them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from tenant_keys.demo.local_estate import LocalEstate
from tenant_keys.local.existing import assume
from tenant_keys.operations.record_key_ids import record

if TYPE_CHECKING:
    from types_boto3_kms import KMSClient


def wait_for_ids(local: LocalEstate) -> list[str]:
    """Tenants whose replicas wait for the id of the key."""
    several = len(local.estate.central.regions) > 1
    return [
        each.id
        for each in local.estate.tenants.values()
        if several and each.multi_region_key_id is None and each.multi_region
    ]


def recorded(local: LocalEstate, manifest: Path, folder: Path) -> Path:
    """A copy of the manifest whose lock has the ids, as `tenant-keys lock --record` writes them; the original stays."""
    copy = folder / "tenants.yaml"
    shutil.copy(manifest, copy)
    shutil.copy(manifest.with_suffix(".lock"), copy.with_suffix(".lock"))
    session = assume(local.aws, local.estate.central.administrators[0])

    def client_of(region: str) -> KMSClient:
        return session.client("kms", region_name=region)

    record(copy, client_of)
    return copy
