"""What AWS KMS holds of an imported key, in every Region: read anew for each step, never remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import boto3

from tenant_keys.manifest import Estate, Tenant
from tenant_keys.operations.byok.errors import NotImported, explained
from tenant_keys.policy import names

if TYPE_CHECKING:
    from types_boto3_kms import KMSClient

ClientOf = Callable[[str], "KMSClient"]
"""A KMS client of a Region."""
PENDING = ("PENDING_ROTATION", "PENDING_MULTI_REGION_IMPORT_AND_ROTATION")
"""Imported as new material, and not yet permanently associated (API reference, RotationsListEntry)."""


@dataclass(frozen=True, slots=True)
class Material:
    """One key material of a key in one Region."""

    id: str
    """64 hexadecimal digits, computed by KMS from key id and material: alike in all Regions of a key."""
    state: str
    """CURRENT, NON_CURRENT or one of PENDING."""
    imported: bool
    expires: datetime | None
    label: str
    """The description that the import gave it; "" where there is none."""

    @property
    def pending(self) -> bool:
        """Whether it waits for RotateKeyOnDemand."""
        return self.state in PENDING


@dataclass(frozen=True, slots=True)
class RegionalKey:
    """The tenant's key in one Region."""

    region: str
    arn: str
    state: str
    """KMS's KeyState, such as PendingImport."""
    primary: bool
    """The primary of a multi-Region key, or a single-Region key."""
    materials: tuple[Material, ...]
    """Oldest first."""

    @property
    def missing(self) -> tuple[Material, ...]:
        """Materials that the key waits for: any one of them makes it PendingImport (importing-keys)."""
        return tuple(material for material in self.materials if not material.imported)

    @property
    def pending(self) -> Material | None:
        """New material that waits for rotation."""
        return next((material for material in self.materials if material.pending), None)

    @property
    def current(self) -> Material | None:
        """The material that encrypts."""
        return next((material for material in self.materials if material.state == "CURRENT"), None)


def client_of(region: str) -> KMSClient:
    """A client with the caller's own credentials: those of the tenant's import role."""
    return boto3.client("kms", region_name=region)


def read_keys(tenant: Tenant, estate: Estate, make: ClientOf = client_of) -> list[RegionalKey]:
    """The tenant's key in each of its Regions, the primary first.

    DescribeKey takes an alias and names all Regions; ListKeyRotations is the one call that distinguishes each material,
    and works in every key state (AWS KMS guide, key-state).

    Raises:
        NotImported: KMS makes this key's material itself.
        ByokError: AWS refused or has no such key.
    """
    if tenant.origin != "imported":
        raise NotImported(
            f"tenants.yaml tenants.{tenant.manifest_id}: AWS KMS makes this key's material; nothing is imported"
        )
    region = tenant.primary_region
    alias = names.alias_arn(tenant.id, region, estate)
    with explained(alias):
        found = make(region).describe_key(KeyId=alias)["KeyMetadata"]
    if found.get("Origin") != "EXTERNAL":
        raise NotImported(f"{found['Arn']}: got Origin {found.get('Origin')}; an imported key has EXTERNAL")
    replicas = found.get("MultiRegionConfiguration", {}).get("ReplicaKeys", [])
    keys = [_read(region, found["Arn"], found["KeyState"], make, primary=True)]
    for replica in replicas:
        there, arn = replica["Region"], replica["Arn"]
        with explained(arn):
            state = make(there).describe_key(KeyId=arn)["KeyMetadata"]["KeyState"]
        keys.append(_read(there, arn, state, make, primary=False))
    return keys


def _read(region: str, arn: str, state: str, make: ClientOf, *, primary: bool) -> RegionalKey:
    with explained(arn):
        materials = tuple(materials_of(make(region), arn))
    return RegionalKey(region, arn, state, primary, materials)


def materials_of(client: KMSClient, arn: str) -> Iterator[Material]:
    """Every material of a key, pending material included, in any key state (API reference, ListKeyRotations)."""
    pages = client.get_paginator("list_key_rotations").paginate(KeyId=arn, IncludeKeyMaterial="ALL_KEY_MATERIAL")
    for page in pages:
        for entry in page["Rotations"]:
            yield Material(
                id=entry["KeyMaterialId"],
                state=entry["KeyMaterialState"],
                imported=entry.get("ImportState") == "IMPORTED",
                expires=entry.get("ValidTo"),
                label=entry.get("KeyMaterialDescription", ""),
            )
