"""Estates to test with: the sample's, and what small edits make of it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from tenant_keys.manifest import Estate, load_estate, parse_manifest, resolve
from tenant_keys.manifest.update import new_lock, record_key_ids, update

ROOT = Path(__file__).parents[2]
TENANTS = ("acme", "globex", "initech", "umbrella", "wayne", "wonka")
UMBRELLA_KEY = "mrk-0123456789abcdef0123456789abcdef"


@cache
def sample() -> Estate:
    """The estate of `tenants.yaml`."""
    return load_estate(ROOT / "tenants.yaml")


def estate_of_text(text: str, key_ids: dict[str, str] | None = None) -> Estate:
    """The estate of a manifest with a lock of its own; `key_ids` as if its multi-Region keys were deployed."""
    manifest = parse_manifest(text)
    lock, _ = update(manifest, new_lock(manifest))
    return resolve(manifest, record_key_ids(lock, key_ids or {}))


def with_tenant(estate: Estate, tenant: str, **changes: Any) -> Estate:
    """The estate with one tenant changed."""
    return replace(estate, tenants={**estate.tenants, tenant: replace(estate.tenants[tenant], **changes)})


def manifest(
    workloads: str = "  orders: {account: '222222222222', runs_on: lambda}",
    tenants: str = "  acme: {workloads: [orders]}",
    regions: str = "eu-west-1, eu-central-1",
    **central: str,
) -> str:
    """The text of a small manifest."""
    more = "".join(f"\n  {key}: {value}" for key, value in central.items())
    return f"""\
organization: o-a1b2c3d4e5
central:
  account: '111111111111'
  home_region: eu-west-1
  regions: [{regions}]
  administrators: [role/KeyAdministrator]
  readers: [role/SecurityAudit]
  break_glass: role/KeyBreakGlass{more}
workloads:
{workloads}
tenants:
{tenants}
"""
